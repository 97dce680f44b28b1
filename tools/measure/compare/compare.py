#!/usr/bin/python3
"""compare.py ROOT [--rows N] [--slow-rows N] [--rounds N] [--questions N]: inserts the same rows into this store and into others,
in alternating rounds, and asks each the same question. Prints JSON; tools/measure/compare/run.sh is the way to start it.

The rows are made before any clock starts, in the form that a system takes them. A round begins with empty tables. Every answer is
compared with ours, so that what is fast is also right."""
import argparse
import datetime
import json
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import machine
from draft import Server
from postgres import Postgres
from victoria import Victoria

# The rows are those of the last day but one, so that no retention has taken them and a midnight in a run changes nothing.
END = str(datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1))
OURS = "optiinfra, embedded"
POWER, CRASH, SECONDS = "a power loss", "a kill", "a kill, except the last seconds"
SIMILAR = 0.02  # Our percentiles are within 1 %; others interpolate.


class Rows:
    """The rows of one family as lines of tab-separated values, and the question about them."""

    def __init__(self, family, columns, lines, asked):
        self.family, self.columns, self.lines = family, columns, lines
        self.customer, self.key, self.begin, self.end = (asked[name] for name in ("customer", "key", "begin", "end"))

    def first(self, count):
        return Rows(self.family, self.columns, self.lines[:count], vars(self))

    @staticmethod
    def seconds(text):
        return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


