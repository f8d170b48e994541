"""Makes all files of a board from its port map: the modules that it needs as bytecode, and its compiled port map.

    image = build(port_map, board_key(port_map.file.parent, port_map.name))

The same sources always give the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgflo

from ..errors import FlashError
from .board_json import CA_FILE, compile_map, encode
from .bytecode import compile_modules
from .firmware_modules import collect_modules
from .kinds import KINDS, Kind
from .port_map import PortMap

__all__ = ["KEY_FILE", "Image", "build", "modules_of"]

KEY_FILE = "/key"
"""Where a board keeps the key that its updates are signed with: outside of both versions, written by cable only."""

# What only programs load, on CPython or by hand; a board has its own way to serve.
_FOR_PROGRAMS = ("msgflo.paho_", "msgflo.host_session", "msgflo.legacy", "msgflo.serving", "msgflo._mistakes")
_PULSES = "devices.drivers.pulses_"


@dataclass(frozen=True, slots=True)
class Image:
    """Everything that a board needs: `files` go into the folder of a version, `main` becomes /main.py, `key` /key.

    `version` is made of all files and the port map: other content, other version. An update over the network sends `files`
    alone: with the key (64 hex digits) whoever may listen could sign the next one.
    """

    name: str
    version: str
    main: bytes
    files: Mapping[str, bytes]
    config: Mapping[str, Any]
    key: str = field(repr=False)

    @property
    def bytecode(self) -> int:
        """The size of all bytecode, in bytes."""
        return sum(len(content) for path, content in self.files.items() if path.endswith(".mpy"))

    def placed(self, slot: str = "a") -> dict[str, bytes]:
        """Return all files with their paths on the board, in the order in which they are to be written.

        What starts the others comes last: a board that was left in the middle does not run half of a version as if it were whole.
        """
        files = {f"/{slot}/{path}": content for path, content in self.files.items() if path != "board.json"}
        last = {f"/{slot}/board.json": self.files["board.json"], "/main.py": self.main}
        return {**files, KEY_FILE: self.key.encode(), **last}

    def write(self, folder: Path, slot: str = "a") -> None:
        """Write all files below a folder, as they are on the board; what has passwords and the key is for us alone.

        Raises FlashError.
        """
        try:
            folder.mkdir(0o700, parents=True, exist_ok=True)
            for path, content in self.placed(slot).items():
                file = folder / path[1:]
                file.parent.mkdir(parents=True, exist_ok=True)
                if path == KEY_FILE or file.name == "board.json":
                    file.unlink(missing_ok=True)
                    file.touch(0o600)
                file.write_bytes(content)
        except OSError as error:
            raise FlashError(f"{error.filename or folder}: {error.strerror}") from None


def build(port_map: PortMap, key: str, *, platform: str | None = None) -> Image:
    """Build everything for a board; raises FlashError. `platform` is sys.platform there: `linux` for a virtual board."""
    modules = modules_of(port_map, platform)
    sources = {_path(module, file): file for module, file in modules.items()}
    # A virtual board is no chip: no driver's native code runs there.
    compiled = compile_modules(sources, port_map.chip.name if platform is None else "")
    files = {path.removesuffix(".py") + ".mpy": content for path, content in compiled.items()}
    main = _firmware() / "main.py"
    built = int(max(file.stat().st_mtime for file in [port_map.file, main, *modules.values()]))
    config = compile_map(port_map, built=built)
    ca = config.pop("ca", None)
    if ca is not None:
        files[CA_FILE] = ca
    config["version"] = _version(files, config)
    files["board.json"] = encode(config)
    return Image(port_map.name, config["version"], main.read_bytes(), dict(sorted(files.items())), config, key)


def modules_of(port_map: PortMap, platform: str | None = None) -> dict[str, Path]:
    """Return the modules that a board needs, and no others, with their sources."""
    folders = [_firmware(), Path(sys.prefix) / "micropython"]
    roots = ["board", *(f"devices.{device.kind.module}" for device in port_map.devices)]
    modules = collect_modules(folders, roots, _included(port_map, platform or port_map.chip.platform))
    missing = [root for root in roots if root not in modules]
    if missing or "umqtt.simple" not in modules:
        gone = missing[0] if missing else "umqtt.simple"
        raise FlashError(f"{port_map.name}: the firmware has no module {gone}; `make setup` installs what is missing")
    return modules


def _included(port_map: PortMap, platform: str) -> Callable[[str, str], bool]:
    """Return the function that includes an import or not: by chip, and by the parts that the port map has."""
    # A board that sleeps keeps no session at the broker: what would wait there would keep it awake.
    left_out = {"msgflo.persistent"} if port_map.sleep else {"board.early", "board.sleeper"}
    if not port_map.broker.tls:
        left_out.add("msgflo._tls")
    radio = any(device.kind.name == "rf433" for device in port_map.devices)
    if not any(device.kind.i2c for device in port_map.devices):
        left_out.add("devices.drivers._i2c")
    parts = {part for kind in KINDS.values() for part in _parts(kind)}
    used = {part for device in port_map.devices for part in _parts(device.kind)}

    def included(importer: str, module: str) -> bool:
        if module.startswith(_FOR_PROGRAMS) or module in left_out:
            return False
        if module.startswith(_PULSES):
            return radio and module == _PULSES + platform
        # A module for several parts imports the driver of the one that it has; dht is that of dht11 and dht22.
        driver = module.removeprefix("devices.drivers.")
        if driver != module and any(part.startswith(driver) for part in parts):
            return any(part.startswith(driver) for part in used)
        return True

    return included


def _parts(kind: Kind) -> set[str]:
    """The names by which a driver can be called that is for one kind alone."""
    return {kind.name, str(kind.fixed.get("sensor", kind.name))}


def _version(files: Mapping[str, bytes], config: Mapping[str, Any]) -> str:
    # When it was built is no part of what was built.
    rest = {key: value for key, value in config.items() if key not in ("version", "built")}
    total = sha256(encode(rest))
    for path in sorted(files):
        total.update(path.encode() + b"\0" + sha256(files[path]).digest())
    return total.hexdigest()[:12]


def _firmware() -> Path:
    return Path(msgflo.__file__).parents[1]


def _path(module: str, file: Path) -> str:
    base = module.replace(".", "/")
    return f"{base}/__init__.py" if file.name == "__init__.py" else f"{base}.py"
