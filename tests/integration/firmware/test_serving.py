"""`serve` on each interpreter: a program that goes offline when it is interrupted."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from brokers import Broker
from interpreters import CPYTHON, EVERY, MICROPYTHONS, Interpreter, on_each
from outside import Outside, program

PROGRAM = Path(__file__).parent / "programs" / "served.py"


def send_while_it_waits(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to a program that waits for something to do.

    MicroPython for Unix raises KeyboardInterrupt out of its C code, wherever that is (MICROPY_ASYNC_KBD_INTR); after a
    collection of garbage that was left so, nothing can run. A board raises it between two steps of Python.
    """
    proc = Path("/proc") / str(process.pid)

    def state() -> str:
        return (proc / "stat").read_text().rpartition(")")[2].split()[0]

    def system_call() -> str:
        return (proc / "syscall").read_text().split()[0]

    while True:
        asleep_in = system_call() if state() == "S" else None
        process.send_signal(signal.SIGSTOP)
        while state() != "T":
            time.sleep(0.001)
        if system_call() == asleep_in:  # still: nothing has come meanwhile
            break
        process.send_signal(signal.SIGCONT)
        time.sleep(0.001)
    process.send_signal(number)
    process.send_signal(signal.SIGCONT)


def interrupted(broker: Broker, interpreter: Interpreter, how: signal.Signals) -> None:
    with (
        Outside(broker, "fbp/connection/lamp", "lamp/is-on") as outside,
        program(interpreter, PROGRAM, broker=broker.url) as process,
    ):
        outside.until("fbp/connection/lamp", b"online")
        outside.send("lamp/on", "true")
        assert outside.next("lamp/is-on") == b"true"
        send_while_it_waits(process, how)
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
