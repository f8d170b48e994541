"""A program is stopped over a serial port, whatever it prints; a pseudo terminal stands for the port."""

from __future__ import annotations

import os
import select
import threading
import tty

import pytest

from msgflo_host.boards.flashing import serial_board
from msgflo_host.boards.flashing.serial_board import NoMicroPython, connected
from msgflo_host.boards.flashing.serial_log import SerialLog
from msgflo_host.errors import FlashError

CTRL_A, CTRL_B, CTRL_C = 1, 2, 3
PROMPT = b"\r\n>>> "
RAW = b"raw REPL; CTRL-B to exit\r\n>"
NEVER = 1_000_000


class Printing:
    """A board whose program prints without end, a line each 10 ms, until the Ctrl-C of number `stops_at`.

    It answers from the Ctrl-C of number `prompts_at` on, and then has a raw REPL where its program has stopped.
    """

    def __init__(self, *, stops_at: int = NEVER, prompts_at: int | None = None) -> None:
        self._stops_at = stops_at
        self._prompts_at = stops_at if prompts_at is None else prompts_at
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self.interrupts = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Printing:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ending.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)

    @property
    def stopped(self) -> bool:
        return self.interrupts >= self._stops_at

    def _run(self) -> None:
        left = b""
        while not self._ending.is_set():
            left = left or (b"" if self.stopped else b"21.5 degrees\r\n")
            readable, _, _ = select.select([self._master], [], [], 0.01)
            _, writable, _ = select.select([], [self._master] if left else [], [], 0)
            if writable:
                left = left[os.write(self._master, left) :]
            if readable:
                left += b"".join(map(self._answer, os.read(self._master, 1024)))

    def _answer(self, key: int) -> bytes:
        self.interrupts += key == CTRL_C
        if key in (CTRL_B, CTRL_C) and self.interrupts >= self._prompts_at:
            return PROMPT
        return RAW if key == CTRL_A and self.stopped else b""


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are not waited for long, as most do not come; a wait without end is ended by the time limit of the tests."""
    monkeypatch.setattr(serial_board, "_ANSWER_S", 0.2)


@pytest.mark.parametrize("prompts_at", [NEVER, 1], ids=["no prompt", "a prompt"])
def test_a_program_that_cannot_be_stopped_is_given_up(prompts_at: int) -> None:
    with (
        Printing(prompts_at=prompts_at) as board,
        pytest.raises(NoMicroPython, match=f"^{board.port}: no MicroPython answers$"),
        connected(board.port),
    ):
        pass
    assert board.interrupts >= 3


@pytest.mark.parametrize("prompts_at", [1, 2], ids=["a prompt before", "no prompt before"])
def test_a_program_that_only_the_second_interrupt_stops_is_stopped(
    prompts_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_board, "_ANSWER_S", 1.0)  # the last one comes
    with Printing(stops_at=2, prompts_at=prompts_at) as board:
        with connected(board.port) as found:
            assert found.stopped
        assert board.stopped


def test_a_log_and_whatever_else_opens_the_port_do_not_share_it() -> None:
    with Printing() as board, SerialLog(board.port):
        for opens in (connected, SerialLog):
            with pytest.raises(FlashError, match=f"^{board.port} cannot be opened") as refused, opens(board.port):
                pass
            assert "is it in use by another program" in str(refused.value)
