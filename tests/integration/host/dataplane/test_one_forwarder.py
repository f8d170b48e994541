"""Of two `msgflo forward` on one broker one carries packets; the other one waits, and takes over."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokers import Broker as Mosquitto
from forwarding import LIST, client
from msgflo_host.wire.forward_list import Forward, ForwardList, write_list
from systems import Coordinator, until

Start = Callable[[str], subprocess.Popen[bytes]]
SOURCE = write_list(ForwardList(1, frozenset({Forward("s", "t", 1)})))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `msgflo forward`, whose log goes to a file of its process id."""
    started = []

    def begin(broker: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "msgflo_host", "forward", "--broker", broker]
        with (tmp_path / "new").open("wb") as log:
            started.append(subprocess.Popen(command, stderr=log))
        (tmp_path / "new").rename(tmp_path / str(started[-1].pid))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_second_one_waits_and_takes_over_and_no_packet_of_qos_1_is_lost(
    start: Start, tmp_path: Path, how: signal.Signals
) -> None:
    def log(process: subprocess.Popen[bytes]) -> str:
        return (tmp_path / str(process.pid)).read_text()

    async def main(broker: Mosquitto) -> None:
        async with client(broker.url, "t", "fbp/connection/msgflo-forwarder") as other:
            left_over = {"id": "of one that died together with the broker", "host": "here", "process": 1}
            other.publish("fbp/forwarder", json.dumps(left_over).encode(), qos=1, retain=True)
            other.publish(LIST, SOURCE, qos=1, retain=True)
            first = start(broker.url)
            await asyncio.to_thread(until, lambda: ": forwarding" in log(first))
            second = start(broker.url)
            await asyncio.to_thread(until, lambda: "another forwarder" in log(second))
            (line,) = log(second).splitlines()
            host = os.uname().nodename
            assert line.endswith(
                f" {broker.url}: another forwarder is in charge of this broker (process {first.pid} on {host}): "
                "this one waits until that has ended"
            )
            sent = 0
            while ": forwarding" not in log(second):
                sent += 1
                await other.send("s", str(sent).encode(), qos=1)
                await asyncio.sleep(0.005)
                if sent == 100:
                    assert first.poll() is None
                    assert len(log(first).splitlines()) == 1, "nobody took its connections"
                    first.send_signal(how)
            await other.send("s", b"0", qos=1)
            async with asyncio.timeout(30):
                while not any(packet[:2] == ("t", b"0") for packet in other.received):
                    await asyncio.sleep(0.005)
            passed = [int(payload) for topic, payload, _ in other.received if topic == "t"]
            assert list(dict.fromkeys(passed)) == [*range(1, sent + 1), 0]
            assert len(log(second).splitlines()) == 2

    with Mosquitto() as broker:
        asyncio.run(main(broker))


def test_beside_a_run_on_its_own_broker_one_waits(start: Start, tmp_path: Path) -> None:
    with Coordinator("--data", tmp_path / "data", broker=None, cwd=tmp_path) as system:
        url = system.wait(lambda status: status["connected"])["broker"]
        waiting = start(url)
        until(lambda: "another forwarder" in (tmp_path / str(waiting.pid)).read_text())
        assert system.process is not None
        assert f"(process {system.process.pid} on " in (tmp_path / str(waiting.pid)).read_text()
