"""The causes of a change computed again from attributed rows, in fractions, by walking through all orders.

recompute_explain.py ROWS ANSWER BEFORE_END MEASURE: ROWS has JSON lines of attributed_cost_hourly (start, model_name,
kind, cost, requests, tokens), ANSWER is what `optiinfra query explain --by model --output json` said about them.
Ends with 0 when every amount of the answer is what comes out here, and the amounts add up to the last digit.
"""
import json
import sys
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from itertools import permutations

OTHER = {"underfill": "underfill", "idle": "idle", "overhead": "overhead", "unreconciled": "unreconciled"}


def shapley(value, before, after):
    """What each factor adds to value(factors), averaged over the orders in which they may change."""
    orders = list(permutations(range(len(before))))
    effects = [Fraction(0)] * len(before)
    for order in orders:
        factors = list(before)
        for index in order:
            was = value(factors)
            factors[index] = after[index]
            effects[index] += (value(factors) - was) / len(orders)
    return effects


def read(path, before_end, measure):
    """Per model: [before, after] of served cost, volume and other costs."""
    served, volume = defaultdict(lambda: [0, 0]), defaultdict(lambda: [0, 0])
    other = defaultdict(lambda: [0, 0])
    with open(path) as lines:
        for row in map(json.loads, lines):
            window, model, kind = int(int(row["start"]) >= before_end), row["model_name"], row["kind"]
            if kind == "unpriced":
                continue
            volume[model][window] += int(row["tokens" if measure == "cost_per_million_tokens" else "requests"])
            if kind in ("served", "wasted"):
                served[model][window] += int(row["cost"])
            elif measure == "total_cost" or kind != "unreconciled":
                other[model, OTHER[kind]][window] += int(row["cost"])
    for model, costs in served.items():
        for window in (0, 1):
            if volume[model][window] == 0:
                other[model, "uncounted"][window] += costs[window]
                costs[window] = 0
    return served, volume, other


def of_total(served, volume, other):
    parts = defaultdict(Fraction)
    both = [m for m in volume if all(volume[m])]
    whole = [sum(volume[m][w] for m in both) for w in (0, 1)]
    for model, n in volume.items():
        c = served[model]
        if model not in both:
            parts[model, "new"] += c[1]
            parts[model, "gone"] -= c[0]
            continue
        factors = [(whole[w], Fraction(n[w], whole[w]), Fraction(c[w], n[w])) for w in (0, 1)]
        for name, effect in zip(("volume", "mix", "price"), shapley(lambda f: f[0] * f[1] * f[2], *factors)):
            parts[model, name] += effect
    for (model, kind), costs in other.items():
        parts[model, kind] += costs[1] - costs[0]
    return parts


def of_unit_cost(served, volume, other):
    parts = defaultdict(Fraction)
    every = [sum(n[w] for n in volume.values()) for w in (0, 1)]
    both = [m for m in volume if all(volume[m])]
    whole = [sum(volume[m][w] for m in both) for w in (0, 1)]
    mean = [Fraction(sum(served[m][w] for m in both), whole[w]) if whole[w] else Fraction(0) for w in (0, 1)]
    for model, n in volume.items():
        c = served[model]
        if model not in both:
            parts[model, "new"] += (c[1] - n[1] * mean[1]) / every[1]
            parts[model, "gone"] -= (c[0] - n[0] * mean[0]) / every[0]
            continue
        factors = [(Fraction(n[w], whole[w]), Fraction(c[w], n[w])) for w in (0, 1)]
        mix, price = shapley(lambda f: f[0] * f[1], *factors)
        parts[model, "price"] += price
        parts[model, "mix"] += mix - (factors[1][0] - factors[0][0]) * sum(mean) / 2
    for (model, kind), costs in other.items():
        factors = [(costs[w], Fraction(1, every[w])) for w in (0, 1)]
        by_cost, by_volume = shapley(lambda f: f[0] * f[1], *factors)
        parts[model, kind] += by_cost
        parts[model, "volume"] += by_volume
    return parts


def main():
    rows, answer_path, before_end, measure = sys.argv[1:]
    served, volume, other = read(rows, int(before_end), measure)
    parts = (of_total if measure == "total_cost" else of_unit_cost)(served, volume, other)
    factor = Fraction(1, 10**9) * (10**6 if measure == "cost_per_million_tokens" else 1)
    with open(answer_path) as file:
        answer = json.load(file, parse_float=Decimal)["data"]
    found, wrong = defaultdict(Decimal), 0
    for row in answer:
        if row["state"] != "whole":
            found[row["model_name"], row["part"]] += row["amount"]
    for key in set(parts) | set(found):
        expected, stored = parts[key] * factor, Fraction(found[key])
        if abs(expected - stored) > 3 * Fraction(1, 10**9):
            print("differs:", key, float(stored), "computed", float(expected))
            wrong = 1
    whole = [row for row in answer if row["state"] == "whole"]
    change = Decimal(whole[0]["after"]) - Decimal(whole[0]["before"])
    sums = sum(Decimal(row["amount"]) for row in whole), sum(found.values())
    if set(sums) != {change} or Decimal(whole[0]["change"]) != change:
        print("the whole changes by", change, "and its parts and its groups by", *sums)
        wrong = 1
    kinds = {part for _, part in found}
    print(f"compared {len(parts)} parts ({', '.join(sorted(kinds))}) of {len(volume)} groups, change {change}")
    sys.exit(wrong)


main()
