#!/usr/bin/env python3
"""insert.py [--rows N] [--rounds N] [--cores N]: what Python costs, on one core unless said.

Stores the same requests, the contract's columns, in each way that a program may hold them: dicts, numpy arrays, a pandas
frame, an Arrow stream; into the engine in this process, and by TCP into `optiinfra server`; and as the first draft of the
client did: dicts through Debian's python3-clickhouse-driver (a fifth of the rows) into the same server. All take turns
in each round, and wait until nobody merges. In addition: the engine alone and the C++ client, by `optiinfra bench`;
conversion alone (rows that are refused at their end); peak memory; a question against the same call of the C interface.

Server and client share the core. Needs a build (build/release) and Debian's python3-numpy, -pandas, -clickhouse-driver;
what is missing is left out, and named.
"""

import argparse
import ctypes
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import datetime, timedelta, timezone

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))
BUILD = os.path.join(ROOT, "build", "release")
PROGRAM = os.environ.get("OPTIINFRA_PROGRAM", os.path.join(BUILD, "bin", "optiinfra"))
sys.path[:0] = [os.path.join(BUILD, "python"), os.path.join(ROOT, "bindings", "python", "tests")]

import optiinfra  # noqa: E402: it is found by the line above

START = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)


def requests(count):
    """The contract's columns of performance, as a program has them: each value an object of its own."""
    customers = [uuid.UUID(int=random.getrandbits(128)) for _ in range(20)]
    services = [uuid.UUID(int=random.getrandbits(128)) for _ in range(50)]
    return [{"timestamp": START + timedelta(seconds=i % 7200), "customer_id": customers[i % 20],
             "service_id": services[i % 50], "service_type": "vllm", "model_name": ("llama-3.1-70b", "qwen")[i % 2],
             "request_id": uuid.UUID(int=random.getrandbits(128)), "latency_ms": random.random() * 1000,
             "throughput_tokens_per_sec": random.random() * 100, "gpu_utilization": random.random() * 100,
             "kv_cache_utilization": random.random() * 100, "batch_size": i % 64, "prompt_tokens": i % 4000,
             "completion_tokens": i % 1000, "total_tokens": i % 5000} for i in range(count)]


def arrays_of(rows):
    import numpy
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    columns["timestamp"] = numpy.array([int(time.timestamp()) for time in columns["timestamp"]]).astype("datetime64[s]")
    for name in ("customer_id", "service_id", "request_id"):
        columns[name] = numpy.frombuffer(b"".join(each.bytes for each in columns[name]), dtype="V16")
    for name, values in columns.items():
        if isinstance(values[0], float):
            columns[name] = numpy.array(values, dtype="float32")
        elif isinstance(values[0], int):
            columns[name] = numpy.array(values, dtype="uint32")
    return columns


def frame_of(rows, arrays):
    """As a program has it: labels are categories, identifiers are text or objects."""
    import pandas
    frame = pandas.DataFrame({name: values if name[-3:] != "_id" else [row[name] for row in rows]
                              for name, values in arrays.items()})
    return frame.astype({"service_type": "category", "model_name": "category"})


