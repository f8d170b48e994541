"""Memory estimate of a board: warns where firmware and devices may not fit.

The numbers come from boards with many devices, run in 100 KB of memory with objects of 32 bits as on a chip: the estimate
agrees within 3 KB with what they left free, and is rather too high than too low.
"""

from __future__ import annotations

from .port_map import PortMap

__all__ = ["warnings"]

_CODE = 1.3  # for each byte of bytecode
_FIRMWARE = 14_200
_NAMES = 45_500, 5000  # from so much bytecode on MicroPython's table of names is larger, by so much
_PORT = 245
_REMOTE = 700
_TLS = 40 << 10  # of an RP2, where it is no memory of its own
_SPARE = 6 << 10  # with less free, packets, tasks and messages find no piece that is large enough
_UPDATE = 9000, 512  # and for each device; with less free, updates over the network have failed


def warnings(port_map: PortMap, bytecode: int) -> list[str]:
    """Return the warnings about a good port map, and one where the memory may not suffice, or not for an update.

    `bytecode` is the size of all compiled modules, in bytes. With PSRAM the memory suffices.
    """
    chip = port_map.chip
    needed = _needed(port_map, bytecode)
    left = (chip.memory << 10) - (_TLS if chip.rp2 and port_map.broker.tls else 0) - needed
    if port_map.psram or left >= _UPDATE[0] + _UPDATE[1] * len(port_map.devices):
        return [*port_map.warnings]
    if left < _SPARE:
        has = f"the {chip.name} has {chip.memory} KB; leave some devices out, or take a second board for them"
        if not chip.rp2:  # its heap grows into the memory that its own system leaves, nobody knows how far
            has = f"an {chip.name} has {chip.memory} KB for sure, and often more; with fewer devices it surely runs"
        text = f"firmware and devices need some {_kb(needed + _SPARE)} of memory, and {has}"
    else:
        text = f"some {_kb(left)} of memory are left; fewer devices make sure that it can be updated over the network"
    return [*port_map.warnings, f"{port_map.file}: {text}"]


def _needed(port_map: PortMap, bytecode: int) -> int:
    """Estimate the bytes that firmware and devices take; nobody knows how many sensors of 433 MHz it will hear."""
    total = int(_CODE * bytecode) + _FIRMWARE + (_NAMES[1] if bytecode > _NAMES[0] else 0)
    for device in port_map.devices:
        inports, outports = device.kind.ports()
        total += (len(inports) + len(outports)) * (_PORT + len(device.role.encode()))
        total += sum(_REMOTE + _PORT + len(role.encode()) for role in device.wiring.get("remotes", ()))
    return total


def _kb(size: int) -> str:
    return f"{size / 1024:.0f} KB"
