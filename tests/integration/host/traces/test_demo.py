"""Traces of the demo as it runs: recorded by `msgflo trace record` and over the protocol, shown by npm's tools and by ours."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokers import Broker
from editors import Editor, editor, run
from msgflo_host.traces import flowtrace
from paths import TESTS
from systems import Coordinator, quick_demo

SHOW = TESTS / "reference/trace/node_modules/.bin/flowtrace-show"
MAIN = "default/main"
LOAD, ALARM = "machine() LOAD -> LEVEL lamp()", "lamp() ALARM -> POWER fan()"


@pytest.fixture(scope="module")
def demo(shared_broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    folder = tmp_path_factory.mktemp("demo")
    with Coordinator(quick_demo(folder), "--plain", broker=shared_broker.url, cwd=folder) as running:
        running.wait(lambda status: status["edges"] and all(edge["kind"] != "pending" for edge in status["edges"]))
        yield running


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "msgflo_host", "trace", *map(str, arguments)]


def shown(file: Path) -> list[str]:
    """The lines that npm's flowtrace-show prints of a file, which are those of `msgflo trace show`."""
    assert SHOW.exists(), "npm's flowtrace is missing: make setup-tests"
    theirs = subprocess.run([SHOW, file], capture_output=True, timeout=50, check=True).stdout
    ours = subprocess.run(command("show", file), capture_output=True, timeout=50, check=True).stdout
    assert ours == theirs
    return theirs.decode().splitlines()


def check_demo(lines: list[str]) -> None:
    """What passes in the demo, and nothing else."""
    packets = [line for line in lines if line != "null"]
    assert sum(re.fullmatch(r"machine LOAD -> LEVEL lamp DATA [\d.]+", line) is not None for line in packets) >= 2
    assert sum(re.fullmatch(r"lamp ALARM -> POWER fan DATA (true|false)", line) is not None for line in packets) >= 1
    others = r'fan STATE -> COOLING lamp DATA "(ON|OFF)"|-> (INTERVAL machine|LIMIT lamp) DATA [\d.]+'
    for line in packets:
        assert re.fullmatch(rf"machine LOAD -> .*|lamp ALARM -> .*|{others}", line), line


async def packets(client: Editor, number: int) -> None:
    """Wait until so many more packets have passed on the demo's first edge, and what follows from one of them."""
    before = seen = len(client.frames)
    for _ in range(number):
        frame = await client.told("network", "data", since=seen, id=LOAD)
        seen = client.frames.index(frame, seen) + 1
    await client.told("network", "data", since=before, id=ALARM)


@pytest.fixture(scope="module")
def recorded(demo: Coordinator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `msgflo trace record` writes of the demo, ended by Ctrl-C."""
    file = tmp_path_factory.mktemp("traces") / "demo.flowtrace.json"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
    address = f"ws://127.0.0.1:{demo.port}"
    process = subprocess.Popen(
        command("record", file, "--address", address), stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == f"recording {MAIN} at {address}; Ctrl-C ends\n"

        async def main() -> None:
            async with editor(demo.port) as client:
                await packets(client, 3)

        run(main)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, process.stderr.read()
    finally:
        process.kill()
        process.communicate()
    return file


def test_what_is_recorded_of_the_demo_is_shown_alike_by_flowtrace_show(recorded: Path) -> None:
    check_demo(shown(recorded))


def test_what_is_recorded_names_the_runtime_and_holds_the_graph(recorded: Path) -> None:
    header = flowtrace.load(recorded).header
    assert header["main"] == header["metadata"]["main"] == MAIN
    assert header["metadata"]["type"] == "msgflo"
    assert header["metadata"]["start"] <= header["metadata"]["end"]
    assert header["graphs"][MAIN]["processes"]["machine"] == {"component": "demo/Machine"}
