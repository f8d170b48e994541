"""Memory estimate of a board: refuses what cannot fit, and warns of what may not.

The numbers come from boards with many devices, run in 100 KB of memory with objects of 32 bits as on a chip: the estimate
agrees within 3 KB with what they left free, and says rather too much than too little.
"""

from __future__ import annotations

from ..errors import PortMapError
from .port_map import PortMap

__all__ = ["check_memory", "warnings"]

_CODE = 1.3  # for each byte of bytecode
_FIRMWARE = 14_200
_NAMES = 45_500, 5000  # from so much bytecode on MicroPython's table of names is larger, by so much
_PORT = 245
_REMOTE = 700
_TLS = 40 << 10  # of an RP2, where it is no memory of its own
_SPARE = 6 << 10  # with less free, packets, tasks and messages find no piece that is large enough
_UPDATE = 9000, 512  # and for each device; with less free, updates over the network have failed
_GROWS = 1.5  # an ESP32's heap grows into what its own system leaves, which nobody knows beforehand: so far at most


def check_memory(port_map: PortMap, bytecode: int) -> None:
    """Raise PortMapError where the board's memory cannot suffice, with `bytecode` bytes in all; with PSRAM it does."""
    chip = port_map.chip
    most = _memory(port_map) if chip.rp2 else int(_memory(port_map) * _GROWS)
    needed = _needed(port_map, bytecode) + _SPARE
    if port_map.psram or needed <= most:
        return
    line, column = port_map.devices[-1].place if port_map.devices else (1, 1)
    raise PortMapError(
        f"firmware and devices need some {_kb(needed)} of memory, and the {chip.name} has {_kb(most)} at most; "
        "leave some devices out, or take a second board for them",
        file=str(port_map.file),
        line=line,
        column=column,
    )


def warnings(port_map: PortMap, bytecode: int) -> list[str]:
    """Return the warnings about a good port map, and whether its memory may not suffice, or not for an update."""
    needed, memory = _needed(port_map, bytecode), _memory(port_map)
    left = memory - needed
    if port_map.psram or left >= _UPDATE[0] + _UPDATE[1] * len(port_map.devices):
        return [*port_map.warnings]
    if left < _SPARE:
        sure = f"an {port_map.chip.name} has {port_map.chip.memory} KB for sure, and often more"
        text = f"firmware and devices need some {_kb(needed + _SPARE)} of memory, and {sure}; with fewer devices it surely runs"
    else:
        text = f"some {_kb(left)} of memory are left; fewer devices make sure that it can be updated over the network"
    return [*port_map.warnings, f"{port_map.file}: {text}"]


def _memory(port_map: PortMap) -> int:
    """How many bytes there are in any case."""
    chip = port_map.chip
    return (chip.memory << 10) - (_TLS if chip.rp2 and port_map.broker.tls else 0)


def _needed(port_map: PortMap, bytecode: int) -> int:
    """How many bytes firmware and devices take. How many sensors of 433 MHz will be heard nobody knows."""
    total = int(_CODE * bytecode) + _FIRMWARE + (_NAMES[1] if bytecode > _NAMES[0] else 0)
    for device in port_map.devices:
        inports, outports = device.kind.ports()
        total += (len(inports) + len(outports)) * (_PORT + len(device.role.encode()))
        total += sum(_REMOTE + _PORT + len(role.encode()) for role in device.wiring.get("remotes", ()))
    return total


def _kb(size: int) -> str:
    return f"{size / 1024:.0f} KB"
