#!/usr/bin/env python3
"""attribution.py PROGRAM FOLDER [--part answers|attribution|objectives] [--requests N] [--hours N] [--services N] [--days N]: what `attribute` costs for one hour of N requests, how fast
`query unit-cost` answers over N days of attributed hours of N services, each compared with the plain join or sum in SQL that a reader of the raw tables would
write, and what `query slo` costs with many objectives. Makes stores in FOLDER and removes them. Compare figures of one run only: CPU time of whole programs less that of one that does nothing,
and ms of answers over HTTP from one connection."""
import argparse
import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
import urllib.parse

HOUR, DAY = 3600, 86400
UUID = "reinterpretAsUUID(reverse(toFixedString(unhex(lpad(hex({}), 32, '0')), 16)))"


class Store:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        shutil.rmtree(folder, ignore_errors=True)
        self.run("init")

    def command(self, *words):
        return [self.program, "--url", f"embedded:{self.folder}", *words]

    def run(self, *words):
        """Output, seconds and seconds of processor time."""
        begin = time.monotonic()
        with subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            output = process.stdout.read()
            error = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{' '.join(words)[:300]}: {error.decode()}")
        return output.decode(), time.monotonic() - begin, usage.ru_utime + usage.ru_stime

    def write(self, sql):
        self.run("sql", "--write", sql)


def make_requests(store, first, hours, requests):
    """`requests` an hour of 1,000 services with 64 instances, merged as a store is after a while."""
    instances = 64
    for hour in range(hours):
        begin = first + hour * HOUR
        store.write(
            "INSERT INTO optiinfra.performance_metrics_ts (timestamp, customer_id, service_id, request_id, service_type, model_name, latency_ms, "
            "prompt_tokens, completion_tokens, cached_tokens, prefill_ms, decode_ms, instance_id, status) SELECT toDateTime("
            f"{begin} + intDiv(number * 3600, {requests}), 'UTC'), {UUID.format('1 + number % 100')}, {UUID.format('1 + number % 1000')}, "
            "generateUUIDv4(number), 'vllm', concat('model-', toString(number % 10)), 500 + number % 9000, 100 + number % 4000, 20 + number % 500, "
            f"number % 50, number % 300, number % 5000, concat('i-', toString(number % {instances})), if(number % 50 = 0, 'aborted', 'ok') "
            f"FROM numbers({requests})")
    store.write(
        "INSERT INTO optiinfra.cost_metrics_ts (timestamp, customer_id, cloud_provider, instance_id, instance_type, region, cost_per_hour, currency) "
        f"SELECT toDateTime({first} + intDiv(number, {instances}) * 3600, 'UTC'), {UUID.format('9999')}, 'aws', concat('i-', toString(number % "
        f"{instances})), 'p5.48xlarge', 'us-east-1', 36.5, 'USD' FROM numbers({instances * hours})")
    store.write("OPTIMIZE TABLE optiinfra.performance_metrics_ts FINAL")


def raw_join(hour):
    """The cost of an hour by customer, service and model, from the raw tables alone: no idle time, no proof, nothing stored."""
    within = f"timestamp >= toDateTime({hour}, 'UTC') AND timestamp < toDateTime({hour + HOUR}, 'UTC')"
    weight = "ifNull(prefill_ms, 0) + ifNull(decode_ms, 0)"
    return ("SELECT customer_id, service_id, model_name, sum(amount * weight / whole) FROM (SELECT instance_id, customer_id, service_id, model_name, "
            f"sum({weight}) AS weight FROM optiinfra.performance_metrics_ts WHERE {within} GROUP BY ALL) AS r JOIN (SELECT instance_id, "
            f"sum({weight}) AS whole FROM optiinfra.performance_metrics_ts WHERE {within} GROUP BY instance_id) AS i USING instance_id JOIN (SELECT "
            f"instance_id, sum(cost_per_hour * ifNull(hours_covered, 1)) AS amount FROM optiinfra.cost_metrics_ts WHERE {within} GROUP BY instance_id) "
            "AS c USING instance_id GROUP BY ALL FORMAT Null")


