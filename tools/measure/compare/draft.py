"""The way of the first draft: Debian's Python client for ClickHouse, rows as dictionaries, by TCP into `optiinfra server`."""
import datetime
import subprocess
import time
import uuid

from clickhouse_driver import Client

from machine import Clock, free_port, stop, wait_until

READ = {"DateTime": lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00")), "UUID": uuid.UUID, "String": str,
        "Float32": float, "UInt32": int, "UInt8": int}


class Server:
    """`optiinfra server` on a store of its own."""

    def __init__(self, program, folder):
        self.port = free_port()
        self.url = f"clickhouse://127.0.0.1:{self.port}"
        with open(f"{folder}/server.log", "wb") as log:
            self.process = subprocess.Popen([program, "server", "--path", f"{folder}/served", "--tcp-port", str(self.port),
                                             "--http-port", "0"], stdout=log, stderr=log)
        ping = [program, "--url", self.url, "ping"]
        wait_until(lambda: subprocess.run(ping, capture_output=True, check=False).returncode == 0, "optiinfra server", self.process)
        self.client = Client("127.0.0.1", port=self.port, database="optiinfra")

    def empty(self, family):
        for table in (f"{family}_metrics_ts", f"{family}_metrics_hourly"):
            self.client.execute(f"TRUNCATE TABLE {table} SYNC")

    def insert(self, rows):
        """One call with a list of dictionaries, made before the clock starts."""
        self.empty(rows.family)
        names = [name for name, _ in rows.columns]
        reads = [READ[kind] for _, kind in rows.columns]
        dictionaries = [{name: read(text) for name, read, text in zip(names, reads, line.decode().rstrip("\n").split("\t"))}
                        for line in rows.lines]
        table = f"{rows.family}_metrics_ts"
        clock = Clock(self.process.pid)
        self.client.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES", dictionaries)
        figures = clock.stop()
        stored = self.client.execute(f"SELECT count() FROM {table}")[0][0]
        if stored != len(rows.lines):
            raise SystemExit(f"the Python client stored {stored} rows of {len(rows.lines)}")
        return figures

    def close(self):
        self.client.disconnect()
        stop(self.process)
