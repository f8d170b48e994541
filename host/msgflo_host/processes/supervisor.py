"""`msgflo run`: starts broker, data plane, coordinator and its components; restarts what dies, and ends all.

It knows neither MQTT nor graphs, so that little here can fail. Whichever of them dies, the others go on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

from msgflo import Broker

from . import children
from .mosquitto import Mosquitto, OwnBroker
from .part_processes import DATA_PLANE_COMMAND, Early, start_coordinator
from .process_command import Command, broker_url, environment
from .process_groups import Groups
from .restarts import Pauses, describe_exit
from .runner import Processes
from .signals import on_shutdown
from .supervisor_channel import Channel

__all__ = ["supervise"]

log = logging.getLogger("msgflo")

_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 30.0
_END_S = 15.0  # the coordinator saves the graph, ends its components, and closes connections
_MOST_PENDING = 50  # lines
_DATA_PLANE = "data plane"


def supervise(
    options: Mapping[str, Any],
    *,
    secret: str | None,
    broker: Broker | Mosquitto,
    show: logging.Handler | None,
    early: Early,
) -> int:
    """Run until SIGINT, SIGTERM, or SIGHUP unless that is ignored, as under nohup; returns the exit code.

    The coordinator gets its `options`, by their names on the command line, and the `secret`. A Mosquitto is started;
    another `broker` is there. `show` takes the log; without one the coordinator shows it. Where that ends before it was
    ready, all ends with its exit code. Raises BrokerError.
    """
    log.setLevel(logging.INFO)
    log.propagate = False

    async def until_signal() -> int:
        supervisor = _Supervisor(options, secret, broker, early)
        log.addHandler(show or _Relay(supervisor))
        task = asyncio.current_task()
        assert task is not None
        on_shutdown(task.cancel)
        # Ctrl-Z reaches only this process, and the coordinator may be drawing on the terminal.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTSTP, supervisor.suspend)
        return await supervisor.run()

    with suppress(asyncio.CancelledError):
        return asyncio.run(until_signal())
    return 0


class _Supervisor:
    def __init__(
        self, options: Mapping[str, Any], secret: str | None, broker: Broker | Mosquitto, early: Early
    ) -> None:
        self._options = options
        self._process = early.coordinator
        self._secret = secret
        self._broker = broker
        self._own_broker: OwnBroker | None = None  # once it accepts connections
        self._groups = Groups(self._environment, self._send)
        self._data_plane_broker: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._data_plane = Processes(
            os.environ,
            stdin=self._data_plane_broker,  # the URL and whose it is, for which it waits
            early={_DATA_PLANE: early.data_plane},
            shortest_pause_s=_SHORTEST_PAUSE_S,
            output=lambda name, line: log.warning("%s: %s", name, line),
        )
        self._channel: Channel | None = None
        self._running: asyncio.Task[int] | None = None
        self._is_checked = asyncio.Event()
        self._is_ready = False
        self.pending: deque[tuple[int, str]] = deque(maxlen=_MOST_PENDING)
        """Lines of the log that wait for a coordinator to show them, each with its level."""

    async def run(self) -> int:
        """Start and restart all; returns the coordinator's exit code where it has ended on purpose."""
        try:
            self._running = asyncio.create_task(self._serve_coordinator())
            self._data_plane.set_desired({_DATA_PLANE: Command(DATA_PLANE_COMMAND, Path.cwd())})
            starting = asyncio.create_task(self._start_broker())
            keeping = asyncio.create_task(self._keep(self._running))
            try:
                await asyncio.wait([starting, keeping], return_when=asyncio.FIRST_COMPLETED)
                if starting.done():
                    starting.result()
                return await keeping
            finally:
                starting.cancel()
                keeping.cancel()
        finally:
            await self._end()
            for _, line in self.pending:
                print(line, file=sys.stderr)

    async def _start_broker(self) -> None:
        """Start Mosquitto, once the coordinator has found nothing wrong with what it was given; raises BrokerError."""
        await self._is_checked.wait()
        if isinstance(self._broker, Mosquitto):
            await self._broker.start()
            self._own_broker = self._broker.described()
            self._introduce_broker()
            self._let_data_plane_begin()

    def _introduce_broker(self) -> None:
        if self._own_broker is not None and self._channel is not None:
            self._channel.send(broker=self._own_broker)

    def _let_data_plane_begin(self) -> None:
        """Let it connect; on a broker of others, once this coordinator is in charge there."""
        if not self._data_plane_broker.done():
            whose = "own" if isinstance(self._broker, Mosquitto) else "shared"
            self._data_plane_broker.set_result(f"{self._environment()['MSGFLO_BROKER']} {whose}\n".encode())

    async def _keep(self, ended: asyncio.Task[int]) -> int:
        pauses = Pauses(_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S)
        while True:
            pauses.started()
            await asyncio.wait([ended])
            code = ended.result()
            if code == 0 or (code > 0 and not self._is_ready):  # on purpose, or for a mistake in its options
                return code
            pause = pauses.next()
            log.error("the coordinator has ended (%s); starting it again in %g s", describe_exit(code), pause)
            await asyncio.sleep(pause)
            while not self._start_again():
                await asyncio.sleep(pauses.next())
            ended = self._running = asyncio.create_task(self._serve_coordinator())

    def _start_again(self) -> bool:
        try:
            self._process = start_coordinator()
        except (OSError, SubprocessError) as error:  # no memory, or Python is being upgraded
            log.error("the coordinator cannot be started (%s); trying again", error)
            return False
        return True

    async def _serve_coordinator(self) -> int:
        """Serve the requests of the coordinator until it ends; returns its exit code, negative after a signal."""
        self._channel = channel = await Channel.over(self._process.socket)
        channel.send(
            options=self._options,
            secret=self._secret,
            broker=None if isinstance(self._broker, Mosquitto) else broker_url(self._broker),
            process=os.getpid(),
            processes=self._groups.described(),
        )
        self._introduce_broker()
        for level, line in self.pending:
            channel.send(log=line, level=level)
        self.pending.clear()
        self._groups.send_pending()
        while (message := await channel.receive()) is not None:
            if "checked" in message:
                self._is_checked.set()
            if "in_charge" in message:
                self._let_data_plane_begin()
            if "save" in message and isinstance(self._broker, Mosquitto):
                self._broker.save_soon()
            if "desired" in message:
                self._groups.set_desired(message["kind"], message["desired"])
            self._is_ready = self._is_ready or "ready" in message
        self._channel = None
        channel.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                await self._process.wait()
        return await children.end(self._process, _END_S)

    async def _end(self) -> None:
        """End all: first the coordinator, which needs the broker for its last messages."""
        if not self._process.has_ended:
            self._process.send_signal(signal.SIGTERM)
            if self._running is not None:
                await asyncio.wait([self._running], timeout=_END_S)
            await children.end(self._process, 0)
        await self._groups.stop()
        await self._data_plane.stop()
        if isinstance(self._broker, Mosquitto):
            await self._broker.stop()

    def _environment(self) -> dict[str, str]:
        return environment(Broker.parse(self._broker.url) if isinstance(self._broker, Mosquitto) else self._broker)

    def _send(self, message: Mapping[str, Any]) -> bool:
        """Send an event to the coordinator; False where there is none. One that reads nothing gets no lines of output."""
        if self._channel is None:
            return False
        if message["event"] != "output" or not self._channel.is_behind:
            self._channel.send(**message)
        return True

    def suspend(self) -> None:
        """Stop, with the coordinator, until SIGCONT."""
        if not self._process.has_ended:
            self._process.send_signal(signal.SIGSTOP)
            signal.raise_signal(signal.SIGSTOP)
            self._process.send_signal(signal.SIGCONT)

    def show(self, level: int, line: str) -> None:
        """Have this coordinator or the next one show a line of the log."""
        if self._channel is not None and not self._channel.is_behind:
            self._channel.send(log=line, level=level)
        else:
            self.pending.append((level, line))


class _Relay(logging.Handler):
    """Shows the log in the live view, which the coordinator draws."""

    def __init__(self, supervisor: _Supervisor) -> None:
        super().__init__()
        self._supervisor = supervisor

    def emit(self, record: logging.LogRecord) -> None:
        self._supervisor.show(record.levelno, record.getMessage())
