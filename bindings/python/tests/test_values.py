"""What a column takes from Python and what it refuses, by rows, columns and Arrow."""

import decimal
import math
import random
import uuid
import warnings
from datetime import date, datetime, timedelta, timezone
from statistics import fmean

import pytest
from arrow_producer import RecordBatch
from conftest import HOUR, ROWS, row_of

import optiinfra

try:
    import numpy
    import pandas
except ImportError:
    numpy = pandas = None
needs_numpy = pytest.mark.skipif(pandas is None, reason="Debian's python3-numpy and python3-pandas are not installed")

COLUMNS = [(family["name"], column) for family in optiinfra.catalogue()["families"] for column in family["columns"]]


def wrong_values(column):
    """Values that no column of that type takes."""
    common = [object(), [1], {"a": 1}, b"bytes", 1j]
    if column["type"] == "DateTime":
        return common + ["yesterday", 12, 1.5, date(2026, 1, 1), datetime(1969, 12, 31, tzinfo=timezone.utc),
                         datetime(2200, 1, 1, tzinfo=timezone.utc)]
    if column["type"] == "UUID":
        return common + ["not a uuid", 12, "550e8400-e29b-41d4-a716-44665544000", "x" * 5000]
    if column["type"] == "String":
        return common + [12, 1.5, True, uuid.uuid4(), "\ud800", "x" * 5000]
    if column["type"].startswith("Float"):
        return common + ["1.5", True, math.inf, 10**400]
    wrong = common + ["1", -1, 2**64, 2**200, -(2**70), 2.5, math.inf]
    return wrong + ([256, 2**32] if column["type"] == "UInt8" else [True, 2**32])


@pytest.mark.parametrize("family,column", COLUMNS, ids=[f"{family}.{column['name']}" for family, column in COLUMNS])
def test_a_wrong_value_is_named_by_row_and_column(client, ids, family, column):
    for wrong in wrong_values(column):
        row = row_of(family, ids)
        row[column["name"]] = wrong
        with pytest.raises(optiinfra.InvalidArgumentError) as caught:
            client.insert(family, [row_of(family, ids), row])
        assert (caught.value.row, caught.value.column) == (1, column["name"]), repr(wrong)[:60]
        assert caught.value.rule and not caught.value.may_be_applied
        columns = {name: [row_of(family, ids)[name], row[name]] if name in ROWS[family] else [None, row[name]]
                   for name in row}
        if not column["is_required"]:
            columns[column["name"]] = [None, wrong]
        with pytest.raises(optiinfra.InvalidArgumentError) as caught:
            client.insert(family, columns)
        assert (caught.value.row, caught.value.column) == (1, column["name"]), repr(wrong)[:60]


@pytest.mark.parametrize("family,column", COLUMNS, ids=[f"{family}.{column['name']}" for family, column in COLUMNS])
def test_none_is_absent_or_refused_as_the_column_says(client, ids, family, column):
    row = dict(row_of(family, ids), **{column["name"]: None})
    if not column["is_required"]:
        assert client.insert(family, [row]) == 1
        return
    for rows in ([row], [{key: value for key, value in row.items() if key != column["name"]}]):
        with pytest.raises(optiinfra.InvalidArgumentError) as caught:
            client.insert(family, rows)
        assert (caught.value.row, caught.value.column) == (0, column["name"])


def total(client, ids, measure, family="performance", **window):
    return client.query([measure], family=family, where={"customer": ids[0]},
                        **(window or {"hours": 24})).to_dicts()[0]


@needs_numpy
def test_numbers_of_every_kind_are_taken(client, ids):
    values = [1, 1.0, numpy.uint32(1), numpy.int64(1), numpy.float32(1), numpy.float64(1), decimal.Decimal(1)]
    rows = [row_of("performance", ids, prompt_tokens=value, queue_ms=value) for value in values]
    assert client.insert("performance", rows) == len(values)
    assert total(client, ids, "prompt_tokens")["prompt_tokens"] == len(values)


@needs_numpy
def test_flags_are_taken_from_bool(client, ids):
    rows = [row_of("cost", ids, is_spot=value) for value in (True, False, numpy.bool_(True), 1, 0)]
    assert client.insert("cost", rows) == 5


