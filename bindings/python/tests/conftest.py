"""Stores for the tests: the engine in this process, and the built server over TCP."""

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from datetime import datetime, timedelta, timezone

import pytest

import optiinfra

# Set by sanitizers.sh: the extension is checked, and neither the engine nor other processes.
IS_SANITIZED = "OPTIINFRA_SANITIZED" in os.environ

PROGRAM = os.environ.get("OPTIINFRA_PROGRAM", "")
# Whole hours ago: no row of a test falls into the hour that is going on. Programs that a test starts take the same one,
# also when an hour ends meanwhile.
HOUR = datetime.fromisoformat(os.environ.setdefault(
    "OPTIINFRA_TEST_HOUR",
    (datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)).isoformat()))


def pytest_collection_modifyitems(items):
    if IS_SANITIZED:
        items[:] = [item for item in items if not {"run", "embedded_url", "guarded"} & set(item.fixturenames)]


@pytest.fixture(scope="session")
def embedded_url(tmp_path_factory):
    return f"embedded:{tmp_path_factory.mktemp('embedded') / 'store'}"


@pytest.fixture(scope="session")
def client(request):
    """The session's embedded store: a process can have one open."""
    url = request.getfixturevalue("server_url" if IS_SANITIZED else "embedded_url")
    with optiinfra.connect(url, create=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The URL of a server, its process and the URL of its API."""
    if not PROGRAM:
        pytest.skip("OPTIINFRA_PROGRAM does not name the program")
    folder = tmp_path_factory.mktemp("server")
    log = folder / "log"
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    process = subprocess.Popen([PROGRAM, "server", "--path", folder / "store", "--tcp-port", "0", "--http-port", "0",
                                "--api-port", "0", "--log-file", log], stdout=subprocess.PIPE, text=True, env=environment)
    ready = process.stdout.readline()
    ports = re.match(r"ready tcp=[^ ]*:(\d+) http=[^ ]* api=(\S+)", ready)
    assert ports, f"the server said {ready!r}"
    yield f"clickhouse://default@127.0.0.1:{ports.group(1)}/optiinfra", process, f"api://{ports.group(2)}"
    process.terminate()
    process.wait(timeout=60)


@pytest.fixture(scope="session")
def server_url(server):
    return server[0]


@pytest.fixture(scope="session")
def api_url(server):
    return server[2]


def stop(process):
    """Stops a process: SIGSTOP, which its threads obey one after the other."""
    def is_stopped(thread):
        with open(f"/proc/{process}/task/{thread}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "T"
    os.kill(process, signal.SIGSTOP)
    while not all(map(is_stopped, os.listdir(f"/proc/{process}/task"))):
        time.sleep(0.001)


@pytest.fixture
def run(tmp_path):
    """Runs a Python program in a process of its own; gives what it printed."""
    def run_program(text, *arguments, check=True, **environment):
        script = tmp_path / "program.py"
        script.write_text(text)
        done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, timeout=120,
                              env={**os.environ, **environment})
        assert not check or done.returncode == 0, done.stderr
        return done
    return run_program


@pytest.fixture
def ids():
    """A customer and a service that no other test has."""
    return uuid.uuid4(), uuid.uuid4()


ROWS = {
    "cost": {"timestamp": HOUR, "customer_id": None, "cloud_provider": "aws", "cost_per_hour": 2.5},
    "performance": {"timestamp": HOUR, "customer_id": None, "service_id": None, "latency_ms": 100.0},
    "resource": {"timestamp": HOUR, "customer_id": None, "instance_id": "i-1"},
    "quality": {"timestamp": HOUR, "customer_id": None, "service_id": None, "overall_quality_score": 0.5},
    "serving": {"timestamp": HOUR, "customer_id": None, "service_id": None, "instance_id": "i-1", "interval_seconds": 15.0},
}


def row_of(family, ids, **more):
    """The least that a row of the family must have, and more."""
    row = dict(ROWS[family], customer_id=ids[0], **more)
    if "service_id" in ROWS[family]:
        row.setdefault("service_id", ids[1])
        row["service_id"] = row["service_id"] or ids[1]
    return row
