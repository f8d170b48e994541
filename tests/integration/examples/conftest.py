"""Runs a folder of examples as a user would, beside a broker of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from brokers import Broker, free_port
from paths import ROOT

EXAMPLES = ROOT / "examples"
PATIENCE_S = 40


class Example:
    """A copy of an example's folder, and `msgflo run` on it; `hurried` are texts of a file and what replaces them."""

    def __init__(self, name: str, broker: Broker, scratch: Path, hurried: tuple[tuple[str, str, str], ...]) -> None:
        self.folder = scratch / name
        shutil.copytree(EXAMPLES / name, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        for file, before, after in hurried:
            text = (self.folder / file).read_text()
            assert before in text, f"{file} is no longer as the test needs it"
            (self.folder / file).write_text(text.replace(before, after))
        self._broker, self._scratch, self._port = broker, scratch, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Example:
        command = [sys.executable, "-m", "msgflo_host", "run", str(self.folder)]
        command += ["--broker", self._broker.url, "--port", str(self._port), "--plain"]
        with (self._scratch / "output").open("wb") as output:
            self._process = subprocess.Popen(command, cwd=self._scratch, stdout=output, stderr=output)
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(30)
        finally:
            self._process.kill()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return (self._scratch / "output").read_text(errors="replace")

    def status(self) -> dict[str, Any]:
        """What the coordinator says of the system."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/status.json", timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def edges(self) -> dict[str, dict[str, Any]]:
        """The edges by their ends, `node.port -> node.port`."""
        return {f"{edge['src']} -> {edge['tgt']}": edge for edge in self.status()["edges"]}

    def state(self, node: str) -> str:
        """Whether a node is alive, asleep, lost or pending; empty for one that is not there."""
        return next((str(each["state"]) for each in self.status()["nodes"] if each["id"] == node), "")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Return as soon as a condition holds; it is a failure if that takes longer than 40 s."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with suppress(OSError):  # the page is not up yet
                if condition():
                    return
            assert self._process is not None
            assert self._process.poll() is None, f"it has ended:\n{self.output}"
            assert time.monotonic() < deadline, f"no {what} within {PATIENCE_S} s:\n{self.output}"
            time.sleep(0.05)

    def wait_for_data_on(self, *edges: str) -> None:
        """Return as soon as each of these edges, and there must be no others, has carried a packet."""
        self.wait(lambda: self.edges().keys() == set(edges), f"edges {edges}")
        self.wait(lambda: all(edge["packets"] for edge in self.edges().values()), "data on every edge")


@pytest.fixture
def run(broker: Broker, tmp_path: Path) -> Iterator[Callable[..., Example]]:
    """Starts examples by their names; all end with the test."""
    running: list[Example] = []

    def start(name: str, *hurried: tuple[str, str, str]) -> Example:
        example = Example(name, broker, tmp_path, hurried)
        running.append(example.__enter__())
        return example

    yield start
    for example in running:
        example.__exit__()


class Ear:
    """Hears what passes on some topics."""

    def __init__(self, broker: Broker, *topics: str) -> None:
        self._heard: list[tuple[str, Any]] = []
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda client, data, message: self._heard.append((message.topic, message.payload))
        self._client.connect("127.0.0.1", broker.port)
        for topic in topics:
            self._client.subscribe(topic, 1)

    def wait_for(self, accept: Callable[[str, Any], bool]) -> Any:
        """Return the first value that is accepted, read as JSON or else as text; what came before it is forgotten."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            while self._heard:
                topic, payload = self._heard.pop(0)
                value = _value(payload)
                if accept(topic, value):
                    return value
            assert time.monotonic() < deadline, f"nothing that was waited for within {PATIENCE_S} s"
            self._client.loop(0.1)

    def say(self, topic: str, value: Any, *, retain: bool = False) -> None:
        """Publish a value as JSON."""
        self._client.publish(topic, json.dumps(value, separators=(",", ":")), qos=1, retain=retain)


def _value(payload: bytes) -> Any:
    try:
        return json.loads(payload) if payload else None
    except ValueError:
        return payload.decode()


@pytest.fixture
def ear(broker: Broker) -> Callable[..., Ear]:
    """Makes an Ear for some topics."""
    return lambda *topics: Ear(broker, *topics)


@pytest.fixture
def examples() -> Path:
    """The folder that holds them."""
    return EXAMPLES


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MSGFLO_")]:
        monkeypatch.delenv(name)
