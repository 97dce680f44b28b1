#!/usr/bin/env python3
"""The numbers behind docs/decisions/0004 to 0006. `tools/measure/schema/measure.py [SECTION...]`, about three minutes for all.

Times are medians and compare within one run only. Stores are temporary.
"""
import pathlib
import re
import statistics
import sys
import tempfile
import time

import fleet
from engine import Engine

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parents[3] / "shared" / "data"
DDL = [s.strip() for s in (HERE / "schema.sql").read_text().split(";") if s.strip()]
LEVELS = "0.01, 0.5, 0.9, 0.95, 0.99"
ONE_BLOCK = (" SETTINGS max_insert_threads=1, max_threads=1, max_block_size=1048576, max_insert_block_size=1048576,"
             " min_insert_block_size_rows=1048449, min_insert_block_size_bytes=0, insert_allow_materialized_columns=1")
TOKEN = (" SETTINGS insert_deduplication_token='{}', deduplicate_insert='enable', async_insert=0, max_insert_threads=1,"
         " deduplicate_blocks_in_dependent_materialized_views=1, materialized_views_ignore_errors=0 ")


def statement(name):
    """The CREATE of one object, without retention: generated rows lie in the past."""
    return re.sub(r"TTL .*\n", "", next(s for s in DDL if re.search(rf"EXISTS optiinfra\.{name}\b", s)))


def create(db, name, as_name, *changes):
    sql = statement(name).replace(f"optiinfra.{name}", as_name)
    for old, new in changes:
        assert old in sql, old
        sql = sql.replace(old, new)
    db(sql)


def timed(call):
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def median(call, rounds=7):
    return statistics.median(timed(call) for _ in range(rounds))


def codecs(db):
    """Bytes per value on disk: one table, one copy of the column per codec, merged to one part."""
    numbers = ["LZ4", "ZSTD(1)", "ZSTD(3)", "Delta, ZSTD(1)"]
    choices = {"timestamp": ["LZ4", "ZSTD(1)", "Delta, ZSTD(1)", "DoubleDelta, ZSTD(1)"], "UInt32": numbers + ["T64, ZSTD(1)"],
               "Float32": numbers + ["Gorilla, ZSTD(1)"], "Float64": numbers + ["Gorilla, ZSTD(1)"]}
    sources = {"performance": fleet.performance(2000000, 2), "resource": fleet.resource(10000, 200),
               "cost": fleet.cost(10000, 200), "quality": fleet.quality(2000000, 2)}
    for family, source in sources.items():
        ddl = statement(family + "_metrics_ts")
        types = dict(re.findall(r"^    (\w+) (.+?) CODEC", ddl, re.M))
        key = re.search(r"ORDER BY \((.*)\)", ddl)[1].split(", ")
        copies = []
        for name in fleet.COLUMNS[family].split(","):
            for codec in choices.get(name) or choices.get(types[name], ["LZ4", "ZSTD(1)"]):
                copies += [(name, t, codec) for t in ([types[name], "String"] if "Low" in types[name] else [types[name]])]
        if "request_id" in types:
            copies.append(("dateTimeToUUIDv7(timestamp)", "UUID", "ZSTD(1)"))
        if family == "quality":
            copies.append(("prompt_hash", "LowCardinality(String)", "ZSTD(1)"))
        columns = ", ".join(f"c{k} {t} CODEC({c})" for k, (_, t, c) in enumerate(copies))
        order = ", ".join(next(f"c{k}" for k, c in enumerate(copies) if c[0] == name) for name in key)
        db(f"CREATE TABLE s.codecs ({columns}) ENGINE = MergeTree ORDER BY ({order})")
        db(f"INSERT INTO s.codecs SELECT {', '.join(f'{n} AS c{k}' for k, (n, _, _) in enumerate(copies))} FROM ({source})")
        db("OPTIMIZE TABLE s.codecs FINAL")
        bytes_of = dict(db("SELECT column, round(sum(column_data_compressed_bytes)/sum(rows),3) FROM system.parts_columns"
                           " WHERE database='s' AND table='codecs' AND active GROUP BY 1"))
        print(f"  {family}")
        for name in dict.fromkeys(c[0] for c in copies):
            print(f"    {name:28}" + "  ".join(
                f"{'String ' if t == 'String' and 'Low' in types.get(name, '') else 'LC ' if 'Low' in t else ''}{c} {bytes_of[f'c{k}']}"
                for k, (n, t, c) in enumerate(copies) if n == name))
        db("DROP TABLE s.codecs SYNC")
    real(db)


