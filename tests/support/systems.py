"""Whole programs under test: a coordinator as users start it, and participants in this process."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from bench.wire import connect, publish_frame
from brokers import Broker, free_port
from msgflo import Participant, Port, Session
from paths import ROOT

Status = dict[str, Any]

EXAMPLES = ROOT / "examples"


class Coordinator:
    """`msgflo run` in a process of its own, on a port of its own; a context manager that ends it."""

    def __init__(self, *arguments: str | Path, broker: str | None, cwd: Path | None = None) -> None:
        self.port = free_port()
        self.command = [sys.executable, "-m", "msgflo_host", "run", *map(str, arguments), "--port", str(self.port)]
        if broker is not None:
            self.command += ["--broker", broker]
        if any(isinstance(each, Path) and EXAMPLES in each.parents for each in arguments):
            self.command.append("--no-save")  # the examples of this repository stay as they are
        self.cwd = cwd
        self.environment: dict[str, str] = {}
        self.process: subprocess.Popen[str] | None = None
        self.lines: list[str] = []
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.cwd,
            env=environment | self.environment,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.lines.extend(line.rstrip("\n") for line in process.stdout)

    @property
    def output(self) -> str:
        """What it has printed so far, all starts together."""
        return "\n".join(self.lines)

    def status(self) -> Status:
        """What it says of itself; raises OSError while it does not answer."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status.json", timeout=20) as answer:
            status: Status = json.load(answer)
            return status

    def wait(self, condition: Callable[[Status], Any], *, seconds: float = 40) -> Status:
        """Wait until the state of the system fulfils a condition; returns it."""
        deadline = time.monotonic() + seconds
        status: Status = {}
        while time.monotonic() < deadline:
            with suppress(OSError, urllib.error.URLError):
                status = self.status()
                if condition(status):
                    return status
            assert self.process is not None
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"not reached; state:\n{json.dumps(status, indent=1)}\noutput:\n{self.output}")

    def kill(self) -> None:
        """As a power cut would: what it has started has no time for a last word either."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)  # it would start again what is killed
        for part in self.parts("coordinator"):
            part.kill()
        self._end(signal.SIGKILL)

    def parts(self, words: str) -> list[psutil.Process]:
        """The processes that it has started: `coordinator`, `forward`, or those with these words in their command.

        Of paths only the last name counts: the folders of a test are called like the test.
        """
        assert self.process is not None
        found = []
        its_name = {"coordinator": "msgflo-control", "forward": "msgflo-data"}.get(words)
        for each in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                command = " ".join(Path(word).name for word in each.cmdline()[:7])
                if each.name() == its_name if its_name else words in command:
                    found.append(each)
        return found

    def part(self, words: str) -> psutil.Process:
        """The only one of them."""
        (found,) = self.parts(words)
        return found

    def stop(self) -> int:
        """As Ctrl-C would; returns the exit code. Then there is all of its output."""
        code = self._end(signal.SIGINT)
        assert self._reader is not None
        self._reader.join(10)
        return code

    def _end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(30)

    def __enter__(self) -> Coordinator:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()


def edge(status: Status, src: str, tgt: str) -> Status:
    """The state of one edge, by its dotted ends."""
    absent = {"kind": "absent"}
    return next((found for found in status["edges"] if (found["src"], found["tgt"]) == (src, tgt)), absent)


def discovery_message(role: str, **rest: Any) -> str:
    """What a program that is not ours says about itself."""
    payload = {"id": "", "role": role, "component": "x/Y", "inports": [], "outports": [], **rest}
    return json.dumps({"protocol": "discovery", "command": "participant", "payload": payload})


def node(status: Status, name: str) -> Status:
    """The state of one node; an empty one where it is not known."""
    return next((found for found in status["nodes"] if found["id"] == name), {"state": "unknown"})


def quick_demo(scratch: Path) -> Path:
    """A copy of the demo in which the machine is read ten times a second."""
    folder = scratch / "demo"
    shutil.copytree(EXAMPLES / "demo", folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / "graph.fbp").read_text()
    assert "\n1 -> INTERVAL machine\n" in text
    (folder / "graph.fbp").write_text(text.replace("\n1 -> INTERVAL", "\n0.1 -> INTERVAL"))
    return folder


class Source(Participant):
    """Sends what a test tells it to send."""

    component = "test/Source"
    outports = (Port("out"), Port("value", state=True), Port("error"))


class Sink(Participant):
    """Keeps what it receives."""

    component = "test/Sink"
    inports = (Port("in"), Port("other"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.received: list[Any] = []

    def process(self, inport: str, msg: Any) -> None:
        self.received.append(msg.data if inport == "in" else (inport, msg.data))


class Participants:
    """Participants of ours in a thread of this process; a context manager that stops them."""

    def __init__(self, *participants: Participant, broker: str, **options: Any) -> None:
        self.session = Session(participants, broker, **options)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.session.run()

    def __enter__(self) -> Participants:
        self._thread.start()
        until(lambda: self.session.connected)
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self.session.stop(), self._loop).result(30)
        self._thread.join(30)


def forget(port: int, *ids: str) -> None:
    """Clear on the broker at a port what participants have announced: they are known to nobody any more."""
    with connect(port, f"forget-{ids[0]}") as client:
        client.sendall(b"".join(publish_frame(f"fbp/participant/{id}", b"", retain=True) for id in ids))


@contextmanager
def visiting(broker: Broker, *participants: Participant) -> Iterator[None]:
    """Participants on a broker that others use as well; nothing is left of them when the block ends."""
    try:
        with Participants(*participants, broker=broker.url):
            yield
    finally:
        forget(broker.port, *(participant.id for participant in participants))


def until(condition: Callable[[], Any], *, seconds: float = 30, what: str = "") -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or condition}"
        time.sleep(0.005)


@contextmanager
def program(*arguments: str | Path, broker: str) -> Iterator[subprocess.Popen[bytes]]:
    """A `msgflo` command in a process of its own; ended when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "msgflo_host", *map(str, arguments)], env=os.environ | {"MSGFLO_BROKER": broker}
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)
