"""Who returns to many waiting packets takes them at its own pace: with the memory of a board, too."""

from __future__ import annotations

from pathlib import Path

from brokers import Broker
from interpreters import EVERY, Interpreter, on_each
from outside import Outside, program

PROGRAM = Path(__file__).parent / "programs" / "waiting.py"
COUNT = 10_000
STATUS = "fbp/connection/board"


@on_each(EVERY)
def test_whoever_returns_to_10_000_waiting_packets_handles_all_in_order(interpreter: Interpreter) -> None:
    with Broker(extra="max_queued_messages 0") as broker, Outside(broker, "board/out", "board/late", STATUS) as outside:
        with program(interpreter, PROGRAM, broker.url):
            outside.until(STATUS, b"online")
        outside.until(STATUS, b"lost")
        for number in range(COUNT):
            outside.send("board/in" if number % 2 else "board/slow", str(number))
        with program(interpreter, PROGRAM, broker.url):
            for topic, first in (("board/out", 1), ("board/late", 0)):
                got = [int(outside.next(topic)) for _ in range(COUNT // 2)]
                assert got == [*range(first, COUNT, 2)]
