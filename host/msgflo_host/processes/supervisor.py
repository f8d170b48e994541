"""`msgflo run`: starts the broker and the coordinator, starts again what dies, and ends both with itself.

It knows neither MQTT nor graphs, so that little here can fail. Whichever of the two dies, the other goes on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress

from .. import children
from ..broker import Mosquitto, OwnBroker
from .channel import VARIABLE, Channel

__all__ = ["supervise"]

log = logging.getLogger("msgflo")

_FIRST_RESTART_S, _LONGEST_RESTART_S, _STABLE_S = 0.1, 30.0, 60.0
_END_S = 15.0  # it saves the graph, ends what it has started, and tells who is connected


def supervise(
    command: Sequence[str], *, secret: str | None, mosquitto: Mosquitto | None, show: logging.Handler | None
) -> int:
    """Run until SIGINT, SIGTERM, or SIGHUP unless that is ignored, as under nohup; returns the exit code.

    `command` is the coordinator's, which is told the `secret`. Without a `mosquitto` it uses a broker that is there.
    `show` takes the log; without one the coordinator shows it. Where that ends before it was ready, all ends with its
    exit code. Raises BrokerError.
    """
    supervisor = _Supervisor(command, secret, mosquitto)
    log.addHandler(show or _Relay(supervisor))
    log.setLevel(logging.INFO)
    log.propagate = False
    with suppress(asyncio.CancelledError):
        return asyncio.run(_until_signal(supervisor))
    return 0


async def _until_signal(supervisor: _Supervisor) -> int:
    task = asyncio.current_task()
    assert task is not None
    stayed = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # nohup: the end of the terminal is not ours
    for number in (signal.SIGINT, signal.SIGTERM, *(() if stayed else (signal.SIGHUP,))):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    # Ctrl-Z reaches only this process, and the coordinator may be drawing on the terminal.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTSTP, supervisor.suspend)
    return await supervisor.run()


class _Supervisor:
    def __init__(self, command: Sequence[str], secret: str | None, mosquitto: Mosquitto | None) -> None:
        self._command = command
        self._secret = secret
        self._mosquitto = mosquitto
        self._broker: OwnBroker | None = None  # what the coordinator is told of it
        self._channel: Channel | None = None
        self._process: Process | None = None
        self._is_checked = asyncio.Event()
        self._is_ready = False
        self.unsaid: list[str] = []
        """Lines of the log that wait for a coordinator to show them."""

    async def run(self) -> int:
        """Start the two, and look after them; returns the coordinator's exit code where it has ended on purpose."""
        try:
            ended = asyncio.create_task(self._run_once())
            await self._start_broker(ended)
            return await self._keep(ended)
        finally:
            if self._process is not None:
                await children.end(self._process, _END_S)
            if self._mosquitto is not None:
                await self._mosquitto.stop()
            for line in self.unsaid:
                print(line, file=sys.stderr)

    async def _start_broker(self, ended: asyncio.Task[int]) -> None:
        """Start Mosquitto, once the coordinator has found nothing wrong with what it was given; raises BrokerError."""
        if self._mosquitto is None:
            return
        checked = asyncio.create_task(self._is_checked.wait())
        await asyncio.wait([checked, ended], return_when=asyncio.FIRST_COMPLETED)
        if checked.done():
            await self._mosquitto.start()
            self._broker = self._mosquitto.described()
            self._introduce_broker()
        checked.cancel()

    def _introduce_broker(self) -> None:
        if self._broker is not None and self._channel is not None:
            self._channel.send(broker=self._broker)

    async def _keep(self, ended: asyncio.Task[int]) -> int:
        delay = _FIRST_RESTART_S
        while True:
            began = time.monotonic()
            code = await ended
            if not self._is_ready or code == 0:
                return code
            if time.monotonic() - began > _STABLE_S:
                delay = _FIRST_RESTART_S
            how = f"exit code {code}" if code > 0 else f"signal {-code}"
            log.error("the coordinator has ended (%s); starting it again in %g s", how, delay)
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LONGEST_RESTART_S)
            ended = asyncio.create_task(self._run_once())

    async def _run_once(self) -> int:
        """Run the coordinator until it ends; returns its exit code, negative after a signal."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await children.spawn(
                self._command,
                env={**os.environ, VARIABLE: str(theirs.fileno())},
                stdin=None,
                pass_fds=[theirs.fileno()],
            )
        self._channel = channel = await Channel.over(ours)
        channel.send(secret=self._secret, process=os.getpid())
        self._introduce_broker()
        for line in self.unsaid:
            channel.send(log=line)
        self.unsaid.clear()
        while (message := await channel.receive()) is not None:
            if "checked" in message:
                self._is_checked.set()
            self._is_ready = self._is_ready or "ready" in message
        self._channel = None
        channel.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await self._process.wait()
        return await children.end(self._process, _END_S)

    def suspend(self) -> None:
        """Stand still, with the coordinator, until SIGCONT."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGSTOP)
            signal.raise_signal(signal.SIGSTOP)
            self._process.send_signal(signal.SIGCONT)

    def say(self, line: str) -> None:
        """Have the coordinator show a line of the log, or the next one."""
        if self._channel is not None:
            self._channel.send(log=line)
        else:
            self.unsaid.append(line)


class _Relay(logging.Handler):
    """Shows the log in the live view, which the coordinator draws."""

    def __init__(self, supervisor: _Supervisor) -> None:
        super().__init__()
        self._supervisor = supervisor

    def emit(self, record: logging.LogRecord) -> None:
        self._supervisor.say(record.getMessage())
