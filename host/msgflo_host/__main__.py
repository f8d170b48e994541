"""The command ``msgflo``, also as ``python -m msgflo_host``."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]

_STDERR = 2  # file number


def main() -> None:
    """Run the command line, and in the processes that it forks what they are for."""
    _open_standard_files()
    early = None
    if sys.argv[1:2] == ["run"]:
        try:
            from .supervised import fork

            early = fork()
        except BlockingIOError as error:  # fork(2): too many processes
            sys.exit(f"msgflo: no process can be started: {error.strerror}")
        except KeyboardInterrupt:
            sys.exit(130)
        if early is None:
            return
    from .cli.main import main

    main(early)


def _open_standard_files() -> None:
    """Open closed standard files: children would write into whatever takes their numbers."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(number, True)
    os.close(number)


if __name__ == "__main__":
    main()
