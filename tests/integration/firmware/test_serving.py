"""`serve` on each interpreter: a program that goes offline when it is interrupted."""

from __future__ import annotations

import signal
from pathlib import Path

from brokers import Broker
from interpreters import CPYTHON, EVERY, MICROPYTHONS, Interpreter, on_each
from outside import Outside, program

PROGRAM = Path(__file__).parent / "programs" / "served.py"


def interrupted(broker: Broker, interpreter: Interpreter, how: signal.Signals) -> None:
    with (
        Outside(broker, "fbp/connection/lamp", "lamp/is-on") as outside,
        program(interpreter, PROGRAM, broker=broker.url) as process,
    ):
        outside.until("fbp/connection/lamp", b"online")
        outside.send("lamp/on", "true")
        assert outside.next("lamp/is-on") == b"true"
        process.send_signal(how)
        outside.until("lamp/is-on", b'"off at the end"')  # what the broker had not yet acknowledged may come again
        assert outside.next("fbp/connection/lamp") == b"offline"
        assert process.wait(30) == 0
        assert process.stdout is not None
        printed = process.stdout.read()
        assert printed.endswith("ended\n"), printed
        # MicroPython's event loop may tell of a task that the interrupt has met in the loop itself.
        assert printed == "ended\n" or interpreter in MICROPYTHONS, printed


@on_each(EVERY)
def test_ctrl_c_takes_participants_offline_in_order(broker: Broker, interpreter: Interpreter) -> None:
    interrupted(broker, interpreter, signal.SIGINT)


def test_sigterm_does_so_too(broker: Broker) -> None:
    interrupted(broker, CPYTHON, signal.SIGTERM)


@on_each(EVERY)
def test_a_killed_program_is_lost(broker: Broker, interpreter: Interpreter) -> None:
    with Outside(broker, "fbp/connection/lamp") as outside, program(interpreter, PROGRAM, broker=broker.url) as process:
        outside.until("fbp/connection/lamp", b"online")
        process.kill()
        assert outside.next("fbp/connection/lamp") == b"lost"
