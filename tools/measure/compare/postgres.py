"""PostgreSQL in a cluster of its own: COPY, and INSERT of many rows, into a table with the index that the question needs."""
import io
import os
import pathlib
import shutil
import subprocess
import threading
import time

import psycopg2

from machine import Clock, stop, wait_until

BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")
# fsync and synchronous_commit are on, as they are by default: a commit is on disk. More memory than by default, as one would give it.
SETTINGS = {"synchronous_commit": "on", "fsync": "on", "shared_buffers": "2GB", "max_wal_size": "8GB", "listen_addresses": "",
            "timezone": "UTC"}
TYPES = {"DateTime": "timestamptz", "UUID": "uuid", "String": "text", "Float32": "real", "UInt32": "bigint", "UInt8": "smallint"}
INDEX = {"performance": "customer_id, service_id, timestamp", "resource": "customer_id, instance_id, timestamp"}
QUESTION = {
    "performance": "SELECT avg(latency_ms), percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms), percentile_cont(0.99) WITHIN GROUP "
                   "(ORDER BY latency_ms), avg(throughput_tokens_per_sec), count(*) FROM metrics WHERE customer_id = %s AND "
                   "service_id = %s AND timestamp >= %s AND timestamp < %s",
    "resource": "SELECT avg(gpu_utilization), max(gpu_utilization), avg(gpu_memory_used_mb), avg(cpu_utilization), count(*) FROM metrics "
                "WHERE customer_id = %s AND instance_id = %s AND timestamp >= %s AND timestamp < %s"}
ROWS_OF_A_STATEMENT = 1000


class Postgres:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "postgres"
        self.folder.mkdir()
        prefix = []
        if os.getuid() == 0:  # PostgreSQL refuses to run as root.
            shutil.chown(self.folder, "postgres")
            prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data = self.folder / "data"
        subprocess.run([*prefix, BINARIES / "initdb", "-D", data, "-A", "trust", "-U", "compare", "--no-locale", "-E", "UTF8"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/")
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with open(self.folder.parent / "postgres.log", "wb") as log:
            self.server = subprocess.Popen([*prefix, BINARIES / "postgres", "-D", data, "-k", self.folder, *options], stdout=log,
                                           stderr=log, cwd="/")
        wait_until(lambda: (self.folder / ".s.PGSQL.5432").exists(), "PostgreSQL", self.server)
        self.connection = self._connect()
        self.version = "PostgreSQL " + self.connection.info.parameter_status("server_version").split()[0]

    def _connect(self):
        for _ in range(50):
            try:
                connection = psycopg2.connect(host=str(self.folder), user="compare", dbname="postgres")
                connection.autocommit = True
                return connection
            except psycopg2.OperationalError:
                time.sleep(0.2)
        raise SystemExit(f"PostgreSQL takes no connection; see {self.folder.parent}/postgres.log")

    def _empty(self, rows):
        columns = ", ".join(f"{name} {TYPES[kind]} NOT NULL" for name, kind in rows.columns)
        with self.connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS metrics; CREATE TABLE metrics ({columns}); "
                           f"CREATE INDEX metrics_key ON metrics ({INDEX[rows.family]}); CHECKPOINT")

    def copy(self, rows, connections, questions):
        """Each connection copies an equal part as one transaction."""
        self._empty(rows)
        parts = [io.BytesIO(b"".join(rows.lines[i * len(rows.lines) // connections:(i + 1) * len(rows.lines) // connections]))
                 for i in range(connections)]
        sessions = [self._connect() for _ in parts]

        def send(session, part):
            with session.cursor() as cursor:
                cursor.copy_expert("COPY metrics FROM STDIN", part)
        threads = [threading.Thread(target=send, args=pair) for pair in zip(sessions, parts)]
        clock = Clock(self.server.pid)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        figures = clock.stop()
        for session in sessions:
            session.close()
        return self._ask(figures, rows, questions)

    def insert(self, rows, questions):
        """Statements of 1000 rows, made before the clock starts, each a transaction of its own."""
        self._empty(rows)
        with self.connection.cursor() as cursor:
            row = "(" + ", ".join(["%s"] * len(rows.columns)) + ")"
            texts = [cursor.mogrify(row, line.decode().rstrip("\n").split("\t")).decode() for line in rows.lines]
            statements = ["INSERT INTO metrics VALUES " + ", ".join(texts[i:i + ROWS_OF_A_STATEMENT])
                          for i in range(0, len(texts), ROWS_OF_A_STATEMENT)]
            clock = Clock(self.server.pid)
            for statement in statements:
                cursor.execute(statement)
            figures = clock.stop()
        return self._ask(figures, rows, questions)

    def _ask(self, figures, rows, questions):
        figures["question_ms"] = []
        with self.connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE metrics")
            for _ in range(questions):
                begin = time.perf_counter()
                cursor.execute(QUESTION[rows.family], (rows.customer, rows.key, rows.begin, rows.end))
                figures["answer"] = [float(value) for value in cursor.fetchone()]
                figures["question_ms"].append((time.perf_counter() - begin) * 1e3)
            cursor.execute("SELECT pg_table_size('metrics') + pg_indexes_size('metrics')")
            figures["bytes"] = cursor.fetchone()[0]
        return figures

    def close(self):
        self.connection.close()
        stop(self.server)
