"""Four participants in a heap of 100 KB (of 64-bit objects: those of a board are half as large), and what they leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokers import Broker
from interpreters import MICROPYTHONS, Interpreter, on_each
from outside import Outside, program

PROGRAM = Path(__file__).parent / "programs" / "four.py"
ROOM = 6_000  # bytes that must be free, broker there or not


def settled(outside: Outside) -> int:
    """The free memory once it no longer changes: what waited has been sent."""
    latest: list[int] = []
    while len(latest) < 4 or len(set(latest[-4:])) > 1:
        latest.append(int(outside.next("lamp1/free")))
    return latest[-1]


def survive_restarts(broker: Broker, interpreter: Interpreter, times: int) -> None:
    topics = [f"{name}/#" for name in ("sensor1", "sensor2", "lamp1", "lamp2")]
    with Outside(broker, *topics, "lamp1/free") as outside, program(interpreter, PROGRAM, broker.url):
        first = settled(outside)
        print(f"{first} bytes are free")
        for _ in range(times):
            broker.restart()
            outside.reconnected()
            for i in "12":
                value = int(outside.next(f"sensor{i}/value"))
                while int(outside.next(f"lamp{i}/shown")) < value:
                    pass
        last = settled(outside)
        print(f"{last} bytes are free")
        assert first > ROOM
        assert abs(first - last) < 2048
        assert outside.drained("lamp1/error") == outside.drained("lamp2/error") == []


@on_each(MICROPYTHONS)
def test_restarts_of_the_broker_cost_neither_states_nor_memory(broker: Broker, interpreter: Interpreter) -> None:
    survive_restarts(broker, interpreter, 1)


@pytest.mark.soak
@pytest.mark.timeout(300)
@on_each(MICROPYTHONS)
def test_many_restarts_of_the_broker_cost_neither_states_nor_memory(broker: Broker, interpreter: Interpreter) -> None:
    survive_restarts(broker, interpreter, 20)
