"""The port maps from which boards can be started: what each has, or what is wrong with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..boards.board_folder import default_folder, names
from ..boards.port_map import PortMap
from ..errors import FlashError, PortMapError

__all__ = ["BoardMap", "BoardMaps"]

_Seen = dict[str, tuple[int, int]]  # of each file: when it was written, in ns, and its size


@dataclass(frozen=True, slots=True)
class BoardMap:
    """A port map by the name of its file; without `port_map` it cannot be used, and `problems` say why."""

    name: str
    file: Path
    port_map: PortMap | None
    problems: tuple[str, ...] = ()

    def described(self) -> dict[str, Any]:
        """What the page shows of it."""
        told = {
            "name": self.name,
            "file": str(self.file),
            "valid": self.port_map is not None,
            "problems": self.problems,
        }
        port_map = self.port_map
        if port_map is None:
            return {
                **told,
                "board": self.name,
                "chip": None,
                "title": None,
                "devices": [],
                "sleeps": False,
                "doubts": [],
            }
        return {
            **told,
            "board": port_map.name,
            "chip": port_map.chip.name,
            "title": port_map.chip.title,
            "devices": [
                {"role": each.role, "kind": each.kind.name, "component": each.kind.component}
                for each in port_map.devices
            ],
            "sleeps": port_map.sleep is not None,
            "doubts": port_map.warnings,
        }


class BoardMaps:
    """The port maps of a folder; without one, those that `msgflo board run` finds from the current folder."""

    def __init__(self, folder: Path | None) -> None:
        self._given = folder
        self._seen: _Seen = {}
        self._maps: list[BoardMap] = []

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self._given if self._given is not None else default_folder()

    def names(self) -> list[str]:
        """The names of all port maps, unread."""
        return names(self.folder)

    def read(self) -> list[BoardMap]:
        """Read and check all of them, unless the folder is as it was; takes long, so do it in a thread."""
        folder = self.folder
        seen = _look(folder)
        if seen != self._seen:
            maps = [_load(folder / f"{name}.yaml") for name in names(folder)]
            self._maps, self._seen = _without_twins(maps), seen
        return self._maps


def _look(folder: Path) -> _Seen:
    found = {}
    try:
        for path in [folder, *folder.iterdir()]:  # secrets and certificates are in there, too
            status = path.stat()
            found[str(path)] = (status.st_mtime_ns, status.st_size)
    except OSError:  # gone meanwhile
        return {}
    return found


def _load(file: Path) -> BoardMap:
    from ..boards.virtual.virtual_board import load_virtual  # only where boards are looked at

    try:
        return BoardMap(file.stem, file, load_virtual(file))
    except PortMapError as error:
        return BoardMap(file.stem, file, None, tuple(map(str, error.problems)))
    except FlashError as error:
        return BoardMap(file.stem, file, None, (str(error),))


def _without_twins(maps: list[BoardMap]) -> list[BoardMap]:
    """Two boards of one name would disturb each other: none of them can be used."""
    from ..boards.folder_checks import check_name, neighbours

    counts = Counter(each.port_map.name for each in maps if each.port_map is not None)
    found = []
    for each in maps:
        if each.port_map is not None and counts[each.port_map.name] > 1:
            try:
                check_name(each.port_map, neighbours(each.port_map))
            except PortMapError as error:
                each = BoardMap(each.name, each.file, None, (str(error),))
        found.append(each)
    return found
