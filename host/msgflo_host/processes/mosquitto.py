"""The embedded Mosquitto: configured, started, watched, and ended with us."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import shutil
import signal
import time
from asyncio.subprocess import Process
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

from ..errors import BrokerError
from ..util.readable_files import signature
from . import children
from .mosquitto_config import ACCOUNT, configuration, is_loopback, secret, write_accounts
from .mosquitto_files import Files
from .restarts import Pauses, describe_exit
from .tcp_ports import free_port, is_free, listening_program

__all__ = ["DEFAULT_PORT", "Mosquitto", "OwnBroker"]

log = logging.getLogger("msgflo")

_START_S = 10.0
_STOP_S = 5.0
_PREDECESSOR_S = 4.0
"""How long the Mosquitto of a coordinator that was killed may take to end."""
_FIRST_RESTART_S, _LONGEST_RESTART_S = 0.1, 30.0
_SAVE_S = 300.0
_SAVE_SOON_S, _SAVE_AGAIN_S = 2.0, 30.0
"""After a change, for more may follow; and the least time between two, for the sake of memory cards."""
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"  # not on the path of Debian's users
DEFAULT_PORT = 1883


class OwnBroker(TypedDict):
    """The address of a Mosquitto of our own; `url` is that for our programs."""

    url: str
    host: str
    port: int


class Mosquitto:
    """A Mosquitto of our own, with its files in a folder.

    On a loopback address (the default) programs on this machine may connect without an account; elsewhere everyone needs
    one. Without a `port` it takes 1883, or where that is used by another program a free one. `url` holds what a client needs.
    """

    def __init__(self, folder: Path, *, port: int | None = None, host: str = "127.0.0.1") -> None:
        self.folder = folder.absolute()
        self._given = folder  # as the user wrote it
        self.host = "127.0.0.1" if host == "localhost" else host
        self.port = port or DEFAULT_PORT
        self._may_move = port is None
        self._lock: int | None = None
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._files = Files(self.folder)
        self._has_changed = asyncio.Event()

    @property
    def url(self) -> str:
        """The URL for our programs, with the account where one is needed."""
        account = "" if is_loopback(self.host) else f"{ACCOUNT}:{quote(secret(self.folder), safe='')}@"
        host = _reachable(self.host)
        return f"mqtt://{account}{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def account(self) -> tuple[str, str]:
        """User name and password of our own account."""
        return ACCOUNT, secret(self.folder)

    def described(self) -> OwnBroker:
        """Return its address for a coordinator."""
        return {"url": self.url, "host": self.host, "port": self.port}

    @property
    def pid(self) -> int | None:
        """The process id of the Mosquitto that runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it accepts connections; afterwards it is started again whenever it crashes.

        Raises BrokerError when it is not installed, its port or its folder is in use, or it refuses its configuration.
        """
        try:
            program = _find_program()
            await self._claim_folder()  # first: the one before us may still hold the port
            if self._may_move and not is_free(self.host, self.port):
                self._move()
            self._configure()
            self._process = await self._start_process(program)
        except OSError as error:
            self._release_folder()
            raise BrokerError(self._unusable(error)) from None
        except BaseException:
            self._release_folder()
            raise
        if not is_loopback(self.host):
            log.info(
                "broker: open to the network on port %d; an account for each board: mosquitto_passwd %s "
                "NAME, then start again; commands here take the account %s with the password in %s (docs/broker.md)",
                self.port, self._given / "passwords", ACCOUNT, self._given / "secret",
            )  # fmt: skip
        self._keeper = asyncio.create_task(self._keep(program))

    def save_soon(self) -> None:
        """Save retained messages and sessions within seconds: a change must survive a power cut."""
        self._has_changed.set()

    async def stop(self) -> None:
        """End it in order, so that it saves what it retains; after 5 s, end it by force."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
        process, self._process = self._process, None
        if process is not None:
            await children.end(process, _STOP_S)
        self._release_folder()

    async def _keep(self, program: str) -> None:
        """Start it again when it has ended, and maintain its files."""
        pauses, logged = Pauses(_FIRST_RESTART_S, _LONGEST_RESTART_S), ""
        while True:
            pauses.started()
            assert self._process is not None
            code = await self._maintain(self._process)
            how, pause = describe_exit(code), pauses.next()
            log.error("Mosquitto has ended (%s); starting it again in %g s. Its log: %s", how, pause, self._files.log)
            while True:
                await asyncio.sleep(pause)
                pause = pauses.next()
                try:
                    self._process, logged = await self._start_process(program), ""
                    break
                except (BrokerError, OSError) as error:
                    text = self._unusable(error) if isinstance(error, OSError) else str(error)
                    if text != logged:
                        log.error("%s; trying again until it works", text)
                    logged = text

    async def _maintain(self, process: Process) -> int:
        """Make it save its state regularly and keep its log small, until it ends; returns its exit code."""
        ended = asyncio.create_task(process.wait())
        asked, before = False, None
        try:
            while not ended.done():
                if await self._changes(ended, _SAVE_S):
                    await asyncio.wait([ended], timeout=_SAVE_SOON_S)
                    self._has_changed.clear()
                self._files.shorten_log()
                if not ended.done():
                    saved = signature(self._files.state)
                    if asked:
                        self._files.note_saved(saved != before)
                    asked, before = True, saved
                    with contextlib.suppress(ProcessLookupError):
                        process.send_signal(signal.SIGUSR1)
                    await asyncio.wait([ended], timeout=_SAVE_AGAIN_S)
            return ended.result()
        finally:
            ended.cancel()

    async def _changes(self, ended: asyncio.Task[int], seconds: float) -> bool:
        """Wait for `save_soon`, for so long; returns True where it was called before the process ended."""
        changed = asyncio.create_task(self._has_changed.wait())
        try:
            await asyncio.wait([ended, changed], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return changed.done() and not ended.done()
        finally:
            changed.cancel()

    async def _start_process(self, program: str) -> Process:
        """Start it once; where its saved state is damaged, once more without it."""
        for _ in range(2):
            self._require_free(self.port)
            self._files.shorten_log()
            log_start = self._files.log_size()
            with self._files.log.open("ab") as output:
                assert self._lock is not None
                process = await children.spawn(
                    [program, "-c", self.folder / "mosquitto.conf"],
                    cwd=self.folder,
                    stdout=output.fileno(),
                    stderr=output.fileno(),
                    pass_fds=[self._lock],  # the folder is in use as long as one of us lives
                )
            try:
                if await self._accepts(process):
                    return process
            except BaseException:
                await children.end(process, _STOP_S)
                raise
            await children.end(process, _STOP_S)
            if not self._files.set_damaged_state_aside(log_start):
                break
        reason = self._files.last_error(log_start) or f"it did not accept connections within {_START_S:g} s"
        raise BrokerError(f"Mosquitto does not start: {reason}. Its log: {self._files.log}")

    async def _accepts(self, process: Process) -> bool:
        """Return True once it accepts connections; False where it ends, or after 10 s."""
        deadline = time.monotonic() + _START_S
        while process.returncode is None and time.monotonic() < deadline:
            try:
                _, writer = await asyncio.open_connection(_reachable(self.host), self.port)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            return True
        return False

    def _configure(self) -> None:
        write_accounts(self.folder, dict([self.account]))
        text = configuration(self.folder, host=self.host, port=self.port)
        (self.folder / "mosquitto.conf").write_text(text)

    def _require_free(self, port: int) -> None:
        if not is_free(self.host, port):
            program = listening_program(port)
            by = f"by {program}" if program else "by another program, or not ours to use"
            raise BrokerError(f"port {port} on {self.host} is in use {by}: stop that, or choose another port")

    async def _claim_folder(self) -> None:
        """Lock the folder; the Mosquitto of a run that was killed gets time to end."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / "lock"
        self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + _PREDECESSOR_S
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                owner = path.read_text()
                if _runs(owner) or time.monotonic() > deadline:
                    raise BrokerError(
                        f"the folder {self.folder} is in use by another run (process {owner or 'unknown'}): stop that, "
                        "or give another folder with --data"
                    ) from None
                await asyncio.sleep(0.05)
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)

    def _move(self) -> None:
        """Take a free port instead of the usual one, and log it."""
        usual, self.port = self.port, free_port(self.host)
        by = listening_program(usual) or "another program"
        log.warning(
            "port %d is used by %s: our Mosquitto listens on port %d. To use the broker that is there, "
            "give --broker mqtt://localhost:%d",
            usual, by, self.port, usual,
        )  # fmt: skip

    def _unusable(self, error: OSError) -> str:
        return f"Mosquitto cannot use {error.filename or self.folder}: {error.strerror}"

    def _release_folder(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _reachable(host: str) -> str:
    """Return the address at which this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _find_program() -> str:
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path=_SBIN)
    if program is None:
        raise BrokerError(
            "Mosquitto is not installed; on Debian and Raspberry Pi OS: sudo apt install mosquitto. "
            "Or name a broker that is there with --broker"
        )
    return program


def _runs(pid: str) -> bool:
    """Return True where this process is alive."""
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True
