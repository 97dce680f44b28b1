"""What a million tokens cost in recorded runs, as the load of one instance at a stated price.

unit_costs_of_runs.py OPTIINFRA PRICE CSV...: OPTIINFRA is the program, PRICE the instance's currency units per hour,
each CSV a run as the import map `vllm-requests` reads it (prompt_tokens, generation_tokens, ttft,
generation_time, launch_time, finish_time). Makes a store of its own, in which each run has an hour of the last
days and an instance of its own, charged for the time from its first to its last request, and prints a table.
"""
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid

HOUR = 3600


def name_of(path):
    return os.path.basename(path).removesuffix(".csv")


def main():
    program, price, paths = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    newest = int(time.time()) // HOUR * HOUR - 2 * HOUR
    payer = str(uuid.uuid5(uuid.NAMESPACE_URL, "payer"))
    with tempfile.TemporaryDirectory() as folder:
        def run(*words):
            done = subprocess.run([program, "--url", "embedded:" + folder + "/store", *words],
                                  capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(done.stderr)
            return done.stdout

        requests, charges = folder + "/requests.csv", folder + "/charges.csv"
        with open(requests, "w", newline="") as request_file, open(charges, "w", newline="") as charge_file:
            request_rows, charge_rows = csv.writer(request_file), csv.writer(charge_file)
            request_rows.writerow(["timestamp", "customer_id", "service_id", "model_name", "instance_id", "latency_ms",
                                   "time_to_first_token_ms", "prompt_tokens", "completion_tokens"])
            charge_rows.writerow(["timestamp", "customer_id", "cloud_provider", "instance_id", "cost_per_hour",
                                  "hours_covered", "currency"])
            for place, path in enumerate(paths):
                with open(path, newline="") as file:
                    rows = [row for row in csv.DictReader(file) if row["finish_time"]]
                begin = min(float(row["launch_time"]) for row in rows)
                seconds = max(float(row["finish_time"]) for row in rows) - begin
                hour = newest - place * HOUR
                for row in rows:
                    start = float(row["launch_time"])
                    request_rows.writerow([
                        hour + int(start - begin), payer, payer, "model", name_of(path),
                        1000 * (float(row["finish_time"]) - start), 1000 * float(row["ttft"]),
                        int(float(row["prompt_tokens"])), int(float(row["generation_tokens"]))])
                charge_rows.writerow([hour, payer, "aws", name_of(path), price, min(seconds / HOUR, 1), "USD"])
        run("init")
        run("import", "performance", requests)
        run("import", "cost", charges)
        window = ["--from", str(newest - len(paths) * HOUR), "--to", str(newest + HOUR)]
        run("attribute", *window)
        run("verify")
        answer = json.loads(run("query", "unit-cost", "--by", "instance", *window, "--output", "json"))
    print("| run | requests | prompt : generated tokens | charged, $ | idle | $ per 1M input | $ per 1M output | $ per 1M tokens |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in answer["data"]:
        ratio = row["prompt_tokens"] / row["completion_tokens"]
        print(f"| {row['instance_id']} | {row['requests']:,} | {ratio:.0f} : 1 | {row['total_cost']:.2f} | "
              f"{row['idle_cost'] / row['total_cost']:.0%} | {row['cost_per_million_input']:.2f} | "
              f"{row['cost_per_million_output']:.2f} | {row['cost_per_million_tokens']:.2f} |")


main()
