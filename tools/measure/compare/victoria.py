"""VictoriaMetrics, by the line protocol over HTTP. One row of ours is nine samples, of nine series for each GPU."""
import http.client
import json
import pathlib
import subprocess
import time
import urllib.parse

from machine import Clock, bytes_below, free_port, stop, wait_until

LABELS = ("customer_id", "instance_id", "instance_type", "gpu_index")
LINES_OF_A_REQUEST = 20_000
ASKED = ("avg(avg_over_time(resource_gpu_utilization{0}[1d]))", "max(max_over_time(resource_gpu_utilization{0}[1d]))",
         "avg(avg_over_time(resource_gpu_memory_used_mb{0}[1d]))", "avg(avg_over_time(resource_cpu_utilization{0}[1d]))",
         "sum(count_over_time(resource_gpu_utilization{0}[1d]))")


def line_of(names, row, seconds):
    values = dict(zip(names, row))
    labels = ",".join(f"{name}={values[name]}" for name in LABELS)
    samples = ",".join(f"{name}={values[name]}" for name in names if name not in LABELS and name != "timestamp")
    return f"resource,{labels} {samples} {seconds(values['timestamp'])}"


class Victoria:
    def __init__(self, folder):
        self.folder, self.server = pathlib.Path(folder) / "victoria", None
        self.folder.mkdir()
        told = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "victoria-metrics"], capture_output=True, text=True, check=True)
        self.version = "VictoriaMetrics " + told.stdout.split("+")[0]

    def _start(self, name):
        port = free_port()
        with open(self.folder.parent / "victoria.log", "ab") as log:
            self.server = subprocess.Popen(["victoria-metrics", f"-storageDataPath={self.folder / name}", "-retentionPeriod=10y",
                                            f"-httpListenAddr=127.0.0.1:{port}"], stdout=log, stderr=log)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        wait_until(lambda: self._request("GET", "/health") is not None, "VictoriaMetrics", self.server)

    def _request(self, method, path, body=None):
        try:
            self.connection.request(method, path, body)
            answer = self.connection.getresponse()
            text = answer.read()
        except OSError:
            self.connection.close()
            raise
        if answer.status >= 300:
            raise SystemExit(f"VictoriaMetrics: {answer.status} {text[:200]!r}")
        return text

    def insert(self, rows, questions, name):
        """Until what was sent can be read; it is not synced by then, and a power loss takes the last seconds."""
        self._start(name)
        names = [name for name, _ in rows.columns]
        lines = [line_of(names, line.decode().rstrip("\n").split("\t"), rows.seconds) for line in rows.lines]
        bodies = ["\n".join(lines[i:i + LINES_OF_A_REQUEST]).encode() for i in range(0, len(lines), LINES_OF_A_REQUEST)]
        clock = Clock(self.server.pid)
        for body in bodies:
            self._request("POST", "/write?precision=s", body)
        self._request("GET", "/internal/force_flush")
        figures = clock.stop()
        figures["question_ms"] = []
        for _ in range(questions):
            begin = time.perf_counter()
            figures["answer"] = self._ask(rows)
            figures["question_ms"].append((time.perf_counter() - begin) * 1e3)
        self.close()
        figures["bytes"] = bytes_below(self.folder / name)
        return figures

    def _ask(self, rows):
        series = f'{{customer_id="{rows.customer}",instance_id="{rows.key}"}}'
        query = "union(" + ", ".join(f'label_set({text.format(series)}, "n", "{i}")' for i, text in enumerate(ASKED)) + ")"
        path = "/api/v1/query?" + urllib.parse.urlencode({"query": query, "time": rows.seconds(rows.end) - 1, "nocache": 1})
        found = {int(r["metric"]["n"]): float(r["value"][1]) for r in json.loads(self._request("GET", path))["data"]["result"]}
        return [found[i] for i in range(len(ASKED))]

    def close(self):
        if self.server is not None:
            stop(self.server)
            self.server = None
