"""The programs that are compared: our coordinator and MsgFlo's, each with one graph and devices that know neither.

The devices are foreign to both: announced by discovery messages, without direct bindings, so every edge is forwarded.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from .broker import Mosquitto, free_port
from .wire import connect, publish_frame

__all__ = ("INTEROP", "NPM", "OURS", "Coordinator", "Wiring", "announce", "device", "npm_is_installed")

INTEROP = Path(__file__).resolve().parent.parent / "tests/integration/interop"
_UNSUBSCRIBED_S = 1.5
_DISCOVERY = ("fbp", "#", "fbp/#")  # what a coordinator may subscribe to in order to hear of participants


@dataclass(frozen=True)
class Wiring:
    """Edges from outports of one role to inports of another: pairs of topics, in order."""

    pairs: tuple[tuple[str, str], ...]
    source: str = "source"
    target: str = "target"

    def graph(self) -> dict[str, object]:
        """The graph in JSON form, as both coordinators read it."""
        roles = (self.source, self.target)
        return {
            "properties": {"name": "main", "environment": {"type": "msgflo"}},
            "processes": {role: {"component": "bench/Device", "metadata": {}} for role in roles},
            "connections": [
                {"src": {"process": self.source, "port": out}, "tgt": {"process": self.target, "port": into}}
                for out, into in self._ports()
            ],
        }

    def participants(self) -> list[dict[str, object]]:
        """Both devices as their discovery messages describe them."""
        outports = {out: source for (out, _), (source, _) in zip(self._ports(), self.pairs, strict=True)}
        inports = {into: target for (_, into), (_, target) in zip(self._ports(), self.pairs, strict=True)}
        return [device(self.source, {}, outports), device(self.target, inports, {})]

    def _ports(self) -> list[tuple[str, str]]:
        sources = list(dict.fromkeys(source for source, _ in self.pairs))
        return [(f"o{sources.index(source)}", f"i{i}") for i, (source, _) in enumerate(self.pairs)]


def device(role: str, inports: dict[str, str], outports: dict[str, str]) -> dict[str, object]:
    """What a device without our library says of itself; the ports are given as port id -> topic."""
    ports = {
        name: [{"id": port, "type": "any", "queue": topic} for port, topic in given.items()]
        for name, given in (("inports", inports), ("outports", outports))
    }
    return {"id": role, "role": role, "component": "bench/Device", "label": "", "icon": "cog", **ports}


def announce(port: int, participants: list[dict[str, object]]) -> None:
    """Publish each participant's discovery message once, as devices without our library do: not retained."""
    messages = ({"protocol": "discovery", "command": "participant", "payload": payload} for payload in participants)
    with connect(port, "bench-devices") as sock:
        sock.sendall(b"".join(publish_frame("fbp", json.dumps(message).encode()) for message in messages))


class Coordinator:
    """A coordinator with its graph on a broker; a context manager that starts and ends the program.

    `name` is shown in tables, `command(broker URL, port, graph file)` gives the arguments to start it with.
    """

    def __init__(self, kind: Kind, broker: Mosquitto, graph: dict[str, object]) -> None:
        self.kind, self.broker = kind, broker
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="bench-"))
        (self._folder / "graph.json").write_text(json.dumps(graph))
        (self._folder / "library.json").write_text('{"components": {}}')

    def __enter__(self) -> Coordinator:
        log = (self._folder / "log").open("wb")
        arguments = [argument.format(url=self.broker.url, port=self.port) for argument in self.kind.command]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
        self.process = psutil.Popen(
            arguments, cwd=self._folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except psutil.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)

    def wait_until_it_listens(self) -> None:
        """Return when it has subscribed to discovery messages; RuntimeError with what it wrote if it does not."""
        try:
            self.broker.wait_for_subscription(_DISCOVERY)
        except TimeoutError as error:
            raise RuntimeError(f"{self.kind.name}: {error}; it wrote:\n{self.output()}") from None

    def wait_until_served(self, timeout: float = 30) -> None:
        """Return when its page answers: then it has started whole, and what follows is not its start."""
        deadline = time.monotonic() + timeout
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/")
                connection.getresponse().read()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise TimeoutError(
                        f"{self.kind.name}: its page did not answer; it wrote:\n{self.output()}"
                    ) from None
                time.sleep(0.05)
            finally:
                connection.close()

    def wait_until_unwatched(self, timeout: float = 30) -> None:
        """Return when it counts packets no more: ours does so at first, and prints how many there are."""
        deadline = time.monotonic() + timeout
        while self.kind.counted not in self.output():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.kind.name}: no {self.kind.counted!r} in its output:\n{self.output()}")
            time.sleep(0.1)
        time.sleep(_UNSUBSCRIBED_S if self.kind.counted else 0)

    def output(self) -> str:
        """What it has written to its terminal so far."""
        return (self._folder / "log").read_text(errors="replace")

    def cpu_seconds(self) -> float:
        """User and system time that its processes have used."""
        return float(sum(times.user + times.system for times in (p.cpu_times() for p in self._processes())))

    def memory(self) -> float:
        """Memory of its processes in MB: their proportional set size, in which what they share counts once."""
        return float(sum(process.memory_full_info().pss for process in self._processes()) / 1e6)

    def child(self, name: str) -> psutil.Process:
        """The process of this name that it has started."""
        (found,) = (each for each in self.process.children() if each.name() == name)
        return found

    def _processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@dataclass(frozen=True)
class Kind:
    """A coordinator program: its name in tables and how it is started; `{url}` and `{port}` are filled in.

    It prints `counted` when it has counted the packets of its edges.
    """

    name: str
    command: tuple[str, ...]
    counted: str = ""


_OPTIONS = ("--broker", "{url}", "--port", "{port}")
OURS = Kind(
    "ours",
    (str(Path(sys.executable).parent / "msgflo"), "run", "graph.json", *_OPTIONS),
    counted="\nnodes: ",
)
_NPM_PROGRAM = INTEROP / "node_modules" / "msgflo" / "bin" / "msgflo"
NPM = Kind(
    "npm msgflo",
    ("node", str(_NPM_PROGRAM), "--graph", "graph.json", "--library", "library.json", *_OPTIONS),
)


def npm_is_installed() -> bool:
    """Whether tests/integration/interop/setup.sh has installed MsgFlo's npm packages."""
    return shutil.which("node") is not None and _NPM_PROGRAM.exists()
