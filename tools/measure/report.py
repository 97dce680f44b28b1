#!/usr/bin/env python3
"""report.py FOLDER DOCUMENT CHART: the tables between "<!-- NAME:begin -->" and "<!-- NAME:end -->" of DOCUMENT, and CHART, from
the JSON files that tools/measure/measure.sh and tools/measure/compare/run.sh have put into FOLDER. A file that is absent leaves its table as it is."""
import json
import math
import pathlib
import re
import sys


def table(headings, rows):
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def millions(number):
    return f"{number / 1e6:.2f}"


def inserts(data):
    return table(["rows of", "inserted by", "M rows/s", "lowest - highest", "of the engine alone", "CPU ns a row", "engine's CPU over it"],
                 [[r["rows_of"], r["way"], millions(r["rows_per_second"]),
                   f"{millions(r['rows_per_second_low'])} - {millions(r['rows_per_second_high'])}", f"{r['share_of_engine']:.2f}",
                   str(r["cpu_ns_per_row"]), f"{r['cpu_of_engine']:.2f}"] for r in data["inserts"]])


def native(data):
    """Without processor time: the server's is not known here."""
    return table(["rows of", "inserted by", "M rows/s", "lowest - highest", "of the engine alone"],
                 [[r["rows_of"], r["way"], millions(r["rows_per_second"]),
                   f"{millions(r['rows_per_second_low'])} - {millions(r['rows_per_second_high'])}", f"{r['share_of_engine']:.2f}"]
                  for r in data["inserts"]])


def questions(data):
    def optional(value):
        return "" if value is None else f"{value:.1f}"
    return table(["question", "store", "p50 ms", "lowest - highest", "p99 ms", "CPU ms", "x keyed SELECT", "x SELECT 1"],
                 [[r["question"], r["circumstance"], f"{r['p50_ms']:.1f}", f"{r['p50_low_ms']:.1f} - {r['p50_high_ms']:.1f}",
                   f"{r['p99_ms']:.1f}", optional(r["cpu_ms"]), optional(r["times_keyed"]), f"{r['times_select_1']:.1f}"]
                  for r in data["questions"]])


def sizes(data):
    return table(["family", "raw rows", "bytes a row", "of these random", "rollup, bytes a raw row", "plain tables", "JSON", "of plain", "x smaller than JSON"],
                 [[r["family"], f"{r['rows']:,}", f"{r['raw_bytes_per_row']:.2f}", f"{r['random_bytes_per_row']:.2f}",
                   f"{r['rollup_bytes_per_row']:.2f}", f"{r['plain_bytes_per_row']:.2f}", f"{r['json_bytes_per_row']:.0f}",
                   f"{r['share_of_plain']:.2f}", f"{r['times_json']:.1f}"] for r in data["sizes"]])


def growth(data):
    return table(["raw rows", "M rows/s since", "parts", "on disk, MiB", "memory, MiB", "p50 ms", "p99 ms"],
                 [[f"{r['rows']:,}", millions(r["rows_per_second"]), str(r["parts"]), f"{r['disk_bytes'] / 2**20:.0f}",
                   f"{r['memory_bytes'] / 2**20:.0f}", f"{r['p50_ms']:.1f}", f"{r['p99_ms']:.1f}"] for r in data["growth"]])


def start(data):
    return table(["raw rows", "store", "on disk, MiB", "asked", "answered, median ms", "lowest - highest", "ended, median ms"],
                 [[f"{r['rows']:,}", r["state"], f"{r['disk_bytes'] / 2**20:.0f}", r["asked"], f"{r['p50_ms']:.0f}",
                   f"{r['low_ms']:.0f} - {r['high_ms']:.0f}", f"{r['end_p50_ms']:.0f}"] for r in data["start"]])


def compare(data):
    def optional(value):
        return "" if value is None else f"{value:.1f}"
    return table(["rows of", "inserted by", "rows", "survives", "M rows/s", "lowest - highest", "we are x as fast", "CPU ns a row",
                  "x our CPU", "bytes a row", "question p50 ms"],
                 [[r["rows_of"], r["way"], f"{r['rows']:,}", r["survives"], f"{r['rows_per_second'] / 1e6:.3f}",
                   f"{r['rows_per_second_low'] / 1e6:.3f} - {r['rows_per_second_high'] / 1e6:.3f}", optional(r["ours_is_times"]),
                   f"{r['cpu_ns_per_row']:.0f}", optional(r["cpu_is_times"]), optional(r["bytes_per_row"]), optional(r["question_p50_ms"])]
                  for r in data["compare"]])


def circumstances(data):
    at = data.get("circumstances")
    if at is None:
        return "The same machine and program."
    if "others" in at:
        return (f"{at['processor']}, {at['cores']} cores, {at['memory_bytes'] / 2**30:.0f} GiB, {at['system']}, {at['disk']}; engine "
                f"{at['engine']}, {', '.join(at['others'])}; optiinfra {at['program']}; {at['rounds']} rounds. Load of the machine before "
                f"{at['load_before']:.1f}, after {at['load_after']:.1f}.")
    return (f"{at['processor']}, {at['cores']} cores, {at['memory_bytes'] / 2**30:.0f} GiB, {at['system']}, {at['disk'] or 'a server'}; engine "
            f"{at['engine']}; optiinfra {at['program']}; {at['rounds']} rounds, {at['threads']} threads. Load of the machine "
            f"before {at['load_before']:.1f}, after {at['load_after']:.1f}; memory of the process at most {at['memory_bytes_max'] / 2**20:.0f} MiB.")


