"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

from .broker import PROGRAM

__all__ = ("description",)


def description() -> str:
    """One sentence: date, processor, kernel, and the versions of all programs that take part."""
    parts = [
        f"{os.cpu_count()} cores of {_processor()}",
        f"{platform.system()} {platform.release()}",
        f"{platform.python_implementation()} {platform.python_version()}",
        f"uvloop {version('uvloop')}",
        f"Mosquitto {_first_version([PROGRAM, '-h'])}",
        f"Node.js {_first_version(['node', '--version'])}",
    ]
    return f"Measured on {time.strftime('%Y-%m-%d')} on {', '.join(parts)}."


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _first_version(command: list[str]) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "(none)"
    found = re.search(r"\d+\.\d+(\.\d+)*", result.stdout + result.stderr)
    return found[0] if found else "(unknown)"
