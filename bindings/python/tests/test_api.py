"""A store behind the HTTP API of a server: no engine here, the same rows, answers and errors."""

import json
import os
import subprocess
import threading
import urllib.request
import uuid
from datetime import timedelta

import pytest
from conftest import HOUR, PROGRAM, ROWS, row_of
from test_contract import ask_all, check_answers, insert_all

import optiinfra
from optiinfra import ClickHouseClient

FAMILIES = list(ROWS)


@pytest.fixture(scope="session")
def api(api_url):
    with optiinfra.connect(api_url) as opened:
        yield opened


def test_the_first_clients_examples_run_through_an_api(api_url, ids):
    with ClickHouseClient(url=api_url) as client:
        assert client.ping() is True
        insert_all(client, *ids)
        check_answers(ask_all(client, *ids))
        nobody = str(uuid.uuid4())
        assert client.query_performance_p95(nobody, nobody)["total_requests"] == 0
        assert client.query_cost_hourly(nobody, HOUR, HOUR + timedelta(hours=1)) == []


def test_answers_are_those_of_the_store_itself(api, server_url, ids):
    with optiinfra.connect(server_url) as store:
        for family in FAMILIES:
            rows = [row_of(family, ids, timestamp=HOUR + timedelta(seconds=i)) for i in range(20)]
            assert api.insert(family, rows) == 20
        window = {"start": HOUR - timedelta(hours=1), "end": HOUR + timedelta(hours=1)}
        where = {"customer": ids[0]}
        counts = {"cost": "sample_count", "performance": "request_count", "resource": "sample_count",
                  "quality": "request_count", "serving": "interval_count"}
        asked = [lambda c, f=family: c.query(counts[f], family=f, where=where, by="customer", bucket="hour", **window)
                 for family in FAMILIES]
        asked += [
            lambda c: c.query(["p95_latency", "prompt_tokens", "avg_gpu_util"], family="performance", where=where, **window),
            lambda c: c.query("total_cost", by=["provider", "customer"], order="total_cost:desc", limit=1, where=where,
                              **window),
            lambda c: c.query("total_cost", where={"customer": [uuid.uuid4()]}, **window),
            lambda c: c.question("performance-p95", customer=ids[0], service=ids[1], **window),
            lambda c: c.question("performance-p95", customer=uuid.uuid4(), service=ids[1], **window),
            lambda c: c.question("cost", customer=ids[0], by="provider", bucket="day", **window),
            lambda c: c.question("models", customer=ids[0], service=ids[1], **window)]
        for ask in asked:
            through, direct = ask(api), ask(store)
            assert through.to_dicts() == direct.to_dicts()
            assert (through.columns, through.units, through.headings) == (direct.columns, direct.units, direct.headings)
            assert (through.window, through.coverage) == (direct.window, direct.coverage)
        for kind in ("services", "instances", "models"):
            assert api.list(kind, customer=ids[0]) == store.list(kind, customer=ids[0])
        assert [each["service_id"] for each in api.list("services", customer=ids[0])] == [str(ids[1])]
        assert api.list("services", customer=uuid.uuid4()) == store.list("services", customer=uuid.uuid4()) == []
        assert store.list("customers", limit=1) == api.list("customers", limit=1)
        for client in (api, store):
            with pytest.raises(optiinfra.InvalidArgumentError, match="there are customers, services"):
                client.list("tables")
            with pytest.raises(optiinfra.InvalidArgumentError, match="not kept to one customer"):
                client.list("customers", customer=ids[0])


def test_a_value_that_breaks_a_rule_is_named_and_nothing_is_sent(api, ids):
    rows = [row_of("performance", ids) for _ in range(3)] + [row_of("performance", ids, latency_ms=-1.0)]
    with pytest.raises(optiinfra.InvalidArgumentError) as caught:
        api.insert("performance", rows)
    assert (caught.value.row, caught.value.column) == (3, "latency_ms")
    assert caught.value.rule == "a finite number, 0 or more" and not caught.value.may_be_applied
    assert api.query("request_count", family="performance", where={"customer": ids[0]},
                     hours=24).to_dicts()[0]["total_requests"] == 0
    for wrong in (dict(measures="total_cots", hours=1), dict(measures="total_cost", hours=1, by="weather")):
        with pytest.raises(optiinfra.InvalidArgumentError):
            api.query(**wrong)


