"""Brings a board to the right MicroPython: asks what runs there, and writes another one only where that is needed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...errors import FlashError, MsgfloError
from ..bytecode import MPY_VERSION
from ..chips import CHIPS, Chip
from . import download, esp32, firmware_file, serial_ports, uf2
from .firmware_file import Firmware
from .repl_scripts import State
from .serial_board import NoMicroPython, SerialBoard, connected

__all__ = ["Screen", "Target", "find", "suits", "with_micropython"]

_OLDEST = (1, 25, 0)
_RESTARTED = " (the board was restarted, and runs again)"
_BACK_S = 25.0  # until a board that got another MicroPython answers: it formats its flash first
_MCUS = {name: chip.mcu.replace("-", "") for name, chip in CHIPS.items()}  # as MicroPython calls them


class Screen(Protocol):
    """The terminal that shows progress."""

    def log(self, text: str) -> None:
        """Show one line that stays."""

    def progress(self, what: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """Show how far something is: the function takes what is done, and the whole."""

    @property
    def ask(self) -> Callable[[Sequence[serial_ports.Port]], serial_ports.Port] | None:
        """Ask which port; None where nobody can be asked."""


@dataclass(frozen=True, slots=True)
class Target:
    """The board to flash: a chip, at a `port` if that is known, with a file of MicroPython if one was given.

    Without one, a MicroPython that the firmware runs on stays, unless it shall be `new`: the one that is downloaded.
    """

    chip: Chip
    port: str | None = None
    firmware: Path | None = None
    new: bool = False


@contextmanager
def with_micropython(target: Target, screen: Screen) -> Iterator[tuple[SerialBoard, State]]:
    """Hand over a board with the right MicroPython, whose program was stopped; raises FlashError.

    A target without a port is a Pico in BOOTSEL mode. Whatever fails, here or in the caller's hands: as long as MicroPython
    answers, the board is started again.
    """
    given = _given(target)
    ready = given or (_fetched(target.chip, screen) if target.new else None)  # before anything is interrupted
    with ExitStack() as stack:
        device = target.port
        board = state = None
        if device is not None:
            with suppress(NoMicroPython):
                board = stack.enter_context(_started_again(connected(device)))
                state = board.probe()
                _check_chip(target.chip, state, device)
        if board is None or state is None or not _right(target, state):
            firmware = ready or _fetched(target.chip, screen)
            if board is not None and target.chip.rp2:
                board.start_bootloader()
            stack.close()
            device = _install(target, firmware, device, state, screen)
            board = stack.enter_context(_started_again(_patiently(device)))
            state = board.probe()
            _check_chip(target.chip, state, device)
        _check_version(state, given)
        screen.log(f"{board.device}: {state.machine}, MicroPython {state.text}")
        if given is None and target.chip.wifi and not _is_newest(state.text):
            kept = state.text.split()[0].removeprefix("v")
            screen.log(f"keeps MicroPython {kept}; FIRMWARE=… or --new-firmware replaces it")
        yield board, state


@contextmanager
def _started_again(connection: AbstractContextManager[SerialBoard]) -> Iterator[SerialBoard]:
    """Start a board's program again when something fails while it is stopped, and say so in the error."""
    with connection as board:
        try:
            yield board
        except MsgfloError as error:
            if board.stopped and board.restart():
                error.message += _RESTARTED
            raise
        except BaseException:  # Ctrl-C
            if board.stopped:
                board.restart()
            raise


def find(target: Target, screen: Screen) -> str | None:
    """Return the port at which the board is; None for a Pico in BOOTSEL mode, which has none. Raises FlashError."""
    if target.port is None:
        boards = serial_ports.found(target.chip.platform)
        if not boards and target.chip.rp2 and uf2.find_drive() is not None:
            return None
        return serial_ports.choose(target.chip.platform, boards, screen.ask).device
    gone = target.port.startswith("/") and not Path(target.port).exists()
    return None if gone and target.chip.rp2 and uf2.find_drive() is not None else target.port


def suits(target: Target, micropython: str) -> bool:
    """Return whether a MicroPython (the text of its banner) needs no replacement; raises FlashError for a file that is none."""
    given = _given(target)
    if given is not None:
        return given.holds(micropython)
    # There is no build to download that would have a network without Wi-Fi.
    if not target.chip.wifi or _is_newest(micropython):
        return True
    version = re.match(r"v(\d+)\.(\d+)(?:\.(\d+))?", micropython)
    return not target.new and version is not None and tuple(int(part or 0) for part in version.groups()) >= _OLDEST


