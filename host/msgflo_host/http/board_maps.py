"""The port maps from which boards can be started: the devices of each, or its problems."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..boards.board_folder import default_folder, names
from ..boards.port_map import PortMap
from ..errors import FlashError, PortMapError

__all__ = ["BoardMap", "BoardMaps"]

_Versions = dict[str, tuple[int, int]]  # of each file: modification time in ns, and size


@dataclass(frozen=True, slots=True)
class BoardMap:
    """A port map by the name of its file; without `port_map` it cannot be used, and `problems` say why."""

    name: str
    file: Path
    port_map: PortMap | None
    problems: tuple[str, ...] = ()

    def described(self) -> dict[str, Any]:
        """Return its description for the page."""
        port_map = self.port_map
        devices = [
            {"role": each.role, "kind": each.kind.name, "component": each.kind.component}
            for each in (port_map.devices if port_map else ())
        ]
        return {
            "name": self.name,
            "file": str(self.file),
            "valid": port_map is not None,
            "problems": self.problems,
            "board": port_map.name if port_map else self.name,
            "chip": port_map.chip.name if port_map else None,
            "title": port_map.chip.title if port_map else None,
            "devices": devices,
            "sleeps": port_map is not None and port_map.sleep is not None,
            "warnings": port_map.warnings if port_map else [],
        }


class BoardMaps:
    """The port maps of a folder; without one, those that `msgflo board run` finds from the current folder."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._versions: _Versions = {}
        self._maps: list[BoardMap] = []

    @property
    def folder(self) -> Path:
        """The folder of the port maps."""
        return self._folder if self._folder is not None else default_folder()

    def names(self) -> list[str]:
        """Return the names of all port maps, unread."""
        return names(self.folder)

    def read(self) -> list[BoardMap]:
        """Read and check all of them, unless the folder is unchanged; takes long, so do it in a thread."""
        folder = self.folder
        versions = _versions(folder)
        if versions != self._versions:
            self._maps = [_load(folder / f"{name}.yaml") for name in names(folder)]
            self._versions = versions
        return self._maps


def _versions(folder: Path) -> _Versions:
    try:
        # Secrets and certificates are in there, too.
        found = {str(path): path.stat() for path in [folder, *folder.iterdir()]}
    except OSError:  # gone meanwhile
        return {}
    return {path: (status.st_mtime_ns, status.st_size) for path, status in found.items()}


def _load(file: Path) -> BoardMap:
    from ..boards.virtual.virtual_board import load_virtual  # only where the boards are opened

    try:
        return BoardMap(file.stem, file, load_virtual(file))
    except PortMapError as error:
        return BoardMap(file.stem, file, None, tuple(map(str, error.problems)))
    except FlashError as error:
        return BoardMap(file.stem, file, None, (str(error),))