def test_a_token_stores_once_and_equal_rows_without_one_count_each(api, ids):
    row = row_of("performance", ids)
    for _ in range(2):
        assert api.insert("performance", [row] * 4, token=f"once {ids[0]}") == 4
    for _ in range(2):
        assert api.insert("performance", [row]) == 1
    assert api.query("request_count", family="performance", where={"customer": ids[0]},
                     hours=24).to_dicts()[0]["total_requests"] == 6


def test_more_rows_than_one_request_carries_are_stored(api, ids):
    count = 120_000
    stored = api.insert("performance", {"timestamp": [HOUR] * count, "customer_id": [ids[0]] * count,
                                        "service_id": [ids[1]] * count, "model_name": ["a \"quoted\" name"] * count,
                                        "latency_ms": [1.0 + i % 7 for i in range(count)]})
    assert stored == count
    answer = api.query(["request_count", "max_latency"], by="model", family="performance", where={"customer": ids[0]},
                       hours=24).to_dicts()
    assert answer == [{"model_name": 'a "quoted" name', "total_requests": count, "max_latency_ms": 7.0}]


def test_threads_share_a_client(api, ids):
    failures = []

    def work():
        try:
            for _ in range(2):
                api.insert("performance", [row_of("performance", ids)] * 3)
                api.query("request_count", family="performance", where={"customer": ids[0]}, hours=24)
        except Exception as error:  # noqa: BLE001: shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert api.query("request_count", family="performance", where={"customer": ids[0]},
                     hours=24).to_dicts()[0]["total_requests"] == 36


def test_no_engine_is_loaded(run, api_url):
    done = run("import optiinfra, sys\n"
               "client = optiinfra.connect(sys.argv[1])\n"
               "client.query('total_cost', hours=1), client.list('customers')\n"
               "print('libchdb' in open('/proc/self/maps').read(), client.ping())\n", api_url,
               OPTIINFRA_LIBCHDB="/there/is/none")
    assert done.stdout == "False True\n"


def test_errors_of_an_api_have_their_kinds():
    with pytest.raises(optiinfra.UnavailableError, match="optiinfra server") as caught:
        optiinfra.connect("api://127.0.0.1:1")
    assert caught.value.retryable
    assert ClickHouseClient(url="api://127.0.0.1:1").ping() is False
    for wrong in ("api:host", "api://token@host", "api://host/path", "api://a,b"):
        with pytest.raises(optiinfra.InvalidArgumentError):
            optiinfra.connect(wrong)
    with pytest.raises(optiinfra.InvalidArgumentError, match="a writer of its own"):
        optiinfra.Writer("api://127.0.0.1:1")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server that wants tokens, and one token that sees and writes a single customer."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "password").write_text("secret")
    process = subprocess.Popen([PROGRAM, "server", "--path", folder / "store", "--tcp-port", "0", "--http-port", "0",
                                "--api-port", "0", "--user", "reader", "--password-file",
                                folder / "password", "--log-file", folder / "log"], stdout=subprocess.PIPE, text=True)
    ready = process.stdout.readline()
    customer = uuid.uuid4()

    def token(*words):
        return subprocess.run([PROGRAM, "token", "create", "--path", folder / "store", *words], capture_output=True,
                              text=True, check=True, timeout=60).stdout.strip()
    yield (f"api://{ready.rsplit('api=', 1)[1].strip()}", customer,
           token("--name", "one", "--scope", "admin", "--customer", str(customer)))
    process.terminate()
    process.wait(timeout=60)


def test_a_token_is_taken_from_the_environment_and_limits_the_client(guarded, monkeypatch, tmp_path):
    url, customer, token = guarded
    monkeypatch.delenv("OPTIINFRA_TOKEN", raising=False)
    with pytest.raises(optiinfra.RejectedError, match="OPTIINFRA_TOKEN"):
        optiinfra.connect(url)
    (tmp_path / "token").write_text(token + "\n")
    monkeypatch.setenv("OPTIINFRA_TOKEN_FILE", str(tmp_path / "token"))
    optiinfra.connect(url).close()
    monkeypatch.setenv("OPTIINFRA_TOKEN", token)
    own, other = (customer, uuid.uuid4()), (uuid.uuid4(), uuid.uuid4())
    with optiinfra.connect(url) as client:
        assert client.insert("performance", [row_of("performance", own)]) == 1
        with pytest.raises(optiinfra.RejectedError, match="must not write for this customer") as caught:
            client.insert("performance", [row_of("performance", own), row_of("performance", other)])
        assert caught.value.row == 1 and caught.value.may_be_applied and token not in str(caught.value)
        rows = client.query("request_count", by="customer", family="performance", hours=24).to_dicts()
        assert rows == [{"customer_id": str(customer), "total_requests": 2}]
