"""A board gets exactly the modules that it needs; one that may not fit is reported."""

from __future__ import annotations

import os
import re
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from board_files import port_map
from msgflo_host.boards.board_folder import load
from msgflo_host.boards.build import build, modules_of
from msgflo_host.boards.firmware_modules import collect_modules, imported
from msgflo_host.boards.memory import warnings
from msgflo_host.boards.update_keys import board_key
from msgflo_host.cli.main import cli

KEY = "0" * 64


def test_version_is_of_the_content_not_of_the_time(tmp_path: Path) -> None:
    before = build(port_map(tmp_path, "air: {kind: dht22, pin: 4}"), KEY)
    later = time.time() + 3600
    os.utime(tmp_path / "kitchen.yaml", (later, later))
    touched = build(load(tmp_path / "kitchen.yaml"), KEY)
    assert touched.version == before.version
    assert touched.config["built"] == int(later), "the board's clock begins when this was built"


def test_another_port_map_is_another_version_and_another_key_is_not(tmp_path: Path) -> None:
    versions = {
        build(port_map(tmp_path, "air: {kind: dht22, pin: 4}"), KEY).version,
        build(port_map(tmp_path, "air: {kind: dht22, pin: 13}"), KEY).version,
        build(port_map(tmp_path, "air: {kind: dht22, pin: 13}"), "1" * 64).version,
    }
    assert len(versions) == 2
    assert all(re.fullmatch("[0-9a-f]{12}", version) for version in versions)


def drivers(modules: dict[str, Path]) -> set[str]:
    return {name.removeprefix("devices.drivers.") for name in modules if name.startswith("devices.drivers.")}


def test_other_parts_drivers_are_left_out(tmp_path: Path) -> None:
    dht = modules_of(port_map(tmp_path, "air: {kind: dht11, pin: 4}"))
    assert "dht" in drivers(dht)
    assert not drivers(dht) & {"_i2c", "sht3x", "aht20", "bme280", "bh1750"}
    on_bus = modules_of(port_map(tmp_path, "air: {kind: sht3x}"))
    assert {"_i2c", "sht3x"} <= drivers(on_bus)
    assert not drivers(on_bus) & {"dht", "aht20", "bme280"}


def test_what_nobody_needs_is_left_out(tmp_path: Path) -> None:
    modules = modules_of(port_map(tmp_path))
    assert {"board", "board.update", "devices.led", "msgflo.umqtt_transport", "umqtt.simple"} <= modules.keys()
    assert not [name for name in modules if "paho" in name or "legacy" in name or "host_session" in name], "for CPython"
    assert not {"board.sleeper", "msgflo._tls"} & modules.keys(), "it does not sleep, and speaks no TLS"


@pytest.mark.parametrize(("chip", "module"), [("esp32", "pulses_esp32"), ("picow", "pulses_rp2")])
def test_pulses_are_of_the_chip(chip: str, module: str, tmp_path: Path) -> None:
    pulses = drivers(modules_of(port_map(tmp_path, "air: {kind: rf433, receive: 13}", chip=chip)))
    assert {name for name in pulses if name.startswith("pulses_")} == {module}
    without = drivers(modules_of(port_map(tmp_path, "lamp: {kind: led, pin: 13}", chip=chip)))
    assert not {name for name in without if name.startswith("pulses_")}


def buttons(count: int) -> str:
    pins = [4, 13, 14, 16, 17, 18, 19, 23, 25, 26, 27, 32]
    return "\n".join(f"button-{pin}: {{kind: button, pin: {pin}}}" for pin in pins[:count])


def test_what_fits_if_the_memory_grows_is_warned_about(tmp_path: Path) -> None:
    """MicroPython's heap on an ESP32 grows into what the system leaves; 100 KB are what it has in any case."""
    done = CliRunner().invoke(cli, ["board", "check", "--quiet", str(port_map(tmp_path, buttons(12)).file)])
    assert done.exit_code == 0
    assert re.search(
        r": firmware and devices need some 1\d\d KB of memory, and an esp32 has 100 KB for sure, and often more; "
        "with fewer devices it surely runs\n",
        done.stdout,
    )


@pytest.mark.parametrize(
    ("chip", "has"),
    [
        ("esp32", "an esp32 has 100 KB for sure, and often more; with fewer devices it surely runs"),
        ("picow", "the picow has 180 KB; leave some devices out, or take a second board for them"),
    ],
)
def test_what_may_not_fit_is_reported_unless_there_is_psram(chip: str, has: str, tmp_path: Path) -> None:
    keys = [f"  r{code}: {{protocol: ev1527, code: {code}}}" for code in range(1, 151)]
    text = "\n".join(["radio:", "  kind: rf433", "  receive: 13", "  remotes:", *(f"  {key}" for key in keys)])
    board = port_map(tmp_path, text, chip=chip)
    (warning,) = warnings(board, 60_000)
    assert re.fullmatch(rf"{board.file}: firmware and devices need some \d+ KB of memory, and {has}", warning)
    assert warnings(replace(board, psram=True), 60_000) == []


def test_memory_that_is_short_for_an_update_is_reported(tmp_path: Path) -> None:
    assert warnings(port_map(tmp_path, buttons(4)), 45_000) == []
    many = port_map(tmp_path, buttons(9))
    assert warnings(many, 45_000) == [
        f"{many.file}: some 9 KB of memory are left; fewer devices make sure that it can be updated over the network"
    ]


def test_what_has_passwords_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    image, folder = build(port_map(tmp_path), KEY), tmp_path / "out"
    image.write(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in (folder / "a" / "board.json", folder / "key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (folder / "a" / "board.json").chmod(0o644)  # as of before
    image.write(folder)
    assert stat.S_IMODE((folder / "a" / "board.json").stat().st_mode) == 0o600


def test_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    key = board_key(tmp_path, "kitchen")
    file = tmp_path / "keys" / "kitchen.key"
    assert re.fullmatch("[0-9a-f]{64}", key)
    assert board_key(tmp_path, "kitchen") == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert board_key(tmp_path, "other") != key


def test_imports_are_found_wherever_they_are(tmp_path: Path) -> None:
    package = tmp_path / "p"
    (package / "sub").mkdir(parents=True)
    for file in ("p/__init__.py", "p/sub/__init__.py", "p/sub/deep.py", "p/other.py", "q.py"):
        (tmp_path / file).write_text("")
    (package / "a.py").write_text(
        "import q, sys\nfrom . import other\n\ndef f():\n    from .sub.deep import x\n    import machine\n"
    )
    found = collect_modules([tmp_path], ["p.a"], lambda importer, module: True)
    assert set(found) == {"p", "p.a", "p.other", "p.sub", "p.sub.deep", "q"}
    assert set(imported(package / "a.py", "p.a")) >= {"q", "sys", "p", "p.other", "p.sub.deep", "machine"}
