"""A board's port map: which chip, which Wi-Fi and broker, what is wired to which pin. Read from YAML, and checked.

    port_map = load("boards/kitchen.yaml")

docs/boards.md says how such a file is written.
"""

from __future__ import annotations

import os
from pathlib import Path

from .checked_map import PortMap

__all__ = ["load"]


def load(
    file: str | os.PathLike[str], *, secrets: str | os.PathLike[str] | None = None, loopback: bool = False
) -> PortMap:
    """Read and check a port map; raises PortMapError with all problems that can be found.

    `secrets` is read instead of the secrets.yaml beside it. With `loopback` the broker may be on localhost: a virtual
    board can reach that, a real one cannot.
    """
    from ._check_board import check  # ruamel.yaml: only where a port map is read

    return check(Path(file), Path(secrets) if secrets is not None else Path(file).parent / "secrets.yaml", loopback)
