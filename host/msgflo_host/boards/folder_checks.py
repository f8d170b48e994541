"""Compares a port map with the others of its folder: two boards of one name, or two devices of one role, disturb each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import PortMapError
from ..util.yaml_reader import Located, Reader
from .board_folder import names
from .port_map import PortMap
from .secrets_file import TAG

__all__ = ["Neighbour", "check_name", "neighbours", "shared_roles"]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another port map: its board's name, line and column that say it, None where the file's name does, and its roles."""

    file: Path
    name: str
    place: tuple[int, int] | None
    roles: frozenset[str]


def neighbours(port_map: PortMap) -> list[Neighbour]:
    """Return the other port maps in the folder of one, of which only name and roles are read; not those that are no YAML."""
    folder = port_map.file.parent
    others = [folder / f"{name}.yaml" for name in names(folder)]
    found = [_read(file) for file in others if file.name != port_map.file.name]
    return [each for each in found if each is not None]


def check_name(port_map: PortMap, others: list[Neighbour]) -> None:
    """Raise PortMapError where another board has the name of this one."""
    for other in others:
        if other.name == port_map.name:
            own = _read(port_map.file)
            where = str(other.file) if other.place is None else f"{other.file}, line {other.place[0]}"
            line, column = (own and own.place) or (1, 1)
            raise PortMapError(
                f"the name {port_map.name!r} is that of another board, too: {where}; each board needs another",
                file=str(port_map.file),
                line=line,
                column=column,
            )


def shared_roles(port_map: PortMap, other: Neighbour) -> list[str]:
    """Return the roles that both have, in alphabetical order."""
    own = {port_map.board_role, *(device.role for device in port_map.devices)}
    own |= {role for device in port_map.devices for role in device.wiring.get("remotes", ())}
    return sorted(own & other.roles)


def _read(file: Path) -> Neighbour | None:
    try:
        top = Reader(file, PortMapError, tags=(TAG,)).read()
    except PortMapError:
        return None
    if top is None or not isinstance(top.value, dict) or "chip" not in top.value:
        return None
    place: Located | None = top.value.get("name")
    name = place.value if place is not None else file.stem
    at = (place.line, place.column) if place is not None else None
    return Neighbour(file, str(name), at, frozenset([f"{name}-board", *_roles(top.value.get("devices"))]))


def _roles(devices: Located | None) -> list[str]:
    found: list[str] = []
    for name, device in _parts(devices).items():
        parts = _parts(device)
        found += [str(parts["role"].value) if "role" in parts else name, *_parts(parts.get("remotes"))]
    return found


def _parts(place: Located | None) -> dict[str, Located]:
    return place.value if place is not None and isinstance(place.value, dict) else {}
