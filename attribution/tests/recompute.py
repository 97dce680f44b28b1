"""Attributed cost, attainment and percentiles computed again from raw rows, one request at a time.

recompute.py REQUESTS CHARGES ATTRIBUTED ANSWERS: the first three are files of JSON lines, the fourth is an
answer of the program in JSON a line: of `query slo --by customer` or of percentiles by customer. Ends with 0
when every amount that the store keeps is within 1e-9 of its charge of what comes out here in fractions, every
count of requests is exact and every percentile within 1 %, and prints what differs otherwise.
Requests name their instances, each has a service of its own, and no best hours are known.
"""
import json
import math
import sys
from collections import defaultdict
from fractions import Fraction

HOUR = 3600
LONGEST = 3600
NOBODY = "00000000-0000-0000-0000-000000000000"


def rows(path):
    with open(path) as lines:
        return [json.loads(line) for line in lines]


def number(value):
    return None if value is None else float(value)


def parts_by_hour(request):
    """The request's share of each hour: its hour, the seconds in it, the fraction of its time."""
    start = int(request["start"])
    seconds = max(1, math.ceil(min(float(request["latency_ms"]), LONGEST * 1000.0) / 1000))
    for hour in range(start // HOUR * HOUR, start + seconds, HOUR):
        first, last = max(start, hour), min(start + seconds, hour + HOUR)
        yield hour, range(first - hour, last - hour), Fraction(last - first, seconds)


def tokens(request):
    prompt, cached = int(request["prompt_tokens"] or 0), int(request["cached_tokens"] or 0)
    return max(prompt - cached, 0), int(request["completion_tokens"] or 0)


def weights(parts):
    """The weight of each part of an instance and hour, in any unit."""
    rate = defaultdict(Fraction)
    for request, share in parts:
        if request["timed"]:
            uncached, output = tokens(request)
            rate["prefill"] += Fraction(number(request["prefill_ms"])) * share
            rate["decode"] += Fraction(number(request["decode_ms"])) * share
            rate["uncached"] += uncached * share
            rate["output"] += output * share
    known = rate["uncached"] > 0 and rate["output"] > 0 and rate["prefill"] + rate["decode"] > 0
    for request, share in parts:
        uncached, output = tokens(request)
        if not known:
            yield share * (uncached * 2 + output * 5)
        elif request["timed"]:
            yield share * (Fraction(number(request["prefill_ms"])) + Fraction(number(request["decode_ms"])))
        else:
            yield share * (uncached * rate["prefill"] / rate["uncached"] + output * rate["decode"] / rate["output"])


TARGETS = ("time_to_first_token_ms", "inter_token_latency_ms", "latency_ms")


def outcome(request, targets):
    """"good", "missed", "unmeasured" or "not_counted"."""
    values = {name: number(request[name]) for name in targets}
    # One token has no gap after it.
    if "inter_token_latency_ms" in values and request["completion_tokens"] is not None and int(
            request["completion_tokens"]) <= 1 and values["inter_token_latency_ms"] is None:
        del values["inter_token_latency_ms"]
    is_beyond = any(value is not None and value > targets[name] for name, value in values.items())
    status = request["status"] or "ok"
    if status in ("server_error", "dropped") or (status in ("ok", "aborted") and is_beyond):
        return "missed"
    if status != "ok":
        return "not_counted"
    return "unmeasured" if None in values.values() else "good"


def wrong_objectives(requests, row):
    """What is wrong in a row of `query slo`."""
    targets = {name: row["target_" + name] for name in TARGETS if row["target_" + name] is not None}
    outcomes = [outcome(each, targets) for each in requests]
    counts = {name: outcomes.count(name) for name in ("good", "missed", "unmeasured", "not_counted")}
    for name, count in counts.items():
        if row[name + "_requests"] != count:
            yield f"{name}: answered {row[name + '_requests']}, counted {count}, targets {targets}"
    attained = counts["good"] / (counts["good"] + counts["missed"])
    if abs(row["attainment"] - attained) > 1e-12:
        yield f"attainment: answered {row['attainment']}, counted {attained}"


def wrong_percentiles(requests, row):
    """What is wrong in a row of percentiles."""
    for key, value in row.items():
        if not key.startswith("p"):
            continue
        latencies = sorted(number(each["latency_ms"]) for each in requests)
        exact = latencies[round(int(key[1:3]) / 100 * (len(latencies) - 1))]
        if abs(value - exact) > 0.01 * exact:
            yield f"{key}: answered {value}, sorted {exact}"


def compare_answers(requests, answers):
    """Prints what differs, and returns how many rows were right."""
    right = 0
    for answer in answers:
        for row in answer["data"]:
            own = [each for each in requests if each["customer_id"] == row["customer_id"]]
            wrong = list((wrong_objectives if "attainment" in row else wrong_percentiles)(own, row))
            for each in wrong:
                print("differs:", row["customer_id"], each)
            right += not wrong
    return right


def main():
    requests, charges, attributed, answers = (rows(path) for path in sys.argv[1:])
    parts, busy = defaultdict(list), defaultdict(set)
    for request in requests:
        request["timed"] = request["prefill_ms"] is not None and request["decode_ms"] is not None
        for hour, seconds, share in parts_by_hour(request):
            parts[hour, request["instance_id"]].append((request, share))
            busy[hour, request["instance_id"]].update(seconds)

    bills = defaultdict(lambda: defaultdict(int))
    for charge in charges:
        hour = int(charge["start"]) // HOUR * HOUR
        bill = bills[hour, charge["customer_id"], charge["instance_id"], charge["currency"]]
        covered = 1.0 if charge["hours_covered"] is None else float(charge["hours_covered"])
        category = charge["charge_category"] or "usage"
        kind = category if category == "usage" else "fees" if category in ("tax", "purchase") else "other"
        bill[kind] += round(float(charge["cost_per_hour"]) * covered * 1e9)
        if kind == "usage":
            bill["covered"] = min(bill["covered"] + round(covered * HOUR), HOUR)

    expected = defaultdict(Fraction)
    for (hour, payer, instance, currency), bill in bills.items():
        def add(kind, served, amount, service=NOBODY):
            expected[hour, payer, instance, currency, kind, served, service] += amount
        if not instance:
            add("overhead", payer, bill["usage"] + bill["fees"])
            add("unreconciled", payer, bill["other"])
            continue
        of_instance = parts[hour, instance]
        weight = list(weights(of_instance))
        whole = sum(weight)
        running = min(len(busy[hour, instance]), bill["covered"]) if whole else 0
        # A credit alone covers no time.
        served = bill["usage"] * Fraction(running, bill["covered"]) if running else Fraction(0)
        for (request, _), each in zip(of_instance, weight):
            kind = "served" if request["status"] in ("", "ok") else "wasted"
            add(kind, request["customer_id"], served * each / whole, request["service_id"])
        add("idle", payer, bill["usage"] - served)
        add("overhead", payer, max(bill["fees"], 0))
        add("unreconciled", payer, bill["other"] + min(bill["fees"], 0))

    found = defaultdict(int)
    for row in attributed:
        if row["kind"] != "unpriced":
            found[int(row["start"]), row["customer_id"], row["instance_id"], row["currency"], row["kind"],
                  row["served_customer_id"], row["service_id"]] += int(row["cost"])
    worst = 0.0
    for key in set(expected) | set(found):
        bill = bills[key[:4]]
        whole = max(abs(bill["usage"]) + abs(bill["fees"]) + abs(bill["other"]), 1)
        # An amount of a request is a row, which is rounded to a whole billionth; others are of some rows.
        error = max(abs(float(found[key] - expected[key])) - 2, 0) / whole
        worst = max(worst, error)
        if error > 1e-9:
            print("differs:", key, "stored", found[key], "computed", float(expected[key]))
    print(f"compared {len(expected)} amounts of {len(requests)} requests, largest difference {worst:.1e}; "
          f"{compare_answers(requests, answers)} of {sum(len(each['data']) for each in answers)} rows of answers are right")
    sys.exit(worst > 1e-9)


main()
