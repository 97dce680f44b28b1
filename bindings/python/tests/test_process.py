"""What a process does to a client: threads, forks, signals, exits, interpreters, memory; and the writer."""

import os
import sys
import threading
import time

import pytest
from conftest import HOUR, IS_SANITIZED, PROGRAM, row_of

import optiinfra


def count(client, ids):
    return client.query("request_count", family="performance", where={"customer": ids[0]},
                        hours=24).to_dicts()[0]["total_requests"]


def test_threads_share_a_client(client, ids):
    failures = []

    def work(number):
        try:
            for i in range(5):
                client.insert("performance", [row_of("performance", ids, model_name=f"{number}")] * 20)
                client.query("p95_latency", family="performance", by="model", hours=24)
        except Exception as error:  # noqa: BLE001: shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert count(client, ids) == 6 * 5 * 20


def test_other_threads_run_while_a_call_works(client, ids):
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    ticker.start()
    begin = time.monotonic()
    client.insert("performance", {"timestamp": [HOUR] * 200_000, "customer_id": [ids[0]] * 200_000,
                                  "service_id": [ids[1]] * 200_000, "latency_ms": [1.0] * 200_000})
    took = time.monotonic() - begin
    done.set()
    ticker.join()
    assert len(ticks) > 10 * took, f"{len(ticks)} ticks in {took} s"


def test_a_forked_process_is_refused_and_ends_in_order(client, ids, run):
    done = run("import optiinfra, os, sys\n"
               "client = optiinfra.connect('embedded:', create=True)\n"
               "child = os.fork()\n"
               "if child == 0:\n"
               "    try: client.query('total_cost', hours=1)\n"
               "    except optiinfra.InvalidArgumentError as error: print('forked' in str(error), flush=True)\n"
               "    print(client.ping(), flush=True)\n"
               "    os._exit(7)\n"
               "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), client.ping())\n")
    assert done.stdout == "True\nFalse\n7 True\n"


def test_an_interrupt_ends_the_wait(run, server):
    """The server is stopped, so that the call would take its whole budget; it goes on alone, and closing waits."""
    url, process, _ = server
    done = run("import optiinfra, os, signal, sys, threading, time\n"
               "sys.path.insert(0, sys.argv[3])\n"
               "import conftest\n"
               "signal.signal(signal.SIGINT, signal.default_int_handler)  # Ignored in what a shell runs behind it.\n"
               "client = optiinfra.connect(sys.argv[1], create=True, timeout=20)\n"
               "client.query('total_cost', hours=1)\n"
               "server = int(sys.argv[2])\n"
               "conftest.stop(server)\n"
               "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
               "begin = time.monotonic()\n"
               "try: client.query('total_cost', hours=1)\n"
               "except KeyboardInterrupt: print('interrupted', 0.4 < time.monotonic() - begin < 5)\n"
               "finally: os.kill(server, signal.SIGCONT)\n"
               "print(client.ping())\n", url, str(process.pid), os.path.dirname(__file__))
    assert done.stdout == "interrupted True\nTrue\n"


@pytest.mark.parametrize("leave", ["", "import sys; sys.exit(0)", "threading.Thread(target=time.sleep, args=(0.2,)).start()",
                                   "client.close(); client.close()", "del client",
                                   "threading.Thread(target=work, daemon=True).start(); time.sleep(0.1)"])
def test_the_interpreter_ends_in_order(run, tmp_path, leave):
    url = f"embedded:{tmp_path / 'store'}"
    run("import optiinfra, sys, threading, time\n"
        "client = optiinfra.connect(sys.argv[1], create=True)\n"
        "writer = optiinfra.Writer('embedded:/nowhere/at/all', spool=sys.argv[2]) if len(sys.argv) > 2 else None\n"
        "def work():\n"
        "    while True: client.query('total_cost', hours=1)\n" + leave + "\n", url)
    assert not os.path.exists(tmp_path / "store" / "unclean")


def test_another_interpreter_of_the_process_is_refused(run):
    done = run("import optiinfra, sys\n"
               "try: import _xxsubinterpreters as interpreters\n"
               "except ImportError: print('refused'); sys.exit()\n"
               "other = interpreters.create()\n"
               "code = f'import sys; sys.path[:] = {sys.path!r}\\ntry: import optiinfra\\n'\\\n"
               "       'except ImportError: print(\"refused\", flush=True)'\n"
               "interpreters.run_string(other, code)\n")
    assert done.stdout == "refused\n"