def real(db):
    if not DATA.exists():
        return print("  real data: ../shared/data is absent, not measured")
    sets = {"vllm-requests/*.csv": {"finish_time-launch_time AS latency_ms": "Float32", "prompt_tokens": "UInt32", "generation_tokens": "UInt32"},
            "azure-llm-2023/*.csv": {"ContextTokens": "UInt32", "GeneratedTokens": "UInt32"},
            "focus-1.0/*.csv": {"EffectiveCost": "Float64", "ResourceId": "LowCardinality(String)"}}
    for pattern, columns in sets.items():
        for expression, kind in columns.items():
            tail = [c for c in ("LZ4", "ZSTD(1)", "ZSTD(3)", "T64, ZSTD(1)") if "T64" not in c or kind == "UInt32"]
            db("CREATE TABLE s.real (" + ", ".join(f"c{k} {kind} CODEC({c})" for k, c in enumerate(tail)) +
               ") ENGINE = MergeTree ORDER BY tuple() SETTINGS min_bytes_for_wide_part=0")
            name, _, alias = expression.partition(" AS ")
            value = f"({name})*1000" if alias else f"ifNull(toString({name}),'')" if "Low" in kind else f"toFloat64({name})"
            db(f"INSERT INTO s.real SELECT {', '.join([value] * len(tail))} FROM file('{DATA / pattern}', 'CSVWithNames')")
            rows = db("SELECT count() FROM s.real")[0][0]
            sizes = db(f"SELECT round(data_compressed_bytes/{rows},2) FROM system.columns WHERE database='s' AND table='real' ORDER BY position")
            print(f"  {pattern} {alias or name}, {rows} rows: " + "  ".join(f"{c} {b[0]}" for c, b in zip(tail, sizes)))
            db("DROP TABLE s.real SYNC")