def measure_attribution(program, folder, requests, hours):
    store = Store(program, folder / "requests")
    first = int(time.time()) // DAY * DAY - 2 * DAY
    make_requests(store, first, hours, requests)
    hour = first + hours // 2 * HOUR
    window = ("--from", str(hour), "--to", str(hour + HOUR))
    nothing = statistics.median(store.run("sql", "SELECT 1")[2] for _ in range(5))
    join = [store.run("sql", raw_join(hour)) for _ in range(5)]
    made = []
    for _ in range(3):
        store.write("TRUNCATE TABLE optiinfra.attributed_hours")
        output, seconds, cpu = store.run("attribute", *window, "--json")
        assert json.loads(output)["data"]["hours_made"] == 1, output
        made.append((json.loads(output)["elapsed_ms"] / 1000, cpu - nothing, seconds))
    again = [store.run("attribute", *window, "--json") for _ in range(3)]
    whole_day = ("--from", str(first), "--to", str(first + hours * HOUR))
    store.write("TRUNCATE TABLE optiinfra.attributed_hours")
    day = store.run("attribute", *whole_day, "--json")
    join_cpu = statistics.median(cpu for _, _, cpu in join) - nothing
    cpu = statistics.median(each[1] for each in made)
    shutil.rmtree(store.folder)
    return {"requests_an_hour": requests, "hours_of_the_day": hours, "attribute_hour_s": round(min(each[0] for each in made), 3),
            "attribute_hour_cpu_s": round(cpu, 3), "raw_join_cpu_s": round(join_cpu, 3), "times_raw_join": round(cpu / join_cpu, 2),
            "unchanged_hour_cpu_s": round(statistics.median(each[2] for each in again) - nothing, 3),
            "all_hours_cpu_s_an_hour": round((day[2] - nothing) / hours, 3)}


def make_attributed(store, first, services, days):
    """A row for each service and hour, as `attribute` would store them; 10 services a customer."""
    rows = services * 24 * days
    store.write(
        "INSERT INTO optiinfra.attributed_cost_hourly (hour, version, customer_id, served_customer_id, service_id, model_name, instance_id, "
        "cloud_provider, region, instance_type, kind, currency, cost, input_cost, billed, requests, prompt_tokens, cached_tokens, completion_tokens, "
        f"weight, method, price_source) SELECT toDateTime({first} + intDiv(number, {services}) * 3600, 'UTC'), 1, {UUID.format('9999')}, "
        f"{UUID.format(f'1 + intDiv(number % {services}, 10)')}, {UUID.format(f'1 + number % {services}')}, concat('model-', toString(number % 20)), "
        f"concat('i-', toString(number % {services} % 500)), 'aws', 'us-east-1', 'p5.48xlarge', 'served', 'USD', 1000000 + number % 1000000, 300000, "
        "0, 100 + number % 900, 100000 + number % 100000, 5000, 20000 + number % 5000, 1000000, 'request_times/instance', 'bill' "
        f"FROM numbers({rows})")
    store.write(
        f"INSERT INTO optiinfra.attributed_hours SELECT toDateTime({first} + number * 3600, 'UTC'), 1, 1, {services}, 1, 1, now() FROM numbers({24 * days})")
    store.write("OPTIMIZE TABLE optiinfra.attributed_cost_hourly FINAL")