@needs_numpy
def test_what_is_missing_in_any_way_is_absent(client, ids):
    for missing in (None, math.nan, numpy.nan, numpy.float32("nan"), pandas.NA, pandas.NaT):
        assert client.insert("performance", [row_of("performance", ids, prompt_tokens=missing, queue_ms=missing)]) == 1
    assert total(client, ids, "prompt_tokens")["prompt_tokens"] is None


@needs_numpy
def test_times_of_every_kind_are_the_same_instant(client, ids):
    berlin = timezone(timedelta(hours=2))
    plain = HOUR.replace(tzinfo=None)
    times = [HOUR, HOUR.astimezone(berlin), HOUR + timedelta(microseconds=999_999), HOUR.isoformat(),
             numpy.datetime64(plain), numpy.datetime64(plain, "ns"), pandas.Timestamp(HOUR)]
    assert client.insert("performance", [row_of("performance", ids, timestamp=time) for time in times]) == len(times)
    window = {"start": HOUR, "end": HOUR + timedelta(seconds=1)}
    assert total(client, ids, "request_count", **window)["total_requests"] == len(times)


def test_a_naive_time_is_utc_and_warned_of_once(run, tmp_path):
    done = run("import optiinfra, uuid, warnings\n"
               "from datetime import datetime\n"
               "warnings.simplefilter('always')\n"
               "with warnings.catch_warnings(record=True) as seen, optiinfra.connect('embedded:', create=True) as c:\n"
               "    row = {'timestamp': datetime(2026, 11, 1, 12), 'customer_id': uuid.uuid4(), 'instance_id': 'i'}\n"
               "    for _ in range(3): c.insert('resource', [row, row])\n"
               "    print(len([each for each in seen if 'time zone' in str(each.message)]))\n", TZ="Asia/Tokyo")
    assert done.stdout == "1\n"


def test_identifiers_are_uuids_or_text(client, ids):
    rows = [row_of("performance", ids, request_id=value) for value in (uuid.uuid4(), str(uuid.uuid4()).upper(), None)]
    rows[1]["customer_id"] = str(ids[0])
    assert client.insert("performance", rows) == 3
    assert total(client, ids, "request_count")["total_requests"] == 3


def test_texts_are_utf8_of_any_length(client, ids):
    for name in ("llama", "ламa-70b", "模型", "🦙" * 100, "x" * 4096):
        client.insert("performance", [row_of("performance", ids, model_name=name)])
        rows = client.query(["request_count"], by=["model"], family="performance",
                            where={"customer": ids[0], "model": name}, hours=24).to_dicts()
        assert rows == [{"model_name": name, "total_requests": 1}]


def test_an_unknown_key_is_named_with_the_nearest(client, ids):
    with pytest.raises(optiinfra.InvalidArgumentError, match="did you mean queue_ms"):
        client.insert("performance", [row_of("performance", ids, queue_msec=1)])
    for key in (3, None, ("a",)):
        with pytest.raises(optiinfra.InvalidArgumentError, match="is not a column"):
            client.insert("performance", [dict(row_of("performance", ids), **{}) | {key: 1}])


def test_rows_are_any_iterable_of_mappings(client, ids):
    import collections
    import types
    row = row_of("performance", ids)
    assert client.insert("performance", (row, row)) == 2
    assert client.insert("performance", (row for _ in range(3))) == 3
    assert client.insert("performance", [types.MappingProxyType(row), collections.OrderedDict(row)]) == 2
    for wrong in ([1], ["row"], [[("timestamp", HOUR)]], [None]):
        with pytest.raises(optiinfra.InvalidArgumentError, match="row 0 is a"):
            client.insert("performance", wrong)
    for wrong in (1, "rows", None, b"rows"):
        with pytest.raises(TypeError, match="rows are a list"):
            client.insert("performance", wrong)


def test_rows_may_differ_in_their_keys_and_their_order(client, ids):
    rows = [row_of("performance", ids), row_of("performance", ids, prompt_tokens=5),
            dict(reversed(list(row_of("performance", ids, model_name="m", prompt_tokens=7).items()))),
            row_of("performance", ids)]
    assert client.insert("performance", rows) == 4
    assert total(client, ids, "prompt_tokens")["prompt_tokens"] == 12


