"""Damaged port maps and secrets: read, or refused with a PortMapError, which holds no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz import damaged, fuzzed, json_values
from msgflo_host.boards.board_folder import load
from msgflo_host.boards.board_json import compile_map, encode
from msgflo_host.boards.kinds import KINDS
from msgflo_host.errors import PortMapError
from paths import ROOT

BOARDS = ROOT / "boards"
MAPS = [file.read_text() for file in sorted(BOARDS.glob("*.yaml")) if not file.name.startswith("secrets")] + [
    "chip: esp32\nwifi: {ssid: Home, address: {ip: 192.168.1.7, gateway: 192.168.1.1}}\n"
    "broker: {url: mqtts://h, user: u, password: !secret broker, ca: ca.pem}\ntime: false\ndevices: {}\n",
    "chip: picow\ni2c: [{id: 0, sda: 4, scl: 5}, {sda: 6, scl: 7, frequency: 400 kHz}]\nlog: {level: debug}\ndevices:\n"
    "  a: &a {kind: bh1750, i2c: 0, topics: {lux: t}}\n  b: {<<: *a, role: x}\n  c: {kind: led, pin: LED}\n",
    "chip: esp32c3\nbattery: {capacity: 2 Ah, usable: 80 %}\nsleep: {every: 1 min, batch: 3}\npsram: true\n"
    "devices: {a: {kind: rgb_led, red: 4, green: 5, blue: 6, allow: [strapping]}, b: {kind: relay, pin: 7}}\n",
]
SECRET = "Zq7xK9"
SECRETS = [
    f'wifi_ssid: "{SECRET}"\nwifi_password: "{SECRET}{SECRET}"\nbroker: "mqtt://u:{SECRET}@host"\n',
    f"wifi_ssid: {SECRET}\nwifi_password: '{SECRET} {SECRET}' # {SECRET}\nbroker: mqtts://{SECRET}:{SECRET}@h?cafile=x\n",
    f"wifi_ssid: @{SECRET}\nwifi_password: *{SECRET}\nbroker: http://{SECRET}@{SECRET}/{SECRET}\n",
    f"wifi_ssid: !{SECRET}\nwifi_password: [{SECRET}]\nbroker: {{{SECRET}: 0x{SECRET}}}\n",
]
ALPHABET = "ab01 \n\t:-?#&*!|>%@`'\"{}[],.~<=\0\x85\u2028\ufeff"
KEYS = ("chip", "name", "wifi", "broker", "time", "i2c", "devices", "sleep", "log", "watchdog", "battery", "psram")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("boards") / "board.yaml"


def read_or_refuse(file: Path) -> str:
    """Return what was said: of a port map that is refused, or in the one that was read."""
    try:
        port_map = load(file)
    except PortMapError as error:
        refused = error
    else:
        assert json.loads(encode(compile_map(port_map, built=0)))["name"] == port_map.name
        return repr(port_map)
    assert refused.problems
    for problem in refused.problems:
        assert str(problem).startswith((str(file), str(file.parent / "secrets.yaml")))
        assert problem.line or "cannot be read" in problem.message or "larger" in problem.message
    lines = [problem.line for problem in refused.problems if problem.file == str(file) and problem.line]
    assert lines == sorted(lines)
    return str(refused) + repr(refused)


@fuzzed
@given(damaged(MAPS, ALPHABET) | st.text() | st.text(ALPHABET))
def test_fuzz_damaged_port_map_is_read_or_refused(file: Path, text: str) -> None:
    (file.parent / "secrets.yaml").write_text(SECRETS[0])
    file.write_text(text, encoding="utf-8", newline="")
    assert SECRET not in read_or_refuse(file)


@fuzzed
@given(st.sampled_from(MAPS[:4]), damaged(SECRETS, ALPHABET))
def test_fuzz_damaged_secrets_are_notified_to_nobody(file: Path, text: str, secrets: str) -> None:
    (file.parent / "secrets.yaml").write_text(secrets, encoding="utf-8", newline="")
    file.write_text(text)
    assert SECRET not in read_or_refuse(file)


values = json_values | st.sampled_from([4, 34, "LED", "30 s", "mqtt://h", "a/b", 0x44, "", None, True, 10**40, 1e300])
devices = st.dictionaries(
    st.sampled_from(["a", "b", "x/y", "fbp", ""]),
    values
    | st.dictionaries(
        st.sampled_from(
            ["kind", "role", "topics", "allow", "pin", "i2c", "address", "interval", "red", "count", "active"]
        ),
        values | st.sampled_from(sorted(KINDS)),
    ).map(lambda device: {"kind": "sht3x", **device}),
)


@fuzzed
@given(
    st.dictionaries(st.sampled_from(KEYS), values | devices),
    st.sampled_from(["esp32", "picow", "esp32c3", "pico"]),
    devices,
)
def test_fuzz_any_values_are_read_or_refused(
    file: Path, top: dict[str, object], chip: str, devices: dict[str, object]
) -> None:
    (file.parent / "secrets.yaml").write_text(SECRETS[0])
    content = {"chip": chip, "wifi": {"ssid": "x"}, "broker": "mqtt://h", "devices": devices, **top}
    file.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML
    read_or_refuse(file)
