#!/usr/bin/env python3
"""start.py PROGRAM FOLDER ROWS: how long the program takes from its start to an answer, on a store of ROWS generated rows that it
makes in FOLDER and removes, and on one of 10,000 rows, and how long until it has closed the store and ended. Prints JSON, which
tools/measure/report.py turns into a table.

Asked twice: just after the store was filled, while the parts that merges replaced are still on disk, and when they are gone. The engine
removes them after eight minutes; the removal is hastened here."""
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

STARTS = 15


class Store:
    def __init__(self, program, folder, rows):
        self.program, self.folder = program, folder
        shutil.rmtree(folder, ignore_errors=True)
        fleet = self.ask("generate", "--days", "30", "--rows", str(rows))["data"]
        self.rows, service = fleet["summary"]["rows_added"], fleet["services"][0]
        self.commands = {
            "SELECT 1": ("sql", "SELECT 1"),
            "performance, 30 days": ("query", "performance-p95", "--customer", service["customer_id"], "--service", service["service_id"],
                                     "--from", "2000-01-01", "--to", "2100-01-01")}

    def command(self, *words):
        return [self.program, "--url", f"embedded:{self.folder}", "--output", "json", *words]

    def ask(self, *words):
        return json.loads(subprocess.run(self.command(*words), check=True, capture_output=True, text=True).stdout)

    def sql(self, statement):
        return self.ask("sql", "--write", statement)["data"]

    def remove_replaced_parts(self):
        for table in self.sql("SELECT name FROM system.tables WHERE database = 'optiinfra' AND engine LIKE '%MergeTree'"):
            self.sql(f"ALTER TABLE optiinfra.{table['name']} MODIFY SETTING old_parts_lifetime = 1")
        while self.sql("SELECT name FROM system.parts WHERE NOT active AND database = 'optiinfra' LIMIT 1"):
            # A table is cleaned every 30 to 40 seconds.
            self.sql("SELECT sum(sleepEachRow(1)) FROM numbers(50) SETTINGS max_block_size = 1")

    def time(self, *words):
        """Milliseconds until the answer, one line of JSON, and until the program has ended."""
        begin = time.monotonic()
        with subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            json.loads(process.stdout.readline())
            answered = time.monotonic()
        if process.returncode != 0:
            raise SystemExit(f"{words} ended with {process.returncode}")
        return (answered - begin) * 1e3, (time.monotonic() - begin) * 1e3

    def measure(self, state):
        times = {name: [] for name in self.commands}
        for _ in range(STARTS):
            for name, command in self.commands.items():
                times[name].append(self.time(*command))
        disk_bytes = sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file() and not file.is_symlink())
        figures = []
        for name, pairs in times.items():
            answers = [answered for answered, _ in pairs]
            figures.append({"rows": self.rows, "state": state, "disk_bytes": disk_bytes, "asked": name, "p50_ms": statistics.median(answers),
                            "low_ms": min(answers), "high_ms": max(answers), "end_p50_ms": statistics.median(end for _, end in pairs)})
        return figures


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    figures = []
    for rows in 10_000, int(sys.argv[3]):
        store = Store(program, folder, rows)
        figures += store.measure("just filled")
        store.remove_replaced_parts()
        figures += store.measure("replaced parts removed")
        shutil.rmtree(folder)
    print(json.dumps({"data": {"start": figures}}))


main()