def _is_newest(micropython: str) -> bool:
    return micropython.split()[0] == f"v{download.VERSION}"


def _given(target: Target) -> Firmware | None:
    return firmware_file.read(target.firmware, target.chip) if target.firmware else None


def _fetched(chip: Chip, screen: Screen) -> Firmware:
    if not chip.wifi:
        raise FlashError(f"no MicroPython for {chip.title} with a network can be downloaded: FIRMWARE=file")
    with screen.progress(f"MicroPython {download.VERSION} from micropython.org") as progress:
        file = download.fetch(chip, progress)
    return firmware_file.read(file, chip)


def _check_chip(chip: Chip, state: State, device: str | None) -> None:
    mcu = state.machine.rpartition(" with ")[2]
    if state.platform != chip.platform or (mcu in _MCUS.values() and mcu != _MCUS[chip.name]):
        raise FlashError(
            f"{device} is {state.machine!r}, the port map is for {chip.title}: change its `chip`, or take another board"
        )


def _right(target: Target, state: State) -> bool:
    if not suits(target, state.text):
        return False
    without_wifi = state.build in ("RPI_PICO", "RPI_PICO2")
    return target.firmware is not None or not target.chip.wifi or (not without_wifi and state.mpy == MPY_VERSION)


def _check_version(state: State, given: Firmware | None) -> None:
    if state.version < _OLDEST or state.mpy != MPY_VERSION:
        source = given.path if given else "the board"
        raise FlashError(
            f"{source}: MicroPython {state.text} does not fit; needed is {'.'.join(map(str, _OLDEST))} or newer with bytecode "
            f"version {MPY_VERSION}"
        )


def _install(target: Target, firmware: Firmware, device: str | None, state: State | None, screen: Screen) -> str:
    """Write MicroPython; returns the port at which the board is then."""
    if state is not None:
        screen.log(f"MicroPython {state.text} is replaced")
    if target.chip.rp2:
        return _install_uf2(target, firmware, 0.0 if state is None else _BACK_S, screen)
    assert device is not None
    try:
        with screen.progress(f"{firmware.path.name} onto {device}") as progress:
            esp32.write(device, target.chip, firmware, progress)
    except FlashError as error:
        # The boot loader was not reached, or has written nothing yet: what ran there was stopped by us.
        if state is not None and _restarted(device):
            error.message += _RESTARTED
        raise
    return device


def _restarted(device: str) -> bool:
    """Start a board's program again where MicroPython still answers; whether it did."""
    with suppress(FlashError), connected(device, tries=1) as board:
        return board.restart()
    return False


def _install_uf2(target: Target, firmware: Firmware, wait: float, screen: Screen) -> str:
    drive = uf2.find_drive(wait)
    with screen.progress(f"{firmware.path.name} onto {drive or 'the board'}") as progress:
        if drive is not None:
            uf2.write(drive, target.chip, firmware, progress)
        elif not uf2.write_by_picotool(firmware):
            raise FlashError(
                f"no MicroPython answers, and there is no drive of a Pico: {uf2.BOOTSEL}, mount the drive if nobody does, and "
                "run this again"
            )
    return _appeared(target, screen)


def _appeared(target: Target, screen: Screen) -> str:
    """Wait for the port of a board that has just got its MicroPython."""
    deadline = time.monotonic() + _BACK_S
    while time.monotonic() < deadline:
        if target.port is not None and ("://" in target.port or Path(target.port).exists()):
            return target.port
        if target.port is None and (boards := serial_ports.found(target.chip.platform)):
            return serial_ports.choose(target.chip.platform, boards, screen.ask).device
        time.sleep(0.2)
    raise FlashError(
        f"MicroPython was written, but no port has appeared within {_BACK_S:g} s; unplug it and plug it in again"
    )


@contextmanager
def _patiently(device: str) -> Iterator[SerialBoard]:
    """Connect to a board that may still be starting."""
    deadline = time.monotonic() + _BACK_S
    with ExitStack() as stack:
        while True:
            try:
                board = stack.enter_context(connected(device))
                break
            except FlashError as error:
                if time.monotonic() > deadline:
                    raise FlashError(
                        f"{error}, after MicroPython was written; press the board's reset button and run this again"
                    ) from None
            time.sleep(0.2)
        yield board
