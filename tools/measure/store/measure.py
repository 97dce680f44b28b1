#!/usr/bin/env python3
"""The numbers behind docs/decisions/0014. `tools/measure/store/measure.py PROGRAM [SECTION...]`, where PROGRAM is the built
`optiinfra`; about five minutes for all.

Each section makes its own store with PROGRAM and works on the engine below it. Rounds of what is compared alternate.
`cpu` is the time of all threads of the process, which other programs on the machine disturb least.
"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "schema"))
from engine import Engine  # noqa: E402

RAW, ROLLUP, VIEW = "optiinfra.performance_metrics_ts", "optiinfra.performance_metrics_hourly", "optiinfra.performance_metrics_hourly_mv"
CUSTOMER = "toUUID('550e8400-e29b-41d4-a716-446655440000')"
COLUMNS = ("timestamp, customer_id, service_id, service_type, model_name, request_id, latency_ms, prompt_tokens, completion_tokens,"
           " total_tokens")
ONE_BLOCK = (" SETTINGS max_insert_threads=1, max_threads=1, max_block_size=1048576, min_insert_block_size_rows=1048449,"
             " min_insert_block_size_bytes=0, deduplicate_insert='enable', deduplicate_blocks_in_dependent_materialized_views=1,"
             " insert_deduplication_token='{}'")
def text(db, sql):
    return " ".join(" ".join(row) for row in db(sql)).replace("\\'", "'").replace("\\n", " ")


serial = iter(range(1 << 30))


def requests(rows, services, begin="toStartOfDay(now())", seconds=86400):
    """SELECT of requests of one customer, sorted as the table is."""
    return (f"SELECT {begin} + intDiv(number % {rows // services} * {seconds}, {rows // services}) AS timestamp, {CUSTOMER} AS customer_id,"
            f" reinterpretAsUUID(sipHash128(intDiv(number, {rows // services}))) AS service_id, 'vllm' AS service_type,"
            " ['llama-3.1-70b', 'mixtral-8x7b'][1 + rand(1) % 2] AS model_name, generateUUIDv4() AS request_id,"
            " toFloat32(round(exp(rand(2) % 900 / 100), 1)) AS latency_ms, toUInt32(rand(3) % 4000) AS prompt_tokens,"
            " toUInt32(rand(4) % 500) AS completion_tokens, prompt_tokens + completion_tokens AS total_tokens"
            f" FROM numbers({rows}) ORDER BY customer_id, service_id, timestamp")


def source(db, name, rows, services, **more):
    db(f"CREATE TABLE {name} ENGINE = Memory AS {requests(rows, services, **more)}")


def insert(db, name):
    db(f"INSERT INTO {RAW} ({COLUMNS}) SELECT {COLUMNS} FROM {name}" + ONE_BLOCK.format(next(serial)))


def timed(call):
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3


def compare(choices, rounds):
    """Prints least and median milliseconds of each choice: {name: (prepare, call)}."""
    found = {name: [] for name in choices}
    for _ in range(rounds):
        for name, (prepare, call) in choices.items():
            prepare()
            found[name].append(timed(call))
    for name, times in found.items():
        wall, cpu = zip(*times)
        print(f"  {name:42} wall {min(wall):8.1f} (median {statistics.median(wall):8.1f})   cpu {min(cpu):8.1f} ms", flush=True)


def columns(db, _):
    """What the hidden columns cost an insert: with both, without batch_id, without both."""
    source(db, "src", 1000000, 1000)
    query = text(db, "SELECT as_select FROM system.tables WHERE database = 'optiinfra' AND name = 'performance_metrics_hourly_mv'")

    def make(generation, batch):
        def prepare():
            for table in (RAW, ROLLUP):
                db(f"TRUNCATE TABLE {table}")
            db(f"ALTER TABLE {RAW} DROP COLUMN IF EXISTS batch_id")
            if batch:
                db(f"ALTER TABLE {RAW} ADD COLUMN batch_id UInt64 MATERIALIZED if(getSetting('insert_deduplication_token') = '', 0,"
                   " sipHash64(getSetting('insert_deduplication_token'))) CODEC(ZSTD(1))")
            db(f"ALTER TABLE {VIEW} MODIFY QUERY " + (query if generation else query.replace("min(generation) AS generation", "toUInt32(0) AS generation")))
        return prepare

    compare({"both columns": (make(True, True), lambda: insert(db, "src")),
             "no batch_id": (make(True, False), lambda: insert(db, "src")),
             "no batch_id, generation not aggregated": (make(False, False), lambda: insert(db, "src"))}, 7)


def sync(db, store):
    """Level `stored`: what syncing parts and records costs, by rows of an insert."""
    tables = [pathlib.Path(row[0]) for row in db("SELECT data_paths[1] FROM system.tables WHERE database = 'optiinfra' AND name IN"
                                                 " ('performance_metrics_ts', 'performance_metrics_hourly')")]

    def parts(on):
        return lambda: [db(f"ALTER TABLE {t} MODIFY SETTING fsync_after_insert={on}, fsync_part_directory={on}") for t in (RAW, ROLLUP)]

    def sync_path(path):
        file = os.open(path, os.O_RDONLY)
        os.fdatasync(file)
        os.close(file)

    def logs():
        for table in tables:
            for log in (table / "deduplication_logs").iterdir():
                sync_path(log)
            sync_path(table)

    for rows in (10000, 100000, 1000000):
        name = f"src_{rows}"
        source(db, name, rows, min(rows // 100, 1000), begin="toStartOfHour(now())", seconds=3600)
        print(f" {rows} rows, one hour, {min(rows // 100, 1000)} services")
        compare({"nothing synced": (parts(0), lambda: insert(db, name)),
                 "parts": (parts(1), lambda: insert(db, name)),
                 "parts, records, names": (parts(1), lambda: (insert(db, name), logs())),
                 "syncfs of the whole disk": (parts(0), lambda: (insert(db, name), subprocess.run(["sync", "-f", str(store)])))}, 9)


def repair(db, _):
    """Taking rollup rows out, by mask and by rewriting, and putting them back: 1,000 services, two models, 30 days."""
    for day in range(30):
        source(db, "src", 96000, 1000, begin=f"toStartOfDay(now()) - toIntervalDay({day + 1})")
        insert(db, "src")
        db("DROP TABLE src")
    db(f"OPTIMIZE TABLE {ROLLUP} FINAL")
    print(" rollup:", text(db, "SELECT sum(rows), 'rows', formatReadableSize(sum(bytes_on_disk)) FROM system.parts WHERE active AND"
                           " table = 'performance_metrics_hourly'"))
    measures = text(db, "SELECT arrayStringConcat(groupArray(name), ', ') FROM (SELECT name FROM system.columns WHERE database = 'optiinfra' AND"
                    " table = 'performance_metrics_hourly' ORDER BY position)")
    query = text(db, "SELECT as_select FROM system.tables WHERE database = 'optiinfra' AND name = 'performance_metrics_hourly_mv'")
    for what, condition in (("one hour", "{} >= toStartOfDay(now()) - 90000 AND {} < toStartOfDay(now()) - 86400"),
                            ("one day", "toDate({}) = today() - 3")):
        rollup, raw = condition.replace("{}", "hour"), condition.replace("{}", "timestamp")
        backwards = query.index(" GROUP BY")
        put = f"INSERT INTO {ROLLUP} ({measures}) SELECT {measures} FROM ({query[:backwards]} WHERE {raw}{query[backwards:]}) SETTINGS deduplicate_insert='disable'"
        compare({f"{what}: ALTER TABLE DELETE": (lambda: None, lambda: db(f"ALTER TABLE {ROLLUP} DELETE WHERE {rollup} SETTINGS mutations_sync=2"))}, 1)
        db(put)
        db(f"OPTIMIZE TABLE {ROLLUP} FINAL")
        compare({f"{what}: DELETE": (lambda: None, lambda: db(f"DELETE FROM {ROLLUP} WHERE {rollup}")),
                 f"{what}: INSERT": (lambda: None, lambda: db(put))}, 3)


def lookup(db, _):
    """Finding a batch among 5M rows of a day, in blocks of 100,000 by arrival."""
    blocks = 50
    for block in range(blocks):
        source(db, "src", 100000, 1000, begin=f"toStartOfDay(now()) + {block * 1000}", seconds=1000)
        insert(db, "src")
        db("DROP TABLE src")
    for parts in ("as inserted", "merged"):
        where = f"toDate(timestamp) = today() AND batch_id = sipHash64('{next(serial) - 3}')"
        compare({f"day and customer, parts {parts}": (lambda: None, lambda: db(f"SELECT count() FROM {RAW} WHERE {where} AND customer_id IN [{CUSTOMER}]")),
                 f"day, parts {parts}": (lambda: None, lambda: db(f"SELECT count() FROM {RAW} WHERE {where}")),
                 f"day and another customer, parts {parts}": (lambda: None, lambda: db(f"SELECT count() FROM {RAW} WHERE {where} AND customer_id IN [generateUUIDv4()]"))}, 9)
        db(f"OPTIMIZE TABLE {RAW} FINAL")
    for column in ("batch_id", "generation"):
        print(f" {column}:", text(db, "SELECT round(sum(column_data_compressed_bytes) / sum(rows), 4), 'bytes a row' FROM system.parts_columns WHERE"
                                  f" active AND table = 'performance_metrics_ts' AND column = '{column}'"))
    compare({"begin a generation (ALTER)": (lambda: None, lambda: db(f"ALTER TABLE {RAW} MODIFY COLUMN generation UInt32 MATERIALIZED {next(serial)} CODEC(ZSTD(1))")),
             "MATERIALIZE COLUMN generation, 5M rows": (lambda: None, lambda: db(f"ALTER TABLE {RAW} MATERIALIZE COLUMN generation SETTINGS mutations_sync=2"))}, 5)


def main():
    program, chosen = sys.argv[1], sys.argv[2:] or ["columns", "sync", "repair", "lookup"]
    for name in chosen:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="optiinfra-measure-"))
        try:
            subprocess.run([program, "init", "--quiet", "--url", f"embedded:{folder}/store"], check=True, stdout=subprocess.DEVNULL)
            print(name, "-", globals()[name].__doc__)
            db = Engine(str(folder / "store" / "engine"))
            globals()[name](db, folder)
            db.close()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


main()