class Comparison:
    def __init__(self, root, folder, options):
        self.folder, self.options = folder, options
        self.program, self.client = (str(root / "build/release" / path) for path in ("bin/optiinfra", "bin/compare_client"))
        self.duckdb = str(root / "build/compare/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so")
        self.rounds, self.about, self.versions = {}, {}, {}

    def call(self, family, rows, *words):
        done = subprocess.run([self.client, family, str(rows), END, *map(str, words)], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"compare_client ended with {done.returncode}: {' '.join(map(str, words))}")
        return json.loads(done.stdout.splitlines()[-1])

    def rows_of(self, family, definitions):
        file = self.folder / f"{family}.tsv"
        asked = self.call(family, self.options.rows, "rows", file)
        columns = []
        for line in (definitions / f"{family}_metric.def").read_text().splitlines():
            if line.startswith("COLUMN("):
                name, kind = line[len("COLUMN("):].split(", ")[:2]
                kinds = {"Instant": "DateTime", "Identifier": "UUID", "Label": "String", "Text": "String"}
                columns.append((name, kinds.get(kind, kind)))
        return Rows(family, columns, file.read_bytes().splitlines(keepends=True), asked)

    def take(self, family, system, survives, rows, figures):
        print(f"  {family}, {system}: {rows / figures['seconds'] / 1e6:.3f}M rows/s", file=sys.stderr)
        self.about[family, system] = (survives, rows)
        self.rounds.setdefault((family, system), []).append(figures)

    def embedded(self, rows, connections):
        store = self.folder / "embedded"
        figures = self.call(rows.family, len(rows.lines), "optiinfra", f"embedded:{store}", connections, self.options.questions)
        shutil.rmtree(store)
        self.versions["engine"] = figures["version"]
        return figures

    def in_duckdb(self, rows):
        file = self.folder / "metrics.duckdb"
        figures = self.call(rows.family, len(rows.lines), "duckdb", self.duckdb, file, self.options.questions)
        file.unlink()
        self.versions["duckdb"] = "DuckDB " + figures["version"].lstrip("v")
        return figures

    def round(self, number, rows, server, postgres, victoria):
        family, all_rows, questions = rows.family, len(rows.lines), self.options.questions
        few = rows.first(self.options.slow_rows)

        def take(system, survives, count, figures):
            self.take(family, system, survives, count, figures)
        for connections, suffix in ((1, ""), (2, ", 2 connections")):
            take(OURS + suffix, POWER, all_rows, self.embedded(rows, connections))
        server.empty(family)
        served = machine.Clock(server.process.pid)
        figures = self.call(family, all_rows, "optiinfra", server.url, 1, 0)
        figures["cpu_seconds"] += served.stop()["cpu_seconds"]
        take("optiinfra, native TCP", CRASH, all_rows, figures)
        take("Python client of the first draft, TCP", CRASH, len(few.lines), server.insert(few))
        take("DuckDB, appender", POWER, all_rows, self.in_duckdb(rows))
        take("PostgreSQL, COPY", POWER, all_rows, postgres.copy(rows, 1, questions))
        take("PostgreSQL, COPY, 2 connections", POWER, all_rows, postgres.copy(rows, 2, questions))
        take("PostgreSQL, INSERT of 1000 rows", POWER, len(few.lines), postgres.insert(few, 0))
        if family == "resource":
            take("VictoriaMetrics, line protocol", SECONDS, all_rows, victoria.insert(rows, questions, f"round{number}"))

    def check_answers(self):
        for (family, system), rounds in self.rounds.items():
            ours = self.rounds[family, OURS][0]["answer"]
            theirs = rounds[0].get("answer")
            if not theirs:
                continue
            differ = [abs(a - b) > SIMILAR * abs(a) for a, b in zip(ours[:-1], theirs[:-1])]
            if any(differ) or ours[-1] != theirs[-1]:
                raise SystemExit(f"{system} answers otherwise about {family}: {theirs}, and we {ours}")

    def summary(self):
        found = []
        for (family, system), rounds in self.rounds.items():
            survives, rows = self.about[family, system]
            base_rows, base = self.about[family, OURS][1], self.rounds[family, OURS]
            rates = [rows / one["seconds"] for one in rounds]
            asked = [milliseconds for one in rounds for milliseconds in one.get("question_ms", [])]
            found.append({
                "rows_of": family, "way": system, "survives": survives, "rows": rows,
                "rows_per_second": statistics.median(rates), "rows_per_second_low": min(rates), "rows_per_second_high": max(rates),
                "ours_is_times": statistics.median(base_rows / ours["seconds"] / rate for ours, rate in zip(base, rates)),
                "cpu_is_times": statistics.median(one["cpu_seconds"] / rows / (ours["cpu_seconds"] / base_rows)
                                                  for ours, one in zip(base, rounds)),
                "cpu_ns_per_row": statistics.median(one["cpu_seconds"] for one in rounds) / rows * 1e9,
                "bytes_per_row": statistics.median(one["bytes"] for one in rounds) / rows if rounds[0].get("bytes") else None,
                "question_p50_ms": statistics.median(asked) if asked else None})
        return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--slow-rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--questions", type=int, default=15)
    options = parser.parse_args()
    root = options.root.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # So that the servers end, too.
    at = machine.circumstances(root)
    with tempfile.TemporaryDirectory(prefix="compare", dir="/var/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user below it.
        comparison = Comparison(root, folder, options)
        families = [comparison.rows_of(family, root / "foundations/schema/include/optiinfra/schema") for family in ("performance", "resource")]
        servers = []
        try:
            servers.append(server := Server(comparison.program, folder))
            servers.append(postgres := Postgres(folder))
            servers.append(victoria := Victoria(folder))
            for number in range(options.rounds):
                print(f"round {number + 1}", file=sys.stderr)
                for rows in families:
                    comparison.round(number, rows, server, postgres, victoria)
        finally:
            for started in reversed(servers):
                started.close()
        comparison.check_answers()
    others = [comparison.versions["duckdb"], postgres.version, victoria.version]
    at |= {"engine": comparison.versions["engine"], "others": others, "rounds": options.rounds, "load_after": machine.load()}
    print(json.dumps({"command": "compare", "data": {"compare": comparison.summary(), "circumstances": at}}))


if __name__ == "__main__":
    main()
