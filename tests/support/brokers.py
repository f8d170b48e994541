"""A real Mosquitto for tests: on a free loopback port, with its own folder, stopped and started at will."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
MOSQUITTO_PASSWD = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"
_OF_A_WORKER = 2_600


def _candidates() -> Iterator[int]:
    """Ports below what systems give away themselves, so that nobody is given one between the call and its use.

    Each worker of pytest-xdist has a range of its own, for what it has given out may stop and start again. In there each
    process begins elsewhere.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw7").removeprefix("gw")) % 8
    first = 11_000 + worker * _OF_A_WORKER
    start = os.getpid() * 997 % _OF_A_WORKER
    return itertools.cycle([*range(first + start, first + _OF_A_WORKER), *range(first, first + start)])


_free = _candidates()


def free_port() -> int:
    """A loopback TCP port that nothing listens on now, and another one at each call."""
    for port in _free:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable: the candidates never end")


def accepts(port: int) -> bool:
    """Whether something accepts TCP connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """One Mosquitto process; a context manager that starts and stops it.

    ``users`` maps names to passwords (then anonymous clients are refused), ``acl`` is the text of an access file, ``tls``
    a ``(server certificate, key)`` pair of PEM files, ``extra`` lines are added to the configuration as they are.
    """

    def __init__(
        self,
        *,
        users: dict[str, str] | None = None,
        acl: str | None = None,
        tls: tuple[Path, Path] | None = None,
        persistence: bool = True,
        port: int | None = None,
        extra: str = "",
    ) -> None:
        if MOSQUITTO is None:
            raise FileNotFoundError("mosquitto is not installed (Debian: apt install mosquitto)")
        self.port = port or free_port()
        self.users, self.acl, self.tls, self.persistence, self.extra = users or {}, acl, tls, persistence, extra
        self.folder = Path(tempfile.mkdtemp(prefix="broker-"))
        self.process: subprocess.Popen[bytes] | None = None
        self._write_configuration()

    @property
    def url(self) -> str:
        """The address for clients, without user name and password."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{'localhost' if self.tls else '127.0.0.1'}:{self.port}"

    @property
    def log(self) -> str:
        """What Mosquitto has written so far."""
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start and wait until it accepts connections (at most 30 s)."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(MOSQUITTO), "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log
            )
        deadline = time.monotonic() + 30
        while not accepts(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"mosquitto did not start:\n{self.log}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it as an administrator would (SIGTERM: it saves its retained messages)."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start on the same port with the same retained messages."""
        self.stop()
        self.start()

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()  # what it would save is removed
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        deadline = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < deadline:
            self.process.send_signal(how)  # again and again: it forgets one that comes while it starts
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
        self.process.wait(0)
        self.process = None

    def _write_configuration(self) -> None:
        lines = [
            f"listener {self.port} 127.0.0.1",
            "set_tcp_nodelay true",
            "max_queued_messages 100000",
            f"allow_anonymous {'false' if self.users else 'true'}",
            "log_type all",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # otherwise it drops to the user mosquitto, who cannot write this folder
        if self.persistence:
            lines += ["persistence true", f"persistence_location {self.folder}/"]
        if self.users:
            passwords = self.folder / "passwords"
            passwords.touch(mode=0o600)
            for name, password in self.users.items():
                subprocess.run(
                    [MOSQUITTO_PASSWD, "-b", str(passwords), name, password], check=True, capture_output=True
                )
            lines.append(f"password_file {passwords}")
        if self.acl is not None:
            (self.folder / "acl").write_text(self.acl)
            (self.folder / "acl").chmod(0o600)
            lines.append(f"acl_file {self.folder / 'acl'}")
        if self.tls:
            lines += [f"certfile {self.tls[0]}", f"keyfile {self.tls[1]}"]
        (self.folder / "mosquitto.conf").write_text("\n".join([*lines, self.extra, ""]))
