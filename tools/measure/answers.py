#!/usr/bin/env python3
"""answers.py PROGRAM FOLDER [--rounds N] [--clients N] [--rows N]: how long the API takes to answer, on a store of generated rows that it
makes in FOLDER (kept when it is there).

The four questions of one agent (performance-p95, resource-utilization, quality-trends, cost-hourly of the busiest service's customer) over 24 hours, in alternating
rounds: whole hours, the last 24 hours, and a day whose begin and end are inside an hour and older than that. Then answers a second with many clients. Prints JSON;
compare figures of one run only."""
import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import threading
import time

HOUR = 3600


def text_of(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def windows_of(now):
    """What is asked: a day of whole hours, the last 24 hours, and the day before the last, whose edges are inside an hour too."""
    hour = now // HOUR * HOUR
    return {"whole hours": f"from={text_of(hour - 24 * HOUR)}&to={text_of(hour)}",
            "last 24 hours": "hours=24",
            "a day before": f"from={text_of(hour - 48 * HOUR + 1200)}&to={text_of(hour - 24 * HOUR + 1200)}"}


class Service:
    def __init__(self, program, folder, rows):
        self.store = folder / "store"
        if not self.store.exists():
            subprocess.run([program, "--url", f"embedded:{self.store}", "generate", "--days", "14", "--rows", str(rows), "--end",
                            text_of(time.time() // HOUR * HOUR + HOUR)],
                           check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen([program, "server", "--path", self.store, "--tcp-port", "0", "--http-port", "0", "--api-port", "0",
                                         "--no-attribution"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready = self.process.stdout.readline()
        self.port = int(ready.split("api=127.0.0.1:")[1])

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def busiest(self):
        """The customer, service and instance of most requests, and of the customer's most samples."""
        def first(by, measure, where=""):
            answer = ask(self.connection(), f"/api/v1/query/metrics?measures={measure}&by={by}&order={measure}:desc&limit=1"
                         f"&from=now-14d&to=now%2B1h{where}")
            return answer["data"][0] if isinstance(answer["data"], list) else next(iter(answer["data"].values()))[0]
        request = first("customer,service", "request_count", "&family=performance")
        instance = first("instance", "sample_count", f"&family=resource&where=customer={request['customer_id']}")
        return request["customer_id"], request["service_id"], instance["instance_id"]


def ask(connection, path):
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise SystemExit(f"{path}: {response.status} {body[:300]!r}")
    return json.loads(body)


def milliseconds(connection, path):
    begin = time.perf_counter()
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    if response.status != 200:
        raise SystemExit(f"{path}: {response.status}")
    return (time.perf_counter() - begin) * 1e3


def answers_a_second(service, paths, clients, seconds):
    counts, stop = [0] * clients, time.perf_counter() + seconds
    times = [[] for _ in range(clients)]

    def run(index):
        connection = service.connection()
        while time.perf_counter() < stop:
            times[index].append(milliseconds(connection, paths[(index + counts[index]) % len(paths)]))
            counts[index] += 1
    threads = [threading.Thread(target=run, args=(index,)) for index in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    all_times = sorted(one for each in times for one in each)
    return {"answers_per_s": round(sum(counts) / (time.perf_counter() - begin)), "p50_ms": round(statistics.median(all_times), 1),
            "p99_ms": round(all_times[int(len(all_times) * 0.99)], 1)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rows", type=int, default=2_000_000)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    load = os.getloadavg()[0]
    service = Service(given.program, given.folder, given.rows)
    try:
        customer, service_id, instance = service.busiest()
        questions = {"performance-p95": f"customer={customer}&service={service_id}",
                     "resource-utilization": f"customer={customer}&instance={instance}",
                     "quality-trends": f"customer={customer}&service={service_id}",
                     "cost-hourly": f"customer={customer}"}
        windows = windows_of(int(time.time()))
        paths = {(question, window): f"/api/v1/query/{question}?{filters}&{range_}"
                 for question, filters in questions.items() for window, range_ in windows.items()}
        connection = service.connection()
        times = {key: [] for key in paths}
        for key, path in paths.items():
            for _ in range(10):
                milliseconds(connection, path)
        for _ in range(given.rounds):
            for key, path in paths.items():
                times[key].append(milliseconds(connection, path))
        figures = []
        for question in [*questions, "the four"]:
            samples = {window: [sum(each) for each in zip(*(times[one, window] for one in questions if question in (one, "the four")))]
                       for window in windows}
            row = {window: round(statistics.median(samples[window]), 2) for window in windows}
            figures.append({"question": question, "p50_ms": row,
                            "ratio": {window: round(row[window] / row["whole hours"], 2) for window in windows}})
        many = {window: answers_a_second(service, [path for (_, name), path in paths.items() if name == window], given.clients,
                                         given.seconds) for window in windows}
        print(json.dumps({"questions": figures, f"{given.clients} clients": many,
                          "load_before": round(load, 1), "load_after": round(os.getloadavg()[0], 1)}, indent=1))
    finally:
        service.stop()


if __name__ == "__main__":
    main()
