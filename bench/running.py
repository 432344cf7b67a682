"""Processes and brokers of a measurement: started here, ended here, on loopback, in a folder that goes away."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]


class Missing(RuntimeError):
    """A program that this measurement needs is not on this machine."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def until(condition: Callable[[], object], seconds: float = 30, pause: float = 0.02) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not happen in time")
        time.sleep(pause)


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Machine:
    """A folder, a port for MQTT, and the processes on them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.children = folder, free_port(), []
        self.environment = {
            **os.environ, "COAST_HOME": str(folder / "home"), "COAST_MQTT": f"127.0.0.1:{self.port}", "COAST_LOG_RESERVE": "1000000",
            "COAST_EMBEDDED_PORT": str(self.port), "COAST_CONSOLE_PORT": str(free_port()), "COAST_LOG_LEVEL": "error",
        }  # fmt: skip
        (folder / "home").mkdir()

    def start(self, command: Sequence[str], *, pipes: bool = True) -> subprocess.Popen:
        pipe = subprocess.PIPE if pipes else subprocess.DEVNULL
        child = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdin=pipe, stdout=pipe, text=True)
        self.children.append(child)
        return child

    def python(self, *arguments: str) -> subprocess.Popen:
        return self.start([sys.executable, "-m", *arguments])

    def mosquitto(self) -> None:
        """Bounded: a session may hold what the load is, no more."""
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise Missing("mosquitto")
        (self.folder / "m.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\nmax_queued_messages 500000\npersistence false\n"
            "set_tcp_nodelay true\nlog_type error\n"
        )
        self.start([program, "-c", str(self.folder / "m.conf")], pipes=False)
        until(lambda: listens(self.port))

    def embedded(self) -> None:
        self.python("coast_guardian", "broker")
        until(lambda: listens(self.port))

    def stop(self, child: subprocess.Popen, seconds: float = 15) -> None:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def close(self) -> None:
        for child in reversed(self.children):
            self.stop(child)


@contextmanager
def machine() -> Iterator[Machine]:
    with TemporaryDirectory(prefix="coast-bench-") as folder:
        one = Machine(Path(folder))
        try:
            yield one
        finally:
            one.close()
