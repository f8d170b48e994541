"""The folder of port maps: each found by its name, read and checked.

port_map = load(find("kitchen"))
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from ..errors import PortMapError
from .port_map import SHIPPED, PortMap

__all__ = ["default_folder", "find", "load", "names"]

_NOT_BOARDS = ("secrets", "secrets.example")


def find(name: str, folder: str | os.PathLike[str] | None = None) -> Path:
    """Return the file of a board, by its name in a folder or by its own path; PortMapError if there is none."""
    is_file = name.endswith((".yaml", ".yml"))
    if is_file and Path(name).exists():
        return Path(name)
    place = Path(folder) if folder is not None else default_folder()
    there = names(place)
    if name in there:
        return place / f"{name}.yaml"
    near = get_close_matches(Path(name).stem if is_file else Path(name).name, there, 1, 0.6)
    if is_file:
        raise PortMapError(f"there is no port map {name}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if Path(f"{name}.yaml").is_file():
        raise PortMapError(f"there is no board {name!r} in {place}; did you mean the file here, {name + '.yaml'!r}?")
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(there) or 'none'}"
    raise PortMapError(f"there is no board {name!r} in {place}; {hint}")


def names(folder: str | os.PathLike[str]) -> list[str]:
    """Return the names of the boards in a folder."""
    return sorted(file.stem for file in Path(folder).glob("*.yaml") if file.stem not in _NOT_BOARDS)


def default_folder() -> Path:
    """Return `boards` in the current folder if it has port maps, or else that of the installed project."""
    here = Path("boards")
    return here if names(here) else SHIPPED


def load(
    file: str | os.PathLike[str], *, secrets: str | os.PathLike[str] | None = None, loopback: bool = False
) -> PortMap:
    """Read and check a port map; raises PortMapError with all problems that can be found.

    `secrets` is read instead of the secrets.yaml beside it. With `loopback` the broker may be on localhost: a virtual
    board can reach that, a real one cannot.
    """
    from ._check_board import check  # ruamel.yaml: only where a port map is read

    return check(Path(file), Path(secrets) if secrets is not None else Path(file).parent / "secrets.yaml", loopback)