def resident_kib():
    with open("/proc/self/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


in_plain_memory = pytest.mark.skipif(IS_SANITIZED, reason="a sanitizer keeps what is freed")
# Calls that a leak test makes; 1000000 for the long form (docs/python.md).
CALLS = int(os.environ.get("OPTIINFRA_CALLS", "8000"))


@in_plain_memory
def test_conversions_leak_nothing(client, ids):
    """Rows that are refused at their end are converted and never stored: no engine's memory hides a leak."""
    good = [row_of("performance", ids, model_name=f"model {i}", prompt_tokens=i, request_id=str(ids[1]))
            for i in range(10)]
    bad = good + [row_of("performance", ids, latency_ms="x")]
    columns = {name: [row[name] for row in bad] for name in bad[0] if name in bad[-1]}

    def calls(times):
        for _ in range(times // 4):
            for rows in (bad, columns, [{"latency": 1}], [3]):
                try:
                    client.insert("performance", rows)
                except optiinfra.InvalidArgumentError:
                    continue
                pytest.fail("the rows were not refused")

    shared = [ids[0], ids[1], HOUR, bad, bad[0], columns, columns["latency_ms"], "latency_ms", None]
    calls(1200)
    before, references = resident_kib(), [sys.getrefcount(each) for each in shared]
    calls(CALLS)
    assert resident_kib() - before < 4096
    # None's count moves by itself, and in newer Pythons not at all.
    after = [sys.getrefcount(each) for each in shared]
    assert after[:-1] == references[:-1] and abs(after[-1] - references[-1]) < 100


@in_plain_memory
def test_answers_leak_nothing(client, ids):
    client.insert("performance", [row_of("performance", ids, model_name=f"{i}") for i in range(500)])
    answer = client.query("request_count", by="model", family="performance", where={"customer": ids[0]}, hours=24)
    none_before = sys.getrefcount(None)

    def calls(times):
        for _ in range(times):
            answer.to_dicts(), answer.to_columns(), answer.__arrow_c_stream__(), next(answer.batches(7)), answer.window

    calls(50)
    before = resident_kib()
    calls(1000)
    assert resident_kib() - before < 4096
    assert abs(sys.getrefcount(None) - none_before) < 100


def test_a_writer_spools_and_stores(server_url, ids, tmp_path):
    with optiinfra.connect(server_url, create=True) as client:
        with optiinfra.Writer(server_url, spool=tmp_path / "spool") as writer:
            assert writer.write("performance", [row_of("performance", ids)] * 10) == 10
            writer.flush()
            assert writer.metrics()["rows_stored"] == 10
            assert writer.write("performance", [row_of("performance", ids)] * 5, acknowledgement="stored") == 5
            with pytest.raises(optiinfra.InvalidArgumentError) as caught:
                writer.write("performance", [row_of("performance", ids, queue_ms=-1)])
            assert caught.value.column == "queue_ms"
            with pytest.raises(optiinfra.InvalidArgumentError, match="'soon' is not one of"):
                writer.write("performance", [], acknowledgement="soon")
        assert count(client, ids) == 15


def test_a_writer_keeps_rows_through_an_outage(server_url, ids, tmp_path):
    away = "clickhouse://default@127.0.0.1:1/optiinfra"
    writer = optiinfra.Writer(away, spool=tmp_path / "spool", timeout=0.5)
    assert writer.write("performance", [row_of("performance", ids)] * 3) == 3
    with pytest.raises(optiinfra.Error):
        writer.close()
    with optiinfra.Writer(server_url, spool=tmp_path / "spool") as later:
        later.flush()
        assert later.metrics()["rows_recovered"] == 3
    with optiinfra.connect(server_url) as client:
        assert count(client, ids) == 3


def test_a_closed_client_says_so(server_url):
    client = optiinfra.connect(server_url, create=True)
    client.close()
    client.close()
    assert client.ping() is False
    with pytest.raises(optiinfra.InvalidArgumentError, match="closed"):
        client.query("total_cost", hours=1)


def test_errors_have_their_kinds(tmp_path, server_url):
    with pytest.raises(optiinfra.InvalidArgumentError):
        optiinfra.connect("mysql://host")
    with pytest.raises(optiinfra.UnavailableError) as caught:
        optiinfra.connect("clickhouse://default@127.0.0.1:1/optiinfra")
    assert caught.value.retryable and isinstance(caught.value, ConnectionError)
    with optiinfra.connect(server_url, create=True) as client:
        for wrong in (dict(measures="total_cots", hours=1), dict(measures="total_cost"),
                      dict(measures="total_cost", hours=0), dict(measures="total_cost", hours=1, start=HOUR),
                      dict(measures="total_cost", hours=1, by="weather"), dict(measures=[], hours=1),
                      dict(measures="total_cost", start=HOUR, end=HOUR), dict(measures="total_cost", start="soon"),
                      dict(measures="total_cost", hours=1, bucket="minute")):
            with pytest.raises(optiinfra.InvalidArgumentError):
                client.query(**wrong)
        with pytest.raises(optiinfra.InvalidArgumentError, match="did you mean performance-p95"):
            client.question("performance-p59", hours=1)
        with pytest.raises(optiinfra.InvalidArgumentError, match="there is no family 'traffic'"):
            client.insert("traffic", [{}])


@pytest.mark.skipif(not PROGRAM, reason="OPTIINFRA_PROGRAM does not name the program")
def test_the_module_runs_the_program():
    import subprocess
    import sys
    environment = dict(os.environ, PATH=f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}")
    done = subprocess.run([sys.executable, "-m", "optiinfra", "--version"], capture_output=True, text=True,
                          env=environment, check=True)
    assert done.stdout.startswith("optiinfra ") or optiinfra.__version__ in done.stdout
