"""What docs/boards.md says of kinds of devices: their components, and how to add one."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from board_files import port_map, shipped
from msgflo_host.boards import kinds
from msgflo_host.boards.kinds import KINDS
from msgflo_host.cli.main import cli
from paths import ROOT

TEXT = (ROOT / "docs/boards.md").read_text()


def test_table_names_the_component_of_each_kind() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| `(devices/\w+)` \|", TEXT, re.M)
    told = {kind: component for names, component in rows for kind in re.findall(r"\w+", names)}
    assert told == {kind.name: kind.component for kind in KINDS.values()}


def test_check_shows_the_components(tmp_path: Path) -> None:
    file = shipped(tmp_path) / "picow.yaml"
    done = CliRunner().invoke(cli, ["board", "check", str(file)])
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[1][1:6] == ["still", "as", "in", "the", "example:"]
    assert lines[2][:3] == ["ROLE", "KIND", "COMPONENT"]
    assert [line[1:3] for line in lines[3:]] == [
        ["button", "devices/Button"], ["potentiometer", "devices/Potentiometer"], ["ws2812", "devices/Pixels"],
    ]  # fmt: skip


def test_kind_of_ones_own_works_as_it_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_module("devices")
    module_text, entry = re.findall(r"```python fragment\n(.*?)```", TEXT.partition("### A kind of your own")[2], re.S)
    module = ModuleType("devices.soil")
    module.__package__ = "devices"
    exec(compile(module_text, "soil.py", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "devices.soil", module)
    monkeypatch.setitem(KINDS, "soil", eval(entry.strip().rstrip(","), vars(kinds)))

    (device,) = port_map(tmp_path, "fern: {kind: soil, pin: 34, dry: 2.5, interval: 1 min}").devices
    assert device.kind.component == "devices/Soil"
    assert device.kind.ports()[1] == {"moisture": "number", "error": "object", "settings": "object"}
    made = module.create("fern", None, {"pin": 34, "dry": 2.5}, _Hardware())
    with pytest.raises(StopIteration) as ended:
        made.measure().send(None)
    assert ended.value.value == {"moisture": 40.0}


class _Hardware:
    """A pin at 1.5 V."""

    def adc(self, number: int) -> int:
        return number

    def volts(self, adc: int) -> float:
        assert adc == 34
        return 1.5
