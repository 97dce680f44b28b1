#!/usr/bin/env python3
"""cost_of_runs.py PROGRAM DATA DOCUMENT [--write]: what a million tokens cost in each recorded run of vLLM in DATA (../shared/data/vllm-requests),
taken as the load of an instance with 8 GPUs at a stated price. Computed by the program in a store of its own, and again here from the files.

With --write the tables between "<!-- runs:begin -->" and "<!-- runs:end -->" of DOCUMENT are written; without it they are compared. Ends with 1
when the program, the files and the document do not agree, and with 77 when DATA is not there.

All runs are laid into one hour, each on an instance of its own that is paid from the run's first request to its last answer: nothing before and after
a run is known, so nothing is charged for it."""
import csv
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import time

DOLLARS_PER_HOUR = 24
CUSTOMER, SERVICE = "0b5e0000-0000-4000-8000-000000000001", "0b5e0000-0000-4000-8000-000000000101"
# The run that the second table shows at each rate.
SHOWN = "v0.2.1-naive"
MARK = "runs"


class Run:
    """The requests of one file, in seconds since the second in which the first began."""

    def __init__(self, path):
        self.name, self.rate = re.fullmatch(r"(.+)_output_([0-9.]+)", path.stem).groups()
        with open(path, encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        begin = math.floor(min(float(row["launch_time"]) for row in rows))
        self.requests = [{"start": int(float(row["launch_time"]) - begin), "prompt": round(float(row["prompt_tokens"])),
                          "generated": round(float(row["generation_tokens"])),
                          "latency_ms": (float(row["finish_time"]) - float(row["launch_time"])) * 1000} for row in rows]
        self.seconds = max(math.ceil(float(row["finish_time"]) - begin) for row in rows)
        self.instance = f"{self.name} at {self.rate}"

    def tokens(self):
        return sum(each["prompt"] + each["generated"] for each in self.requests)

    def busy_seconds(self):
        """Whole seconds, as the store's timestamps are."""
        return len({second for each in self.requests
                    for second in range(each["start"], min(each["start"] + max(1, math.ceil(each["latency_ms"] / 1000)), self.seconds))})

    def costs(self):
        """By the formulas of the document: the same weight for every token of a kind, and idle time within the run is paid."""
        bill = DOLLARS_PER_HOUR * self.seconds / 3600
        prompt, generated = (sum(each[kind] for each in self.requests) for kind in ("prompt", "generated"))
        reading = 2 * prompt / (2 * prompt + 5 * generated)
        return {"cost_per_million_tokens": bill / self.tokens() * 1e6, "cost_per_million_input": bill * reading / prompt * 1e6,
                "cost_per_million_output": bill * (1 - reading) / generated * 1e6, "cost_per_request": bill / len(self.requests)}


def write_csv(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, rows[0])
        out.writeheader()
        out.writerows(rows)


def ask_program(program, runs):
    """The program's answer by run."""
    with tempfile.TemporaryDirectory() as folder:
        hour = int(time.time()) // 3600 * 3600 - 2 * 3600

        def run(*words):
            result = subprocess.run([program, "--url", f"embedded:{folder}/store", *words], capture_output=True, text=True, check=False)
            if result.returncode != 0:
                sys.exit(f"{' '.join(words)}: {result.stderr}")
            return result.stdout
        ids = {"customer_id": CUSTOMER, "cloud_provider": "stated"}
        write_csv(f"{folder}/charges.csv", [
            {"timestamp": hour, **ids, "instance_id": each.instance, "instance_type": "8 GPUs", "cost_per_hour": DOLLARS_PER_HOUR,
             "hours_covered": each.seconds / 3600, "currency": "USD"} for each in runs])
        write_csv(f"{folder}/requests.csv", [
            {"timestamp": hour + request["start"], "customer_id": CUSTOMER, "service_id": SERVICE, "service_type": "vllm",
             "model_name": each.name, "instance_id": each.instance, "latency_ms": request["latency_ms"], "prompt_tokens": request["prompt"],
             "completion_tokens": request["generated"], "status": "ok"} for each in runs for request in each.requests])
        run("init")
        run("import", "cost", f"{folder}/charges.csv")
        run("import", "performance", f"{folder}/requests.csv")
        window = ("--from", str(hour), "--to", str(hour + 3600))
        run("attribute", *window)
        run("verify")
        answer = json.loads(run("query", "unit-cost", *window, "--by", "instance", "--output", "json"))
        return {row["instance_id"]: row for row in answer["data"]}


def table(headings, rows):
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def document_part(runs, answers):
    rates = sorted({each.rate for each in runs}, key=float)
    names = sorted({each.name for each in runs})
    by = {(each.name, each.rate): each for each in runs}

    def cost(name, rate):
        each = by.get((name, rate))
        return f"{answers[each.instance]['cost_per_million_tokens']:.2f}" if each else ""
    dollars = table(["run, requests/s"] + rates, [[name] + [cost(name, rate) for rate in rates] for name in names])
    shown = []
    for rate in rates:
        each = by[SHOWN, rate]
        row = answers[each.instance]
        shown.append([rate, str(row["requests"]), str(each.seconds), f"{each.busy_seconds() / each.seconds:.2f}", f"{each.tokens() / each.seconds:,.0f}",
                      *(f"{row[key]:.{digits}f}" for key, digits in (("cost_per_million_tokens", 3), ("cost_per_million_input", 3),
                                                                     ("cost_per_million_output", 3), ("cost_per_request", 4))),
                      f"{row['coverage']:.2f}", row["allocation_method"]])
    detail = table(["requests/s", "requests", "seconds", "busy", "tokens/s", "$/1M tokens", "$/1M input", "$/1M output", "$/request", "coverage", "method"], shown)
    return f"{dollars}\n\nThe runs of {SHOWN} in full:\n\n{detail}"


def differences(runs, answers):
    for each in runs:
        row = answers[each.instance]
        if row["coverage"] != 1 or row["requests"] != len(each.requests):
            yield f"{each.instance}: {row['requests']} requests, of which {row['coverage']} have a price, of {len(each.requests)}"
        for key, value in each.costs().items():
            if row[key] is None or abs(row[key] - value) > abs(value) * 1e-6:
                yield f"{each.instance}: {key} is {row[key]} by the program and {value} by the file"


def main():
    program, data, document = (pathlib.Path(word) for word in sys.argv[1:4])
    paths = sorted(data.glob("*.csv"))
    if not paths:
        print(f"left out: {data} is not there, so the costs of its runs are not computed")
        sys.exit(77)
    runs = [Run(path) for path in paths]
    answers = ask_program(str(program), runs)
    wrong = list(differences(runs, answers))
    text = document.read_text(encoding="utf-8")
    begin, end = f"<!-- {MARK}:begin -->\n", f"\n<!-- {MARK}:end -->"
    before, rest = text.split(begin)
    stored, after = rest.split(end)
    made = document_part(runs, answers)
    if sys.argv[4:] == ["--write"]:
        document.write_text(before + begin + made + end + after, encoding="utf-8")
    elif stored != made:
        wrong.append(f"{document} has other tables than these files give; write them with: tools/measure/cost_of_runs.py {program} {data} {document} --write")
    print("\n".join(wrong) if wrong else f"{len(runs)} runs, {sum(len(each.requests) for each in runs)} requests: program, files and document agree")
    sys.exit(1 if wrong else 0)


main()
