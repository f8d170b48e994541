"""A Mosquitto of the benchmark's own, as it comes but for the Nagle delay that every MsgFlo system turns off."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

__all__ = ("PROGRAM", "Mosquitto", "free_port")

PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin") or "mosquitto"


def free_port() -> int:
    """A loopback TCP port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """One broker process on a free loopback port; a context manager that starts and stops it.

    It logs subscriptions only, so that `wait_for_subscription` can tell when a program listens.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self._subscribed: set[str] = set()
        self._changed = threading.Condition()

    def __enter__(self) -> Mosquitto:
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "set_tcp_nodelay true"]
        if os.geteuid() == 0:
            lines.append("user root")  # otherwise it drops to the user mosquitto, who cannot read this folder
        configuration = self._folder / "mosquitto.conf"
        configuration.write_text("\n".join([*lines, "log_type subscribe", "log_dest stderr", ""]))
        self._process = subprocess.Popen([PROGRAM, "-c", str(configuration)], stderr=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self._wait_until_it_accepts()
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._reader.join(5)
        shutil.rmtree(self._folder, ignore_errors=True)

    def wait_for_subscription(self, topics: tuple[str, ...], timeout: float = 30) -> None:
        """Return as soon as a client has subscribed to one of these topics or filters; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._subscribed.intersection(topics), timeout):
                raise TimeoutError(f"nothing subscribed to {' or '.join(topics)} within {timeout:.0f} s")

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:  # "<time>: <client id> <QoS> <topic>"
            with self._changed:
                self._subscribed.add(line.split(" ")[-1].strip())
                self._changed.notify_all()

    def _wait_until_it_accepts(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{PROGRAM} did not start on port {self.port}")
            time.sleep(0.005)