def measure_answers(program, folder, services, days):
    store = Store(program, folder / "attributed")
    first = int(time.time()) // HOUR * HOUR - days * DAY
    make_attributed(store, first, services, days)
    window = {"from": first, "to": first + days * DAY}
    newest = (f"hour >= toDateTime({window['from']}, 'UTC') AND hour < toDateTime({window['to']}, 'UTC') AND (hour, version) IN (SELECT hour, "
              f"max(version) FROM optiinfra.attributed_hours GROUP BY hour)")
    customer = "00000000-0000-0000-0000-000000000007"
    sums = "sum(cost), sum(requests), sum(prompt_tokens + completion_tokens) FROM optiinfra.attributed_cost_hourly WHERE " + newest
    asked = {
        "one customer": (f"SELECT {sums} AND served_customer_id = '{customer}'", {"customer": customer}),
        "all by model": (f"SELECT model_name, {sums} GROUP BY model_name", {"by": "model"}),
        "all by model, in one currency": (f"SELECT model_name, {sums} GROUP BY model_name", {"by": "model", "currency": "USD"}),
        "all by customer": (f"SELECT served_customer_id, {sums} GROUP BY served_customer_id", {"by": "customer"})}
    ready = folder / "ready"
    with open(ready, "w", encoding="utf-8") as out:
        server = subprocess.Popen(store.command("server", "--api-port", "0", "--tcp-port", "0", "--http-port", "0", "--no-attribution", "-q"), stdout=out)
    try:
        while "api=" not in ready.read_text(encoding="utf-8"):
            assert server.poll() is None, "the server ended"
            time.sleep(0.05)
        connection = http.client.HTTPConnection(ready.read_text(encoding="utf-8").split("api=")[1].split()[0])

        def milliseconds(method, path, body=None):
            begin = time.monotonic()
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200, (path, text[:300])
            return (time.monotonic() - begin) * 1000

        def median(ask):
            for _ in range(2):
                ask()
            return round(statistics.median(ask() for _ in range(9)), 1)
        report = []
        for name, (sql, parameters) in asked.items():
            path = "/api/v1/query/{}?" + urllib.parse.urlencode({**window, **parameters})
            plain = median(lambda sql=sql: milliseconds("POST", "/api/v1/sql", sql))
            unit_cost = median(lambda path=path: milliseconds("GET", path.format("unit-cost")))
            halves = {"from": first + days * DAY // 2, "to": first + days * DAY}
            why = "/api/v1/query/explain?" + urllib.parse.urlencode({**halves, **parameters})
            report.append({"asked": name, "services": services, "days": days, "rows": services * 24 * days, "plain_sum_p50_ms": plain,
                           "unit_cost_p50_ms": unit_cost, "times_plain_sum": round(unit_cost / plain, 2),
                           "explain_p50_ms": median(lambda why=why: milliseconds("GET", why))})
        return report
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(store.folder)
        ready.unlink()


def measure_objectives(program, folder, requests):
    """CPU of `query slo` over a day of requests of 1,000 services: one target for all, and objectives for some services each."""
    store = Store(program, folder / "objectives")
    make_requests(store, int(time.time()) // DAY * DAY - 2 * DAY, 1, requests)
    nothing = statistics.median(store.run("sql", "SELECT 1")[2] for _ in range(5))

    def cpu(*words):
        return round(min(store.run("query", "slo", "--hours", "72", *words, "--output", "json")[2] for _ in range(3)) - nothing, 3)
    report = {"requests": requests, "one_target_cpu_s": cpu("--latency-ms", "5000")}
    for objectives in (1, 50, 1000):
        store.write("TRUNCATE TABLE optiinfra.objectives")
        store.write(
            "INSERT INTO optiinfra.objectives (name, scope, scope_id, latency_ms, share, period_days, set_at, is_removed) SELECT concat('o-', "
            f"toString(number)), 'service', toString({UUID.format('1 + number')}), 1000 + number, 0.99, 7, now64(6), 0 FROM numbers({objectives})")
        report[f"objectives_{objectives}_cpu_s"] = cpu()
    shutil.rmtree(store.folder)
    return report


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("program")
    arguments.add_argument("folder", type=pathlib.Path)
    for name, default in (("requests", 1_000_000), ("hours", 24), ("services", 10_000), ("days", 30)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    arguments.add_argument("--part", choices=("answers", "attribution", "objectives"), help="only this one")
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    parts = {"answers": lambda: measure_answers(given.program, given.folder, given.services, given.days),
             "attribution": lambda: measure_attribution(given.program, given.folder, given.requests, given.hours),
             "objectives": lambda: measure_objectives(given.program, given.folder, given.requests)}
    print(json.dumps({name: measure() for name, measure in parts.items() if given.part in (None, name)}, indent=1))


main()
