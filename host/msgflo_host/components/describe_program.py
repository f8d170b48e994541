"""Run as a program: imports a component, without serving it, and prints its discovery message.

    python -m msgflo_host.components.describe_program FILE [CLASS]

The answer is one JSON object, with `discovery` (the text of a discovery message) or `trouble` (a sentence).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from msgflo.describe import describe

from ..errors import MsgfloError
from .python_program import load_component

__all__ = ["main"]


def main() -> None:
    """Print the answer; the output of the component itself is dropped."""
    os.nice(10)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        file, class_name = Path(sys.argv[1]), next(iter(sys.argv[2:]), None)
        try:
            found = {"discovery": describe(load_component(file, class_name)("node"), "node").decode()}
        except MsgfloError as error:
            found = {"trouble": str(error)}
        except Exception as error:
            found = {"trouble": f"{file.name}: {type(error).__name__}: {error}"}
        json.dump(found, answer)
    os._exit(0)  # threads that the component has started are no reason to wait


if __name__ == "__main__":
    main()
