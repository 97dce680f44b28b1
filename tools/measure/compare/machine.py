"""What the systems of tools/measure/compare share: processes, their processor time, and the size of folders."""
import os
import pathlib
import platform
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _stat(pid):
    """Parent, and seconds of the process and of the children it has waited for."""
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(words[1]), sum(map(int, words[11:15])) / TICKS


def cpu_of_tree(pid):
    """Processor seconds of a server: its process, those below it, and those of them that have ended."""
    parents, seconds = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parents[int(entry)], seconds[int(entry)] = _stat(entry)
            except (OSError, IndexError):
                pass  # It ended meanwhile; its parent has its seconds.
    def is_below(process):
        while process in parents:
            if process == pid:
                return True
            process = parents[process]
        return False
    return sum(spent for process, spent in seconds.items() if is_below(process))


class Clock:
    """Wall and processor time since it was made, of this process and the server `pid`."""

    def __init__(self, pid):
        self.pid = pid
        self.cpu_begin = self._cpu()
        self.begin = time.perf_counter()

    def _cpu(self):
        return time.process_time() + cpu_of_tree(self.pid)

    def stop(self):
        seconds = time.perf_counter() - self.begin
        return {"seconds": seconds, "cpu_seconds": self._cpu() - self.cpu_begin}


def wait_until(is_ready, what, server):
    for _ in range(300):
        try:
            if is_ready():
                return
        except OSError:
            pass  # It does not listen yet.
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"{what} did not start")


def stop(server):
    server.terminate()
    try:
        server.wait(60)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def bytes_below(folder):
    return sum(file.stat().st_blocks * 512 for file in pathlib.Path(folder).rglob("*") if file.is_file())


def value_in(file, name):
    for line in pathlib.Path(file).read_text().splitlines():
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return ""


def load():
    return os.getloadavg()[0]


def circumstances(root):
    def says(*command):
        return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout.strip()
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return {"processor": value_in("/proc/cpuinfo", "model name"), "cores": os.cpu_count(),
            "memory_bytes": int(value_in("/proc/meminfo", "MemTotal").split()[0]) * 1024,
            "system": f"{system}, {platform.system()} {platform.release()}",
            "disk": says("findmnt", "-n", "-o", "FSTYPE", "-T", "/var/tmp"), "load_before": load(),
            "program": says("git", "describe", "--always", "--dirty")}
