#!/usr/bin/env python3
"""insert.py [ROWS]: rows a second into a temporary store, from the same requests as dicts, columns and a pandas frame,
and, where Debian's python3-clickhouse-driver is installed and OPTIINFRA_PROGRAM names the program, as the first draft
wrote them: dicts through that driver, into a server of ours. Also what a question costs.

One process, one call after the other; run it under `taskset -c 0` for one core.
"""

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

import optiinfra

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
ROUNDS = 3
START = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
CUSTOMERS = [uuid.UUID(int=random.getrandbits(128)) for _ in range(20)]
SERVICES = [uuid.UUID(int=random.getrandbits(128)) for _ in range(50)]


def requests():
    """The contract's columns of performance, as a program has them: each value an object of its own."""
    return [{"timestamp": START + timedelta(seconds=i % 7200), "customer_id": CUSTOMERS[i % 20],
             "service_id": SERVICES[i % 50], "service_type": "vllm", "model_name": ("llama-3.1-70b", "qwen")[i % 2],
             "request_id": uuid.UUID(int=random.getrandbits(128)), "latency_ms": random.random() * 1000,
             "throughput_tokens_per_sec": random.random() * 100, "gpu_utilization": random.random() * 100,
             "kv_cache_utilization": random.random() * 100, "batch_size": i % 64, "prompt_tokens": i % 4000,
             "completion_tokens": i % 1000, "total_tokens": i % 5000} for i in range(ROWS)]


def report(name, seconds):
    """The best round by the clock, and by this process's time on the CPU, which a busy machine does not change."""
    wall, cpu = min(each[0] for each in seconds), min(each[1] for each in seconds)
    print(f"{name:44} {ROWS / wall:12,.0f} rows/s {ROWS / cpu:12,.0f} rows/CPU s", flush=True)
    return ROWS / cpu


def timed(call, rounds=ROUNDS):
    seconds = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        seconds.append((time.perf_counter() - wall, time.process_time() - cpu))
    return seconds


def columns_of(rows):
    import numpy
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    columns["timestamp"] = numpy.array([int(time.timestamp()) for time in columns["timestamp"]]).astype("datetime64[s]")
    for name in ("customer_id", "service_id", "request_id"):
        columns[name] = numpy.frombuffer(b"".join(each.bytes for each in columns[name]), dtype="V16")
    for name, values in columns.items():
        if isinstance(values[0], float):
            columns[name] = numpy.array(values)
        elif isinstance(values[0], int):
            columns[name] = numpy.array(values, dtype="uint32")
    return columns


def first_draft(rows):
    """How the first draft writes: dicts through clickhouse-driver."""
    program = os.environ.get("OPTIINFRA_PROGRAM")
    try:
        from clickhouse_driver import Client
    except ImportError:
        return None
    if not program:
        return None
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([program, "server", "--path", f"{folder}/store", "--tcp-port", "0", "--http-port",
                                   "0", "--log-file", f"{folder}/log"], stdout=subprocess.PIPE, text=True)
        port = int(re.match(r"ready tcp=[^ ]*:(\d+) ", server.stdout.readline()).group(1))
        client = Client("127.0.0.1", port=port, database="optiinfra")
        statement = f"INSERT INTO optiinfra.performance_metrics_ts ({', '.join(rows[0])}) VALUES"
        part = rows[:ROWS // 5]
        seconds = [(5 * wall, 5 * cpu) for wall, cpu in timed(lambda: client.execute(statement, part))]
        with optiinfra.connect(f"clickhouse://default@127.0.0.1:{port}/optiinfra") as ours:
            report("dicts, over TCP", timed(lambda: ours.insert("performance", rows)))
        server.terminate()
        server.wait()
    return report("dicts, clickhouse-driver over TCP", seconds)


def main():
    rows = requests()
    with optiinfra.connect("embedded:", create=True) as client:
        dicts = report("dicts, embedded", timed(lambda: client.insert("performance", rows)))
        columns = columns_of(rows)
        report("columns of numpy, embedded", timed(lambda: client.insert("performance", columns)))
        try:
            import pandas
            frame = pandas.DataFrame({name: values if name[-3:] != "_id" else [row[name] for row in rows]
                                      for name, values in columns.items()})
            report("pandas frame with UUID objects, embedded", timed(lambda: client.insert("performance", frame)))
        except ImportError:
            pass
        bad = [*rows[:-1], dict(rows[-1], latency_ms="x")]

        def convert(data):
            try:
                client.insert("performance", data)
            except optiinfra.InvalidArgumentError:
                pass
        report("dicts, conversion alone", timed(lambda: convert(bad)))
        client.query("request_count", family="performance", start=START, end=START + timedelta(hours=1))
        asks = timed(lambda: client.query("request_count", family="performance", start=START,
                                          end=START + timedelta(hours=1)).to_dicts(), 200)
        print(f"a question over whole hours: median {statistics.median(each[0] for each in asks) * 1000:.2f} ms, "
              f"{statistics.median(each[1] for each in asks) * 1000:.2f} ms of CPU")
    driver = first_draft(rows)
    if driver:
        print(f"dicts, embedded, against the driver: {dicts / driver:.1f} times, by CPU time of this process")


if __name__ == "__main__":
    main()
