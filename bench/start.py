#!/usr/bin/env python3
"""start.py PROGRAM FOLDER ROWS: how long the program takes from its start to an answer, on a store of ROWS generated rows that it
makes in FOLDER and removes, and on one of 10,000 rows. Prints JSON, which bench/report.py turns into a table."""
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

STARTS = 15


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def measure(program, folder, rows):
    def ask(*words):
        return run(program, "--url", f"embedded:{folder}", "--output", "json", *words)
    shutil.rmtree(folder, ignore_errors=True)
    fleet = json.loads(ask("generate", "--days", "30", "--rows", str(rows)))["data"]
    service = fleet["services"][0]
    commands = {"SELECT 1": ("sql", "SELECT 1"),
                "performance, 30 days": ("query", "performance-p95", "--customer", service["customer_id"], "--service", service["service_id"],
                                         "--from", "2000-01-01", "--to", "2100-01-01")}
    milliseconds = {name: [] for name in commands}
    for _ in range(STARTS):
        for name, command in commands.items():
            begin = time.monotonic()
            ask(*command)
            milliseconds[name].append((time.monotonic() - begin) * 1e3)
    disk_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    shutil.rmtree(folder)
    return [{"rows": fleet["summary"]["rows_added"], "disk_bytes": disk_bytes, "asked": name, "p50_ms": statistics.median(times),
             "low_ms": min(times), "high_ms": max(times)} for name, times in milliseconds.items()]


def main():
    program, folder, rows = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    print(json.dumps({"data": {"start": measure(program, folder, 10_000) + measure(program, folder, rows)}}))


main()
