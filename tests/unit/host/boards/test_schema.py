"""The JSON Schema of port maps: current, right about what is shipped, and never stricter than the check."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from msgflo_host.boards.board_folder import names
from msgflo_host.boards.schema import schema, schema_text
from msgflo_host.cli.main import cli
from msgflo_host.errors import PortMapError
from msgflo_host.util.yaml_reader import Reader
from paths import ROOT

BOARDS = ROOT / "boards"
VALIDATOR = jsonschema.Draft7Validator(schema())
TABLE = Path(__file__).with_name("test_port_map_mistakes.txt").read_text(encoding="utf-8")


def plain(file: Path) -> Any:
    """What an editor sees of a file: a secret is a text."""
    read = Reader(file, PortMapError, tags=("!secret",)).read()
    return None if read is None else read.plain()


def board(device: Any = None, chip: str = "esp32", **top: Any) -> dict[str, Any]:
    devices = {} if device is None else {"a": device}
    return {"chip": chip, "wifi": {"ssid": "Home"}, "broker": "mqtt://10.0.0.2", "devices": devices, **top}


def test_file_is_current() -> None:
    current = schema_text()
    assert (BOARDS / "schema.json").read_text() == current, "run: msgflo board schema > boards/schema.json"
    assert CliRunner().invoke(cli, ["board", "schema"]).output == current


def test_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(schema())


@pytest.mark.parametrize("name", names(BOARDS))
def test_shipped_port_map_is_valid(name: str) -> None:
    file = BOARDS / f"{name}.yaml"
    assert file.read_text().splitlines()[0] == "# yaml-language-server: $schema=schema.json"
    VALIDATOR.validate(plain(file))


@pytest.mark.parametrize(
    "content",
    [
        board(),
        board({"kind": "led", "pin": "LED"}, "picow"),
        board({"kind": "sht3x", "address": 0x45, "interval": "30 s"}, i2c={"sda": 21, "scl": 22}),
        board({"kind": "rf433", "receive": 16, "remotes": {"bell": {"protocol": "nexa", "house": 1, "unit": 2}}}),
        board({"kind": "rf433", "receive": 16, "unchecked": ["LaCrosse-TX141Bv3"]}),
        board({"kind": "relay", "pin": 12, "allow": ["strapping"], "topics": {"on": "a/b"}}),
        board(i2c=[{"sda": 21, "scl": 22, "frequency": "400 kHz"}], time=False, sleep={"every": "5 min"}),
        board(led={"pin": 2, "allow": ["strapping"], "active": "low"}),
        board(chip="picow", led={"pin": "LED"}),
        board(broker={"url": "mqtts://h", "user": "u", "password": "p", "ca": "ca.pem"}),
        {"chip": "pico", "broker": "mqtt://h", "devices": {}},
    ],
)
def test_right_port_map_is_valid(content: dict[str, Any]) -> None:
    VALIDATOR.validate(content)


@pytest.mark.parametrize(
    "content",
    [
        None,
        board(chip="pico"),
        board(colour="red"),
        board(sleep={"every": 300}),
        board(battery={"capacity": "3.7 V"}),
        board({"kind": "dht22"}),
        board({"kind": "dht22", "pin": 23}, "picow"),
        board({"kind": "dht22", "pin": 4, "intervall": "30 s"}),
        board({"kind": "dht22", "pin": 4, "topics": {"temprature": "t"}}),
        board({"kind": "sht3x", "address": 0x76}, i2c={"sda": 21, "scl": 22}),
        board({"kind": "rf433"}),
        board({"kind": "rf433", "receive": 16, "remotes": {"bell": {"protocol": "ev1527"}}}),
    ],
)
def test_wrong_port_map_is_not_valid(content: object) -> None:
    assert not VALIDATOR.is_valid(content)


def test_schema_sees_most_of_the_mistakes_in_the_table(tmp_path: Path) -> None:
    """It cannot see two devices on one pin and the like, yet an editor shows the larger half."""
    seen, file = [], tmp_path / "kitchen.yaml"
    cases = re.split(r"^=== .*\n", TABLE, flags=re.M)[1:]
    for case in cases:
        file.write_text("".join(f"{line}\n" for line in case.splitlines() if not line.startswith("!!! ")))
        try:
            content = plain(file)
        except PortMapError:
            continue
        seen.append(not VALIDATOR.is_valid(json.loads(json.dumps(content))))
    assert sum(seen) > len(seen) / 2
