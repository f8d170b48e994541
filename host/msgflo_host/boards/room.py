"""Whether a board has memory for all that its port map wants: an estimate, which says rather too much than too little.

It was made by running boards with many devices in 100 KB of memory, with objects of 32 bits as on a chip: it agrees within
3 KB with what they left free. Fewer than 6 KB free do not last: packets, tasks and messages take some for a moment, wherever
it is in one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..errors import PortMapError
from .model import Device, PortMap

__all__ = ["BYTECODE_LIMIT", "all_doubts", "check_room", "doubt_room"]

BYTECODE_LIMIT = 60 * 1024
"""More bytecode than this is for no board without PSRAM."""

_KEPT = 6 << 10
_FOR_AN_UPDATE = 9000, 512  # and for each device; with less, updates over the network have failed
_A_BYTE_OF_CODE = 1.3
_ALL_ELSE = 14_200
_MANY_NAMES = 45_500  # bytes of bytecode, from which on MicroPython's table of names is twice as large, by
_NAMES = 5000
_PORT = 245
_REMOTE = 700
_TLS = 40 << 10  # of an RP2, where it is no memory of its own
_GROWS = 1.5  # an ESP32's heap grows into what its own system leaves, which nobody knows beforehand: so far at most


def check_room(port_map: PortMap, bytecode: int, sizes: Callable[[], Mapping[str, int]]) -> None:
    """Raise PortMapError where firmware and devices cannot fit into the board's memory; with PSRAM they do.

    `bytecode` is the size of all of it, in bytes; `sizes()` returns how much of that is for one kind of device alone.
    """
    if port_map.psram:
        return
    most = _most_bytecode(port_map)
    if bytecode > most:
        raise _too_much_code(port_map, bytecode, most, sizes())
    room = _free(bytecode, (), _most(port_map)) - _KEPT
    for number, device in enumerate(port_map.devices):
        if _taken(port_map.devices[: number + 1]) > room:
            raise _too_many(port_map, device, room)


def all_doubts(port_map: PortMap, bytecode: int) -> list[str]:
    """Return what is to be said of a good port map before it is used, with so many bytes of bytecode."""
    return [*port_map.doubts, *doubt_room(port_map, bytecode)]


def doubt_room(port_map: PortMap, bytecode: int) -> list[str]:
    """Return what is to be said where memory may not suffice, or not for an update."""
    memory = _sure(port_map)
    left = _free(bytecode, port_map.devices, memory)
    needed = _FOR_AN_UPDATE[0] + _FOR_AN_UPDATE[1] * len(port_map.devices)
    if port_map.psram or left >= needed:
        return []
    if left < _KEPT:
        need = f"firmware and devices need some {_kb(memory - left + _KEPT)} of memory"
        sure = f"an {port_map.chip.name} has {port_map.chip.memory} KB for sure, and often more"
        return [f"{port_map.file}: {need}, and {sure}; with fewer devices it surely runs"]
    what = "fewer devices make sure that it can be updated over the network"
    return [f"{port_map.file}: some {_kb(left)} of memory are left; {what}"]


def _most_bytecode(port_map: PortMap) -> int:
    """How many bytes of bytecode fit into the memory of a board without devices."""
    return min(BYTECODE_LIMIT, int((_most(port_map) - _ALL_ELSE - _NAMES - _KEPT) / _A_BYTE_OF_CODE))


def _free(bytecode: int, devices: Iterable[Device], memory: int) -> int:
    """How many bytes are left of the memory, with these devices; below 0 where it does not suffice."""
    code = int(_A_BYTE_OF_CODE * bytecode) + _ALL_ELSE + (_NAMES if bytecode > _MANY_NAMES else 0)
    return memory - code - _taken(devices)


def _taken(devices: Iterable[Device]) -> int:
    """How many bytes devices take, beside their kinds' bytecode. What sensors of 433 MHz will be heard nobody knows."""
    total = 0
    for device in devices:
        inports, outports = device.kind.ports()
        total += (len(inports) + len(outports)) * (_PORT + len(device.role.encode()))
        total += sum(_REMOTE + _PORT + len(role.encode()) for role in device.wiring.get("remotes", ()))
    return total


def _sure(port_map: PortMap) -> int:
    """How many bytes of memory there are in any case."""
    chip = port_map.chip
    return (chip.memory << 10) - (_TLS if chip.rp2 and port_map.broker.tls else 0)


def _most(port_map: PortMap) -> int:
    """How many there may be."""
    return _sure(port_map) if port_map.chip.rp2 else int(_sure(port_map) * _GROWS)


def _too_many(port_map: PortMap, device: Device, room: int) -> PortMapError:
    line, column = device.place
    count = len(port_map.devices)
    need = f"these {count} need" if count > 1 else "it needs"
    return PortMapError(
        f"devices.{device.name} is more than memory is there for: of the {_kb(_most(port_map))} that the "
        f"{port_map.chip.name} may have, {_kb(room)} are left for devices, and {need} some {_kb(_taken(port_map.devices))}; "
        "leave some out, or take a second board for them",
        file=str(port_map.file),
        line=line,
        column=column,
    )


def _too_much_code(port_map: PortMap, bytecode: int, most: int, sizes: Mapping[str, int]) -> PortMapError:
    largest = sorted(sizes, key=lambda kind: -sizes[kind])[:3]
    first = next((device for device in port_map.devices if device.kind.name in largest[:1]), None)
    line, column = first.place if first is not None else (1, 1)
    which = ", ".join(f"{kind} {sizes[kind]}" for kind in largest)
    return PortMapError(
        f"{bytecode} bytes of bytecode are too many, at most {most} fit into the memory of the {port_map.chip.name}"
        f"{'; the largest kinds: ' + which if which else ''}; take fewer kinds of devices, or a second board for some of them",
        file=str(port_map.file),
        line=line,
        column=column,
    )


def _kb(size: int) -> str:
    return f"{max(size, 0) / 1024:.0f} KB"