def frame(ids, rows=100):
    times = pandas.date_range(HOUR, periods=rows, freq="s")
    return pandas.DataFrame({
        "timestamp": times, "customer_id": str(ids[0]), "service_id": [ids[1]] * rows,
        "model_name": pandas.Categorical(["a", "b"] * (rows // 2)),
        "latency_ms": numpy.arange(rows, dtype="float32"),
        "prompt_tokens": pandas.array([1, None] * (rows // 2), dtype="Int64"),
        "queue_ms": [1.5, None] * (rows // 2), "status": pandas.array(["ok", None] * (rows // 2), dtype="string"),
        "cached_tokens": numpy.arange(rows, dtype="int16"), "finish_reason": ["stop", None] * (rows // 2)})


@needs_numpy
def test_a_pandas_frame_is_taken(client, ids):
    assert client.insert("performance", frame(ids)) == 100
    answer = client.query(["request_count", "prompt_tokens"], by="model", family="performance",
                          where={"customer": ids[0]}, hours=24).to_dicts()
    assert answer == [{"model_name": "a", "total_requests": 50, "prompt_tokens": 50},
                      {"model_name": "b", "total_requests": 50, "prompt_tokens": None}]


@needs_numpy
def test_a_bad_value_of_a_frame_is_named(client, ids):
    for name, value in (("cached_tokens", -1), ("latency_ms", -1.0), ("customer_id", "who"), ("timestamp", pandas.NaT)):
        bad = frame(ids)
        bad.loc[7, name] = value
        with pytest.raises(optiinfra.InvalidArgumentError) as caught:
            client.insert("performance", bad)
        assert (caught.value.row, caught.value.column) == (7, name)


@needs_numpy
def test_columns_of_lists_and_arrays_are_taken_with_and_without_gaps(client, ids):
    count = 10
    columns = {"timestamp": numpy.full(count, numpy.datetime64(HOUR.replace(tzinfo=None), "s")),
               "customer_id": [ids[0]] * count, "service_id": (ids[1] for _ in range(count)),
               "latency_ms": numpy.arange(2 * count, dtype=">f8")[::2], "is_unknown": None}
    columns.pop("is_unknown")
    assert client.insert("performance", columns) == count
    with pytest.raises(optiinfra.InvalidArgumentError, match="column latency_ms has 3 rows"):
        client.insert("performance", {"timestamp": [HOUR] * 2, "latency_ms": [1.0, 2.0, 3.0]})
    with pytest.raises(TypeError, match="a column is a sequence"):
        client.insert("performance", {"timestamp": HOUR})


def test_arrow_streams_and_arrays_are_taken_by_their_capsules(client, ids):
    batch = RecordBatch(timestamp=[int(HOUR.timestamp())] * 5, customer_id=[str(ids[0])] * 5,
                        service_id=[str(ids[1])] * 5, latency_ms=[1.0, 2.0, 3.0, 4.0, 5.0])
    assert client.insert("performance", batch.as_stream(copies=3)) == 15
    assert client.insert("performance", batch.as_array()) == 5
    assert total(client, ids, "request_count")["total_requests"] == 20
    assert batch.exported == batch.released


def test_a_bad_row_of_a_later_record_batch_is_counted_from_the_first(client, ids):
    batch = RecordBatch(timestamp=[int(HOUR.timestamp())] * 2, customer_id=[str(ids[0])] * 2,
                        service_id=[str(ids[1]), "who"], latency_ms=[1.0, 2.0])
    with pytest.raises(optiinfra.InvalidArgumentError) as caught:
        client.insert("performance", batch.as_stream(copies=2))
    assert (caught.value.row, caught.value.column) == (1, "service_id")
    assert batch.exported == batch.released


def test_answers_go_out_as_arrow(client, ids):
    client.insert("performance", [row_of("performance", ids, model_name=name) for name in "aab"])
    answer = client.query(["request_count", "prompt_tokens"], by="model", family="performance",
                          where={"customer": ids[0]}, hours=24)
    names, formats, columns = RecordBatch.read_stream(answer.__arrow_c_stream__())
    assert names == ["model_name", "total_requests", "prompt_tokens"] and formats == ["u", "L", "L"]
    assert columns == [["a", "b"], [2, 1], [None, None]]
    assert answer.to_columns() == dict(zip(names, columns))
    if pandas is None:
        return
    table = answer.to_pandas()
    assert list(table["total_requests"]) == [2, 1] and table["prompt_tokens"].isna().all()


def test_random_rows_equal_a_recomputation(client, ids):
    """The property that the C++ tests have too: what comes back is what went in."""
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    rows = []
    for _ in range(3000):
        row = row_of("performance", ids, timestamp=HOUR + timedelta(seconds=dice.randrange(7200)),
                     model_name=dice.choice(["a", "b", "", "c"]), latency_ms=dice.choice([0.0, 1.5, 250.0, 9e4]))
        for name, value in (("prompt_tokens", dice.randrange(10_000)), ("gpu_utilization", dice.uniform(0, 100)),
                            ("queue_ms", float(dice.randrange(100)))):
            how = dice.randrange(4)
            if how < 2:
                row[name] = value
            elif how == 2:
                row[name] = None
        rows.append(row)
    for begin in range(0, len(rows), 700):
        part = rows[begin:begin + 700]
        if dice.randrange(2):
            part = {name: [row.get(name) for row in part] for name in part[0].keys() | part[-1].keys()
                    | {"prompt_tokens", "gpu_utilization", "queue_ms"}}
        client.insert("performance", part)
    answer = client.query(["request_count", "prompt_tokens", "avg_gpu_util", "avg_latency", "max_latency"],
                          by="model", bucket="hour", where={"customer": ids[0]}, family="performance",
                          start=HOUR, end=HOUR + timedelta(hours=2)).to_dicts()
    groups = {}
    for row in rows:
        hour = row["timestamp"].replace(minute=0, second=0)
        groups.setdefault((hour, row["model_name"]), []).append(row)
    assert len(answer) == len(groups), seed
    for found in answer:
        group = groups[found["begin"], found["model_name"]]
        tokens = [row["prompt_tokens"] for row in group if row.get("prompt_tokens") is not None]
        busy = [row["gpu_utilization"] for row in group if row.get("gpu_utilization") is not None]
        assert found["total_requests"] == len(group), seed
        assert found["prompt_tokens"] == (sum(tokens) if tokens else None), seed
        assert found["avg_gpu_utilization"] == pytest.approx(sum(busy) / len(busy) if busy else None, rel=1e-5), seed
        assert found["avg_latency_ms"] == pytest.approx(sum(row["latency_ms"] for row in group) / len(group)), seed
        assert found["max_latency_ms"] == max(row["latency_ms"] for row in group), seed


# Of each family: measures with the column and the way that they are computed. Counts of present values are the
# catalogue's own, `<column>_count`.
COMPUTED = {
    "cost": {"total_cost": (sum, "cost_per_hour"), "avg_utilization": (fmean, "utilization_percent"),
             "min_utilization": (min, "utilization_percent"), "max_utilization": (max, "utilization_percent")},
    "performance": {"avg_latency": (fmean, "latency_ms"), "min_latency": (min, "latency_ms"),
                    "max_latency": (max, "latency_ms"), "avg_gpu_util": (fmean, "gpu_utilization"),
                    "avg_batch_size": (fmean, "batch_size"), "prompt_tokens": (sum, "prompt_tokens"),
                    "total_tokens": (sum, "total_tokens"),
                    "cached_tokens": (sum, "cached_tokens"), "avg_queue": (fmean, "queue_ms")},
    "resource": {"avg_gpu_util": (fmean, "gpu_utilization"), "max_gpu_util": (max, "gpu_utilization"),
                 "avg_gpu_memory": (fmean, "gpu_memory_used_mb"), "max_gpu_temperature": (max, "gpu_temperature"),
                 "avg_network_tx": (fmean, "network_tx_mbps"), "gpu_energy": (sum, "gpu_energy_j")},
    "quality": {"avg_quality": (fmean, "overall_quality_score"), "min_quality": (min, "overall_quality_score"),
                "max_toxicity": (max, "toxicity_score"), "hallucination_count": (sum, "hallucination_detected"),
                "avg_latency": (fmean, "latency_ms")},
    "serving": {"avg_requests_running": (fmean, "requests_running"), "max_requests_waiting": (max, "requests_waiting"),
                "requests_finished": (sum, "requests_finished"), "queue_seconds": (sum, "queue_seconds"),
                "covered_seconds": (sum, "interval_seconds")},
}


def random_value(dice, column):
    """A value that the column takes, as one of the types that a program may have it in; often an edge."""
    rule = column["rule"]
    if column["type"] == "UInt8" and "0 or 1" in rule:
        return dice.choice([0, 1, True, False])
    if column["type"].startswith("UInt"):
        return dice.choice([0, 1, dice.randrange(250)])
    most = 1 if "score" in rule else 100
    return dice.choice([0, most, 0.0, float(most), dice.uniform(0, most), dice.randrange(most + 1)])


@pytest.mark.parametrize("family", COMPUTED)
def test_random_rows_of_a_family_equal_a_recomputation(client, ids, family):
    """The property that the C++ tests have too, for every number of every family: what comes back is what went in."""
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    columns = [column for column in next(each for each in optiinfra.catalogue()["families"]
                                         if each["name"] == family)["columns"]
               if column["type"].startswith(("UInt", "Float")) and column["name"] != "hours_covered"]
    rows = []
    for i in range(600):
        row = row_of(family, ids, timestamp=HOUR + timedelta(seconds=dice.randrange(7200)))
        for column in columns:
            how = dice.randrange(5)
            if how < 3 or column["is_required"]:
                row[column["name"]] = random_value(dice, column)
            elif how == 3 and column["may_be_absent"]:
                row[column["name"]] = dice.choice([None, math.nan]) if "Float" in column["type"] else None
        rows.append(row)
    for begin in range(0, len(rows), 150):
        part = rows[begin:begin + 150]
        if dice.randrange(2):
            part = {name: [row.get(name) for row in part] for name in set().union(*part)}
        assert client.insert(family, part) == 150
    for row in rows:  # Where a total is absent, the store adds up its parts.
        parts = [row.get("prompt_tokens"), row.get("completion_tokens")]
        if family == "performance" and row.get("total_tokens") is None and None not in parts:
            row["total_tokens"] = sum(parts)
    known = {each["name"]: each["key"] for each in optiinfra.catalogue()["measures"] if each["family"] == family}
    counts = {f"{column['name']}_count": column["name"] for column in columns if f"{column['name']}_count" in known}
    measures = [*COMPUTED[family], *counts]
    answer = client.query(measures, family=family, bucket="hour", where={"customer": ids[0]}, start=HOUR,
                          end=HOUR + timedelta(hours=2)).to_dicts()
    hours = sorted({row["timestamp"].replace(minute=0, second=0) for row in rows})
    assert [found["begin"] for found in answer] == hours, seed
    for found in answer:
        group = [row for row in rows if row["timestamp"].replace(minute=0, second=0) == found["begin"]]
        present = {column["name"]: [row[column["name"]] for row in group if row.get(column["name"]) is not None
                                    and row[column["name"]] == row[column["name"]]] for column in columns}
        for measure, (compute, column) in COMPUTED[family].items():
            expected = compute(present[column]) if present[column] else None
            assert found[known[measure]] == (expected if expected is None else pytest.approx(expected, rel=1e-5, abs=1e-6)), \
                (seed, measure)
        for measure, column in counts.items():
            assert found[known[measure]] == len(present[column]), (seed, measure)


def test_a_token_stores_once(client, ids):
    for _ in range(3):
        assert client.insert("performance", [row_of("performance", ids)] * 4, token=f"once {ids[0]}") == 4
    assert total(client, ids, "request_count")["total_requests"] == 4


def test_warnings_that_are_errors_are_raised(run):
    done = run("import optiinfra, uuid, warnings\n"
               "from datetime import datetime\n"
               "warnings.simplefilter('error')\n"
               "with optiinfra.connect('embedded:', create=True) as c:\n"
               "    try: c.insert('resource', [{'timestamp': datetime(2026, 11, 1), 'customer_id': uuid.uuid4(),\n"
               "                                'instance_id': 'i'}])\n"
               "    except UserWarning as error: print(error)\n")
    assert "UTC" in done.stdout


warnings.filterwarnings("ignore", message="optiinfra takes a datetime")