def sketch(db):
    """True error of quantilesDD, and what the sketch costs in ms, in ns and at a finer accuracy."""
    for label, accuracy, scale in (("0.01 of ms", "0.01", 1), ("0.0032 of ms", "0.0032", 1), ("0.01 of ns", "0.01", 1000000)):
        for low, high in ((1e-6, 1), (1, 1e9)):
            worst = db(f"SELECT max(abs(q/v-1)) FROM (SELECT v, quantileDD({accuracy}, 0.5)(v*{scale})/{scale} q FROM (SELECT"
                       f" toFloat64(toFloat32({low}*pow({high}/{low}, number/200000))) v FROM numbers(200000)) GROUP BY v)")[0][0]
            print(f"  {label:14} worst error, {low:g} to {high:g} ms: {float(worst) * 100:.3f} %")
    db(f"CREATE TABLE s.perf ENGINE = MergeTree ORDER BY (customer_id, service_id, timestamp) AS SELECT * FROM ({fleet.performance(2000000, 2)})")
    group = "FROM s.perf GROUP BY toStartOfHour(timestamp), customer_id, service_id, service_type, model_name FORMAT Null"
    states = {"none": "1", "ms": f"quantilesDDState({LEVELS})(latency_ms)", "ns": f"quantilesDDState({LEVELS})(latency_ms*1000000)",
              "ms, finer": "quantilesDDState(0.0032, 0.5, 0.9, 0.95, 0.99)(latency_ms)"}
    times = {name: [] for name in states}
    for _ in range(9):
        for name, state in states.items():
            times[name].append(timed(lambda: db(f"SELECT avgState(latency_ms), {state} {group}")))
    bare = statistics.median(times.pop("none"))
    print("  sketch, ns a row: " + "  ".join(f"{name} {(statistics.median(t) - bare) / 2:.0f}" for name, t in times.items()))
    db("CREATE TABLE s.rank (v Float64) ENGINE = Memory")
    floor_ = ceil_ = 0.0
    for n in range(1, 120):
        db("TRUNCATE TABLE s.rank")
        db(f"INSERT INTO s.rank SELECT toFloat32(pow(1.5, number)) FROM numbers({n})")
        for q in (0.5, 0.9, 0.95, 0.99):
            got = float(db(f"SELECT quantileDD(0.01, {q})(v*1000000)/1000000 FROM s.rank")[0][0])
            low, high = (float(db(f"SELECT v FROM s.rank ORDER BY v LIMIT 1 OFFSET {k}")[0][0])
                         for k in (int(q * (n - 1)), -int(-q * (n - 1) // 1)))
            floor_, ceil_ = max(floor_, abs(got / low - 1)), max(ceil_, abs(got / high - 1))
    print(f"  rank floor(q*(n-1)): worst {floor_ * 100:.2f} %; rank ceil(q*(n-1)): worst {ceil_ * 100:.0f} %")
    states = set()
    for seed in range(20):
        db("CREATE OR REPLACE TABLE s.merge (k UInt8, q AggregateFunction(quantilesDD(" + LEVELS + "), Float32)) ENGINE = AggregatingMergeTree ORDER BY k")
        for part in sorted(range(12), key=lambda p: (p * 7919 + seed * 104729) % 31):
            db(f"INSERT INTO s.merge SELECT 1, quantilesDDState({LEVELS})(latency_ms) FROM s.perf WHERE cityHash64(request_id,{seed})%12={part}")
        states.add(db(f"SELECT hex(quantilesDDMergeState({LEVELS})(q)) FROM s.merge")[0][0])
        db("OPTIMIZE TABLE s.merge FINAL")
        states.add(db("SELECT hex(q) FROM s.merge")[0][0])
    print(f"  different states after 20 random splits, orders and merges: {len(states)}")


def insert(db):
    """Milliseconds for a block of 1M sorted rows into the raw table, one thread, by layout."""
    columns = {f: fleet.COLUMNS[f] for f in ("performance", "quality")}
    sources = {"performance": fleet.performance(1000000, 1), "quality": fleet.quality(1000000, 1)}
    variants = {
        "as recommended": ("performance", []),
        "without the constraint": ("performance", [(re.search(r",\n    CONSTRAINT.*", statement("performance_metrics_ts"))[0], "")]),
        "LZ4": ("performance", [("ZSTD(1)", "LZ4")]), "ZSTD(3)": ("performance", [("ZSTD(1)", "ZSTD(3)")]),
        "String instead of LowCardinality": ("performance", [("LowCardinality(String)", "String")]),
        "index_granularity 1024": ("performance", [("SETTINGS ", "SETTINGS index_granularity = 1024, ")]),
        "fsync of part and folder": ("performance", [("SETTINGS ", "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, ")]),
        "month partitions": ("performance", [("toDate(timestamp)", "toYYYYMM(timestamp)")]),
        "quality as recommended": ("quality", []),
        "quality, scores ZSTD(1)": ("quality", [("ZSTD(3)", "ZSTD(1)")]),
    }
    for family, source in sources.items():
        key = re.search(r"ORDER BY (.*)", statement(family + "_metrics_ts"))[1]
        body = re.sub(r",\n    batch_id.*\n    CONSTRAINT.*", "", statement(family + "_metrics_ts").split("ENGINE")[0])
        db(body.replace(f"optiinfra.{family}_metrics_ts", f"s.in_{family}") + "ENGINE = Memory")
        db(f"INSERT INTO s.in_{family} SELECT {columns[family]} FROM ({source}) ORDER BY {key}" + ONE_BLOCK)
    for k, (family, changes) in enumerate(variants.values()):
        create(db, family + "_metrics_ts", f"s.v{k}", *changes)
    db("SYSTEM STOP MERGES")
    times = {name: [] for name in variants}
    for _ in range(6):
        for k, (name, (family, _c)) in enumerate(variants.items()):
            times[name].append(timed(lambda: db(f"INSERT INTO s.v{k} ({columns[family]}) SELECT {columns[family]} FROM s.in_{family}" + ONE_BLOCK)))
    for k, (name, ms) in enumerate(times.items()):
        size = db(f"SELECT round(sum(bytes_on_disk)/sum(rows),2) FROM system.parts WHERE database='s' AND table='v{k}' AND active")[0][0]
        print(f"  {name:34} {statistics.median(ms[1:]):6.0f} ms  {size} B a row")
    db("SYSTEM START MERGES")


def batches(db):
    """Cost of the hidden batch identity: ten concurrent batches of 100k rows, interleaved, merged."""
    columns = fleet.COLUMNS["performance"]
    create(db, "performance_metrics_ts", "s.batches")
    db(f"INSERT INTO s.batches ({columns}, batch_id) SELECT {columns}, 1+intDiv(rowNumberInAllBlocks(),1000000)*10+cityHash64(request_id)%10"
       f" FROM ({fleet.performance(4000000, 4)})" + ONE_BLOCK)
    db("OPTIMIZE TABLE s.batches FINAL")
    print("  bytes a row:", db("SELECT round(data_compressed_bytes/4e6,2) FROM system.columns WHERE database='s' AND table='batches' AND name='batch_id'")[0][0])
    day = f"timestamp >= toDateTime({fleet.START + 86400},'UTC') AND timestamp < toDateTime({fleet.START + 172800},'UTC')"
    no_cache = " SETTINGS use_query_condition_cache=0"
    for label, where in (("whole table", ""), ("within its day", f" AND {day}"),
                         ("its day and one customer", f" AND {day} AND customer_id=(SELECT customer_id FROM s.batches LIMIT 1 OFFSET 2000000)")):
        print(f"  count of one batch, {label}: {median(lambda: db('SELECT count() FROM s.batches WHERE batch_id=15' + where + no_cache)):.1f} ms")


def retention(db):
    """Expired parts vanish whole, rollups stay; a retry changes nothing."""
    for sql in DDL + DDL:
        db(sql)
    ids = "toUUID('550e8400-e29b-41d4-a716-446655440000') AS customer_id, customer_id AS service_id"

    def put(token, age, rows=1000):
        db(f"INSERT INTO optiinfra.performance_metrics_ts (timestamp, customer_id, service_id, latency_ms){TOKEN.format(token)}"
           f"SELECT now('UTC')-{age}*86400, {ids}, number FROM numbers({rows})")

    def counts():
        return [int(db(f"SELECT {x}")[0][0]) for x in ("count() FROM optiinfra.performance_metrics_ts",
                                                       "sum(request_count) FROM optiinfra.performance_hourly")]

    for token in ("a", "a", "b"):
        put(token, 1)
        print(f"  token {token}: raw and rollup {counts()}")
    start = time.perf_counter()
    put("old", 40)
    while counts()[0] > 2000 and time.perf_counter() - start < 90:
        time.sleep(0.05)
    print(f"  a day older than the retention was gone after {time.perf_counter() - start:.1f} s: raw and rollup {counts()}")
    db("ALTER TABLE optiinfra.performance_metrics_ts MODIFY TTL timestamp + INTERVAL 1 HOUR")
    while counts()[0] and time.perf_counter() - start < 180:
        time.sleep(0.05)
    print("  retention shortened to an hour: raw and rollup", counts(), "parts",
          db("SELECT name, rows FROM system.parts WHERE table='performance_metrics_ts' AND active"))


SECTIONS = {f.__name__: f for f in (codecs, sketch, insert, batches, retention)}

for section in sys.argv[1:] or SECTIONS:
    print(f"{section}: {SECTIONS[section].__doc__.splitlines()[0]}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        database = Engine(folder)
        database("CREATE DATABASE s")
        SECTIONS[section](database)
        database.close()
