#!/usr/bin/env python3
"""inserts.py PROGRAM FOLDER [--rows N] [--seconds S]: rows a second through the API, and what small requests take.

Makes performance rows with the program, posts them in bodies of 100,000 rows as NDJSON, CSV and Native by two clients in alternating rounds, and
counts until they are stored. Then clients with 10 rows a request: 50 through the API, and 80 over each of the engine's ports and through the API.
The clients run on the same machine. Prints JSON; compare figures of one run only."""
import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import threading
import time
import uuid

try:
    import clickhouse_driver  # Debian's python3-clickhouse-driver; without it that way is left out.
except ImportError:
    clickhouse_driver = None

BODY_ROWS = 100_000
TYPES = {"NDJSON": "application/x-ndjson", "CSV": "text/csv", "Native": "application/vnd.clickhouse.native"}


class Server:
    def __init__(self, program, store):
        self.process = subprocess.Popen([program, "server", "--path", store, "--tcp-port", "0", "--http-port", "0", "--api-port", "0",
                                         "--no-attribution"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready = dict(word.split("=") for word in self.process.stdout.readline().split()[1:])
        self.ports = {name: int(address.rsplit(":", 1)[1]) for name, address in ready.items()}

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def sql(self, statement, body=b""):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=120)
        connection.request("POST", "/?database=optiinfra", statement.encode() + body)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise SystemExit(answer[:500])
        return answer


def without_absent(text):
    lines = []
    for line in text.splitlines():
        row = {key: value for key, value in json.loads(line).items() if value is not None and value != ""}
        lines.append(json.dumps(row, separators=(",", ":")))
    return ("\n".join(lines) + "\n").encode()


def post(connection, path, body, kind):
    begin = time.perf_counter()
    connection.request("POST", path, body, {"Content-Type": kind, "Idempotency-Key": str(uuid.uuid4())})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        raise SystemExit(f"{path}: {response.status} {answer[:300]!r}")
    return time.perf_counter() - begin, answer


def large(server, bodies, requests):
    """Rows a second until all are stored, the engine's and the service's processor seconds for a million rows."""
    figures = {name: [] for name in bodies}
    for _ in range(3):
        for name, body in bodies.items():
            def run():
                connection = http.client.HTTPConnection("127.0.0.1", server.ports["api"], timeout=120)
                for left in reversed(range(requests)):
                    wait = "?wait=stored" if left == 0 else ""
                    _, answer = post(connection, "/api/v1/insert/performance" + wait, body, TYPES[name])
                    if json.loads(answer)["accepted"] != BODY_ROWS:
                        raise SystemExit(answer[:500])
            cpu, begin = server.cpu_seconds(), time.perf_counter()
            threads = [threading.Thread(target=run) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            rows = 2 * requests * BODY_ROWS
            figures[name].append((rows / (time.perf_counter() - begin), (server.cpu_seconds() - cpu) / rows * 1e6))
    best = {name: max(rate for rate, _ in figures[name]) for name in bodies}
    return {name: {"rows_per_s": round(statistics.median(rate for rate, _ in figures[name])), "best_rows_per_s": round(best[name]),
                   "x_ndjson": round(best[name] / best["NDJSON"], 2), "bytes_a_row": round(len(bodies[name]) / BODY_ROWS),
                   "server_cpu_us_a_row": round(min(cpu for _, cpu in figures[name]), 2)} for name in bodies}


def small(clients, seconds, send_of):
    """send_of(index) makes a client; a call of it inserts ten rows."""
    times, stop, failures = [[] for _ in range(clients)], time.perf_counter() + seconds, []

    def run(index):
        try:
            send = send_of(index)
            while time.perf_counter() < stop:
                begin = time.perf_counter()
                send()
                times[index].append(time.perf_counter() - begin)
        except BaseException as error:  # pylint: disable=broad-exception-caught
            failures.append(str(error)[:200])
    begin = time.perf_counter()
    threads = [threading.Thread(target=run, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, every = time.perf_counter() - begin, sorted(one for each in times for one in each)
    if not every:
        return {"failures": failures[:3]}
    return {"rows_per_s": round(len(every) * 10 / took), "p50_ms": round(statistics.median(every) * 1e3, 1),
            "p99_ms": round(every[int(len(every) * 0.99)] * 1e3, 1), "failures": failures[:3]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--requests", type=int, default=5)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    load, store = os.getloadavg()[0], given.folder / "inserts"
    if not store.exists():
        subprocess.run([given.program, "--url", f"embedded:{store}", "generate", "--days", "2", "--rows", "400000"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server(given.program, store)
    try:
        def rows(form, count):
            return server.sql(f"SELECT * FROM performance_metrics_ts ORDER BY timestamp LIMIT {count} FORMAT {form}")
        bodies = {"NDJSON": without_absent(rows("JSONEachRow", BODY_ROWS).decode()), "CSV": rows("CSVWithNames", BODY_ROWS).replace(b"\\N", b""),
                  "Native": rows("Native", BODY_ROWS)}
        ten = without_absent(rows("JSONEachRow", 10).decode())
        result = {"large": large(server, bodies, given.requests)}

        def api(_):
            connection = http.client.HTTPConnection("127.0.0.1", server.ports["api"], timeout=120)
            return lambda: post(connection, "/api/v1/insert/performance", ten, TYPES["NDJSON"])

        def engine_http(_):
            connection = http.client.HTTPConnection("127.0.0.1", server.ports["http"], timeout=120)

            def send():
                connection.request("POST", f"/?database=optiinfra&insert_deduplication_token={uuid.uuid4()}&query="
                                   "INSERT%20INTO%20performance_metrics_ts%20FORMAT%20JSONEachRow", ten)
                response = connection.getresponse()
                answer = response.read()
                if response.status != 200:
                    raise SystemExit(answer[:300])
            return send

        def engine_native(_):
            client = clickhouse_driver.Client("127.0.0.1", port=server.ports["tcp"], database="optiinfra")
            columns = {key for line in ten.splitlines() for key in json.loads(line)}
            names = sorted(columns)
            values = client.execute(f"SELECT {','.join(names)} FROM performance_metrics_ts ORDER BY timestamp LIMIT 10")
            return lambda: client.execute(f"INSERT INTO performance_metrics_ts ({','.join(names)}) VALUES", values,
                                          settings={"insert_deduplication_token": str(uuid.uuid4())})

        def parts():
            return int(server.sql("SELECT max(n) FROM (SELECT count() AS n FROM system.parts WHERE active AND database = 'optiinfra' "
                                  "GROUP BY table)"))
        result["10 rows, 1 client, API"] = small(1, given.seconds / 2, api)
        result["10 rows, 50 clients, API"] = small(50, given.seconds, api)
        result["10 rows, 160 clients, API"] = small(160, given.seconds, api)
        result["10 rows, 80 clients, engine's HTTP"] = small(80, given.seconds, engine_http)
        result["parts after it"] = parts()
        if clickhouse_driver is not None:
            result["10 rows, 80 clients, engine's native"] = small(80, given.seconds, engine_native)
            result["parts after that"] = parts()
        print(json.dumps({**result, "load_before": round(load, 1), "load_after": round(os.getloadavg()[0], 1)}, indent=1))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