class Bench:
    """Times calls round by round; what merges after a call is not part of the next one."""

    def __init__(self, rows, rounds):
        self.rows, self.rounds = rows, rounds
        self.calls, self.seconds, self.servers = {}, {}, []

    def add(self, name, call, rows=None):
        self.calls[name] = (call, rows or self.rows)
        self.seconds[name] = []

    def settle(self):
        def busy():
            return time.process_time() + sum(cpu_of(pid) for pid in self.servers)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            before = busy()
            time.sleep(0.3)
            if busy() - before < 0.03:
                return

    def run(self):
        for _ in range(self.rounds):
            for name, (call, rows) in self.calls.items():
                self.settle()
                begin = time.perf_counter()
                call()
                self.seconds[name].append((time.perf_counter() - begin) / rows)

    def report(self, than):
        base = self.seconds.get(than)
        for name, seconds in self.seconds.items():
            rates = sorted(1 / each for each in seconds)
            line = f"{name:44} {statistics.median(rates):11,.0f} rows/s  ({rates[0]:,.0f} - {rates[-1]:,.0f})"
            if base and name != than and "alone" not in name:
                line += f"  {statistics.median(b / a for a, b in zip(seconds, base)):5.1f} x the first draft's"
            print(line, flush=True)


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, folder):
        self.process = subprocess.Popen([PROGRAM, "server", "--path", f"{folder}/served", "--tcp-port", "0", "--http-port",
                                         "0", "--api-port", "0", "--log-file", f"{folder}/log"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready = re.match(r"ready tcp=[^ ]*:(\d+) http=\S+ api=(\S+)", self.process.stdout.readline())
        self.port, self.api = int(ready.group(1)), f"api://{ready.group(2)}"
        self.url = f"clickhouse://default@127.0.0.1:{self.port}/optiinfra"

    def close(self):
        self.process.terminate()
        self.process.wait()


def refused(client, data):
    """Converts all of it and stores nothing: its last value is wrong."""
    try:
        client.insert("performance", data)
    except optiinfra.InvalidArgumentError:
        return
    sys.exit("the rows were not refused")


def add_first_draft(bench, server, rows):
    try:
        from clickhouse_driver import Client
    except ImportError:
        print("without the first draft's client: python3-clickhouse-driver is not installed")
        return
    client = Client("127.0.0.1", port=server.port, database="optiinfra")
    statement = f"INSERT INTO optiinfra.performance_metrics_ts ({', '.join(rows[0])}) VALUES"
    part = rows[:len(rows) // 5]
    bench.add(FIRST_DRAFT, lambda: client.execute(statement, part), len(part))


FIRST_DRAFT = "first draft: dicts, clickhouse-driver, TCP"


def add_inserts(bench, client, served, api, rows):
    def add(name, data, store=client):
        bench.add(name, lambda: store.insert("performance", data))

    add("dicts, embedded", rows)
    add("dicts, TCP", rows, served)
    add("dicts, API", rows, api)
    bad = [*rows[:-1], dict(rows[-1], latency_ms="x")]
    bench.add("dicts, conversion alone", lambda: refused(client, bad))
    try:
        arrays = arrays_of(rows)
        frame = frame_of(rows, arrays)
    except ImportError as error:
        print(f"without arrays and frames: {error}")
        return
    add("numpy arrays, embedded", arrays)
    add("numpy arrays, TCP", arrays, served)
    add("pandas frame with UUID objects, embedded", frame)
    wrong = dict(arrays, total_tokens=arrays["total_tokens"].astype("int64"))  # The last of the columns.
    wrong["total_tokens"][-1] = -1
    bench.add("numpy arrays, conversion alone", lambda: refused(client, wrong))


def engine_alone(rows):
    """Rows a second of the engine alone and of the C++ client, by `optiinfra bench` on the same core."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([PROGRAM, "--url", f"embedded:{folder}/store", "--output", "json", "bench", "--only", "inserts",
                               "--rows", str(rows), "--rounds", "2", "--threads", "1"], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"without the engine alone: {done.stderr.strip()[:200]}")
        return
    for row in json.loads(done.stdout)["data"]["inserts"]:
        if row["rows_of"] == "performance" and row["way"] in ("engine alone", "client"):
            print(f"{'C++, ' + row['way'] + ', embedded':44} {row['rows_per_second']:11,.0f} rows/s")


def memory_mib(name):
    with open("/proc/self/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith(name)).split()[1]) / 1024


def measure_memory(kind, url, count):
    """In a process of its own: what one insert needs at most, in addition to the batch that its caller holds."""
    with optiinfra.connect(url) as client:
        client.insert("performance", requests(1000))
        before = memory_mib("VmRSS")
        data = requests(count)
        size = memory_mib("VmRSS") - before
        if kind == "arrays":
            data = arrays_of(data)
            size = sum(each.nbytes if hasattr(each, "nbytes") else 8 * len(each) for each in data.values()) / 2**20
        with open("/proc/self/clear_refs", "w", encoding="ascii") as peak:
            peak.write("5")
        before = memory_mib("VmRSS")
        client.insert("performance", data)
        more = memory_mib("VmHWM") - before
    print(f"memory of a batch of {kind}: {size:.0f} MiB, {more:.0f} MiB more at most: {1 + more / size:.2f} x the batch")


def question_cost(server, asks=300):
    """The median question through Python, against the same call of the C interface, in turns; to the server, so that
    no second engine is in this process."""
    library = ctypes.CDLL(os.path.join(BUILD, "bindings", "c", "liboptiinfra.so"))

    class Question(ctypes.Structure):
        _fields_ = [("size", ctypes.c_size_t), ("measures", ctypes.POINTER(ctypes.c_char_p)),
                    ("measure_count", ctypes.c_size_t), ("lists", ctypes.c_void_p * 6), ("bucket", ctypes.c_char_p),
                    ("family", ctypes.c_char_p), ("begin", ctypes.c_int64), ("end", ctypes.c_int64),
                    ("hours", ctypes.c_int), ("limit", ctypes.c_size_t)]

    class Stream(ctypes.Structure):
        _fields_ = [("get_schema", ctypes.c_void_p), ("get_next", ctypes.c_void_p), ("get_last_error", ctypes.c_void_p),
                    ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)), ("private_data", ctypes.c_void_p)]

    begin, end = int(START.timestamp()), int(START.timestamp()) + 3600
    names = (ctypes.c_char_p * 1)(b"p95_latency")
    question = Question(size=ctypes.sizeof(Question), measures=names, measure_count=1, family=b"performance", begin=begin,
                        end=end)
    handle, stream = ctypes.c_void_p(), Stream()
    if library.optiinfra_open(server.url.encode(), None, ctypes.byref(handle), None) != 0:
        sys.exit("the C interface did not open the server")

    def by_c():
        if library.optiinfra_query(handle, ctypes.byref(question), ctypes.byref(stream), None) != 0:
            sys.exit("the C interface did not answer")
        stream.release(ctypes.addressof(stream))

    with optiinfra.connect(server.url) as client:
        def by_python():
            client.query("p95_latency", family="performance", start=START, end=START + timedelta(hours=1)).to_dicts()

        seconds = {by_c: [], by_python: []}
        for _ in range(asks):
            for call, taken in seconds.items():
                start = time.perf_counter()
                call()
                taken.append(time.perf_counter() - start)
    library.optiinfra_close(handle)
    c, python = (statistics.median(seconds[call]) * 1000 for call in (by_c, by_python))
    print(f"a question: {c:.2f} ms in C, {python:.2f} ms in Python: {(python - c) * 1000:.0f} us more (medians of {asks})")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory_of:
        measure_memory(*given.memory_of, given.rows)
        return
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-given.cores:])
    print(f"{given.rows:,} requests in each call, {given.rounds} rounds, {given.cores} core(s); load "
          f"{os.getloadavg()[0]:.1f}", flush=True)
    engine_alone(given.rows)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            rows = requests(given.rows)
            with optiinfra.connect(f"embedded:{folder}/store", create=True) as client, \
                    optiinfra.connect(server.url) as served, optiinfra.connect(server.api) as api:
                bench = Bench(given.rows, given.rounds)
                bench.servers.append(server.process.pid)
                add_first_draft(bench, server, rows)
                add_inserts(bench, client, served, api, rows)
                bench.run()
                bench.report(FIRST_DRAFT)
            question_cost(server)
            for kind in ("dicts", "arrays"):
                subprocess.run([sys.executable, __file__, "--rows", str(given.rows), "--memory-of", kind, server.url],
                               check=True)
        finally:
            server.close()


if __name__ == "__main__":
    main()
