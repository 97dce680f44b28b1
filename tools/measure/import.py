#!/usr/bin/env python3
"""import.py PROGRAM FOLDER [--rows N]: how fast `optiinfra import` stores files, each into a store of its own in FOLDER: requests of a day as CSV with the table's columns, as CSV through
a map, as JSON lines and as Parquet; then 2,000 and N costs in no order over 360 days. Prints seconds, seconds of processor time of the whole command less those of one that does nothing,
rows/s of both, and the memory of the process at its peak. Removes what it made."""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time
import uuid
from datetime import datetime, timezone

DAY = 86400
COLUMNS = ("timestamp", "customer_id", "service_id", "service_type", "model_name", "request_id", "latency_ms", "throughput_tokens_per_sec", "gpu_utilization",
           "kv_cache_utilization", "batch_size", "prompt_tokens", "completion_tokens", "total_tokens")
MAP = """family = "performance"
[source]
start = "DateTime"
seconds = "Float64"
tokens_in = "Int64"
tokens_out = "Int64"
[columns]
timestamp = "start"
customer_id = "customer"
service_id = "service"
service_type = "engine"
model_name = "model"
request_id = "id"
latency_ms = "seconds * 1000"
throughput_tokens_per_sec = "tps"
gpu_utilization = "gpu"
kv_cache_utilization = "kv"
batch_size = "batch"
prompt_tokens = "tokens_in"
completion_tokens = "tokens_out"
total_tokens = "tokens_in + tokens_out"
"""


def text_of(time_s):
    return datetime.fromtimestamp(time_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def some_uuid():
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def write_requests(folder, rows):
    """A day that ended two days ago, of 50 customers with four services each."""
    begin = (int(time.time()) // DAY - 2) * DAY
    customers, services = [some_uuid() for _ in range(50)], [some_uuid() for _ in range(200)]
    models = ("llama-3-70b", "qwen3-32b", "mistral-7b", "deepseek-v3")
    with open(folder / "contract.csv", "w") as contract, open(folder / "mapped.csv", "w") as mapped, open(folder / "lines.jsonl", "w") as lines:
        contract.write(",".join(COLUMNS) + "\n")
        mapped.write("start,customer,service,engine,model,id,seconds,tps,gpu,kv,batch,tokens_in,tokens_out,tokens\n")
        for row in range(rows):
            service, prompt, completion = random.randrange(200), random.randrange(20, 4000), random.randrange(1, 900)
            latency = round(50 + completion * random.uniform(8, 25), 3)
            values = [text_of(begin + row * DAY // rows), customers[service // 4], services[service], "vllm", models[service % 4], some_uuid(), latency,
                      round(completion * 1000 / latency, 3), round(random.uniform(20, 100), 2), round(random.uniform(0, 100), 2), random.randrange(1, 64), prompt,
                      completion, prompt + completion]
            contract.write(",".join(map(str, values)) + "\n")
            lines.write(json.dumps(dict(zip(COLUMNS, values))) + "\n")
            values[6] = round(latency / 1000, 6)
            mapped.write(",".join(map(str, values)) + "\n")
    (folder / "speed.toml").write_text(MAP)


def write_year(path, rows):
    begin = (int(time.time()) // DAY - 361) * DAY
    with open(path, "w") as file:
        file.write("timestamp,customer_id,cloud_provider,service_name,cost_per_hour\n")
        for _ in range(rows):
            file.write(f"{begin + 3600 * random.randrange(8640)},11111111-1111-4111-8111-111111111111,aws,ec2,1.0\n")


class Program:
    def __init__(self, path, folder):
        self.path, self.folder = path, folder

    def run(self, *words, output=None):
        """Output, seconds, seconds of processor time and MiB at the peak."""
        begin = time.monotonic()
        with subprocess.Popen([self.path, "--url", f"embedded:{self.folder / 'store'}", *words], stdout=output or subprocess.PIPE, stderr=subprocess.PIPE) as process:
            text = process.stdout.read().decode() if output is None else ""
            error = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{' '.join(words)[:300]}: {error.decode()}")
        return text, time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

    def fresh(self):
        shutil.rmtree(self.folder / "store", ignore_errors=True)
        self.run("init")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    random.seed(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(options.folder).absolute() / "import-speed"
    folder.mkdir()
    try:
        program = Program(options.program.absolute(), folder)
        write_requests(folder, options.rows)
        program.fresh()
        program.run("import", "performance", str(folder / "contract.csv"))
        with open(folder / "rows.parquet", "wb") as parquet:
            program.run("sql", f"SELECT {', '.join(COLUMNS)} FROM performance_metrics_ts", "--format", "Parquet", output=parquet)
        idle = min(program.run("sql", "SELECT 1")[2] for _ in range(3))
        print("| file | rows | s | CPU s | rows/s | rows/s of CPU | MiB |\n| --- | --- | --- | --- | --- | --- | --- |")
        write_year(folder / "year-2000.csv", 2_000)
        write_year(folder / "year.csv", options.rows)
        for name, words, rows in (("CSV, the table's columns", ("performance", "contract.csv"), options.rows),
                                  ("CSV through a map", ("performance", "mapped.csv", "--map", str(folder / "speed.toml")), options.rows),
                                  ("JSON lines", ("performance", "lines.jsonl"), options.rows), ("Parquet", ("performance", "rows.parquet"), options.rows),
                                  ("costs of 360 days in no order", ("cost", "year-2000.csv"), 2_000), ("costs of 360 days in no order", ("cost", "year.csv"), options.rows)):
            program.fresh()
            answer, _, cpu, memory = program.run("import", words[0], str(folder / words[1]), *words[2:], "--output", "json")
            report = json.loads(answer)["data"]
            if report["summary"]["rows_stored"] != rows:
                sys.exit(f"{words[1]}: {report['summary']}")
            seconds, cpu = report["files"][0]["elapsed_ms"] / 1000, cpu - idle
            print(f"| {name} | {rows:,} | {seconds:.2f} | {cpu:.2f} | {rows / seconds:,.0f} | {rows / cpu:,.0f} | {memory:.0f} |", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