def chart(data):
    """Bars: rows a second of each way, by kind of rows, next to the engine alone."""
    kinds = list(dict.fromkeys(r["rows_of"] for r in data["inserts"]))
    ways = list(dict.fromkeys(r["way"] for r in data["inserts"]))
    colours = ["#9aa5b1", "#57606a", "#1f6feb", "#2da44e", "#bf8700", "#8250df"]
    most = max(r["rows_per_second_high"] for r in data["inserts"])
    bar, gap, left, width = 11, 16, 150, 720
    height = len(kinds) * (len(ways) * bar + gap) + 60
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">',
             f'<rect width="{width}" height="{height}" fill="white"/>']
    for index, way in enumerate(ways):
        parts.append(f'<rect x="{20 + index * 112}" y="8" width="10" height="10" fill="{colours[index]}"/>'
                     f'<text x="{20 + index * 112 + 14}" y="17">{way}</text>')
    y = 34
    for kind in kinds:
        parts.append(f'<text x="{left - 8}" y="{y + len(ways) * bar / 2 + 4:.0f}" text-anchor="end">{kind}</text>')
        for index, way in enumerate(ways):
            r = next(r for r in data["inserts"] if r["rows_of"] == kind and r["way"] == way)
            scale = (width - left - 70) / most
            low, high = left + r["rows_per_second_low"] * scale, left + r["rows_per_second_high"] * scale
            end = left + r["rows_per_second"] * scale
            middle = y + bar / 2
            parts.append(f'<rect x="{left}" y="{y}" width="{end - left:.1f}" height="{bar - 2}" fill="{colours[index]}"/>'
                         f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle - 1:.1f}" y2="{middle - 1:.1f}" stroke="#24292f"/>'
                         f'<text x="{max(end, high) + 5:.1f}" y="{y + bar - 2}">{millions(r["rows_per_second"])}</text>')
            y += bar
        y += gap
    parts.append(f'<text x="{left}" y="{height - 8}">million rows a second, stored with rollup; the line is lowest to highest round</text></svg>')
    return "\n".join(parts) + "\n"


def growth_chart(data):
    """Four lines over the number of raw rows, each from zero up."""
    looks = data["growth"]
    panels = [("million rows a second, since the point before", lambda r: r["rows_per_second"] / 1e6, "#1f6feb"),
              ("performance question over 30 days, p50 ms", lambda r: r["p50_ms"], "#2da44e"),
              ("memory of the process, MiB", lambda r: r["memory_bytes"] / 2**20, "#bf8700"),
              ("parts: what merges have left", lambda r: r["parts"], "#8250df")]
    width, height, left, top = 360, 190, 46, 26
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * width}" height="{2 * height}" font-family="sans-serif" font-size="11">',
             f'<rect width="{2 * width}" height="{2 * height}" fill="white"/>']
    first, last = (math.log10(looks[i]["rows"]) for i in (0, -1))
    for index, (title, value, colour) in enumerate(panels):
        x0, y0 = index % 2 * width + left, index // 2 * height + top
        wide, high = width - left - 32, height - top - 34
        most = max(map(value, looks)) or 1
        points = [(x0 + (math.log10(r["rows"]) - first) / (last - first or 1) * wide, y0 + high - value(r) / most * high) for r in looks]
        parts.append(f'<text x="{x0}" y="{y0 - 10}" font-weight="bold">{title}</text>'
                     f'<path d="M{x0} {y0}V{y0 + high}H{x0 + wide}" fill="none" stroke="#9aa5b1"/>'
                     f'<text x="{x0 - 5}" y="{y0 + 8}" text-anchor="end">{most:.{0 if most >= 100 else 1}f}</text><text x="{x0 - 5}" y="{y0 + high}" text-anchor="end">0</text>'
                     f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points]
        for r, (x, _) in list(zip(looks, points))[::2]:
            parts.append(f'<text x="{x:.1f}" y="{y0 + high + 14}" text-anchor="middle">{r["rows"] / 1e6:.0f}M</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"


def main():
    folder, document, picture = map(pathlib.Path, sys.argv[1:4])
    text = document.read_text()
    makers = {"inserts": inserts, "questions": questions, "sizes": sizes, "growth": growth, "start": start, "native": native, "compare": compare}
    for name, make in makers.items():
        file = folder / f"{name}.json"
        if not file.exists():
            continue
        data = json.loads(file.read_text())["data"]
        body = f"<!-- {name}:begin -->\n{make(data)}\n\n{circumstances(data)}\n<!-- {name}:end -->"
        text, found = re.subn(rf"<!-- {name}:begin -->.*?<!-- {name}:end -->", lambda _: body, text, flags=re.S)
        if not found:
            raise SystemExit(f"{document} has no place for {name}")
        if name == "inserts":
            picture.write_text(chart(data))
        if name == "growth":
            picture.with_name("growth.svg").write_text(growth_chart(data))
    document.write_text(text)


main()
