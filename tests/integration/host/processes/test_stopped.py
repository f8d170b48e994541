"""While the coordinator stands still, every edge goes on carrying packets, and what dies is started again."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import club
from brokers import Broker as Mosquitto
from listening import Ear
from systems import Coordinator, until

SECONDS = 600


def turns(seconds: float) -> Iterator[int]:
    """Count from 1 until the time is over."""
    end = time.monotonic() + seconds
    return itertools.takewhile(lambda _: time.monotonic() < end, itertools.count(1))


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_every_edge_of_a_club_carries_packets_while_the_coordinator_stands_still(tmp_path: Path) -> None:
    (tmp_path / "graph.json").write_text(club.graph())
    with (
        Mosquitto() as broker,
        club.devices(broker.port) as devices,
        Coordinator(tmp_path / "graph.json", "--plain", broker=broker.url, cwd=tmp_path) as system,
    ):
        system.wait(lambda status: [each["kind"] for each in status["edges"]] == ["forwarded"] * len(club.EDGES))
        ear = Ear(broker)

        def all_carry(turn: int) -> bool:
            """Whether a packet from each outport has come to the ends of all its edges."""
            heard = {(value["from"], value["turn"], topic) for topic, value in ear.heard if topic.startswith("club/")}
            return all((src, turn, f"club/{tgt.replace('.', '/')}") in heard for src, tgt in club.EDGES)

        def send(turn: int) -> None:
            ear.heard.clear()
            for outport in club.OUTPORTS:
                devices.send(outport, {"from": outport, "turn": turn})

        system.part("coordinator").suspend()
        for turn in turns(SECONDS):
            send(turn)
            until(lambda turn=turn: all_carry(turn))
        data_plane = system.part("forward")
        data_plane.kill()
        until(lambda: system.parts("forward") not in ([], [data_plane]))
        # What such devices send while its subscriptions are gone is lost: QoS 0.
        again = itertools.count(turn + 1)

        def carry_again() -> bool:
            send(turn := next(again))
            time.sleep(0.1)
            return all_carry(turn)

        until(carry_again)
        system.part("coordinator").resume()
        ear.stop()
