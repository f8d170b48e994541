"""The conformance suite of the FBP network protocol: `fbp-test` of npm's fbp-protocol against a real coordinator."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brokers import Broker
from checking_proxy import checked
from editors import editor
from event_loop import run_within
from paths import TESTS
from systems import Coordinator

REFERENCE = TESTS / "reference/fbp"
TESTS = 22
PATIENCE_S = 150


@pytest.fixture
def coordinator(broker: Broker, tmp_path: Path) -> Iterator[Coordinator]:
    with Coordinator("--plain", broker=broker.url, cwd=tmp_path) as running:
        running.wait(lambda status: status["connected"])
        yield running


async def fbp_test(port: int, folder: Path) -> dict[str, Any]:
    """Run the suite as its users do, for as long as a busy machine may need; returns mocha's report."""
    config = {"name": "msgflo", "host": "127.0.0.1", "port": port, "collection": "core", "version": "0.7"}
    (folder / "fbp-config.json").write_text(json.dumps(config))
    process = await asyncio.create_subprocess_exec(
        "node", "node_modules/.bin/fbp-test", "--reporter", "json", "--no-timeouts",
        cwd=REFERENCE, env={**os.environ, "PROJECT_HOME": str(folder)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    report: dict[str, Any] = json.loads(output[output.index(b"{\n") :])
    report["status"] = process.returncode
    return report


@pytest.mark.timeout(PATIENCE_S + 30)
@pytest.mark.parametrize("runs", [1, pytest.param(10, marks=pytest.mark.soak)])
def test_fbp_test_passes_each_time_while_an_editor_watches(coordinator: Coordinator, tmp_path: Path, runs: int) -> None:
    async def main(port: int) -> None:
        async with editor(coordinator.port) as looking:
            await looking.ask("runtime", "getruntime")
            for number in range(runs):
                since = len(looking.frames)
                report = await fbp_test(port, tmp_path)
                failed = [f"{each['fullTitle']}: {each['err'].get('message')}" for each in report["failures"]]
                assert not failed, f"run {number + 1}:\n" + "\n".join(failed)
                assert (len(report["passes"]), report["status"]) == (TESTS, 0)
                # Its frames were checked as they came; the last of a run are these.
                await looking.told("network", "stopped", since=since, graph="bar", running=False)

    with checked(f"ws://127.0.0.1:{coordinator.port}/") as address:
        run_within(PATIENCE_S, lambda: main(int(address.rstrip("/").rpartition(":")[2])))
