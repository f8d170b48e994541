"""The command ``msgflo``, also as ``python -m msgflo_host``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .processes.coordinator_process import CoordinatorProcess

__all__ = ["main"]

_STDERR = 2  # file number


def main() -> None:
    """Run the command line. The coordinator of ``msgflo run`` takes longest to begin, so that it begins first."""
    _open_standard_files()
    coordinator: CoordinatorProcess | None = None
    if sys.argv[1:2] == ["run"] and {"-h", "--help"}.isdisjoint(sys.argv):
        from .processes.coordinator_process import CoordinatorProcess

        coordinator = CoordinatorProcess()  # it ends with this program
    from .cli.main import main

    main(coordinator)


def _open_standard_files() -> None:
    """Open closed standard files: children would write into whatever takes their numbers."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(number, True)
    os.close(number)


if __name__ == "__main__":
    main()
