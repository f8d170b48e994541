"""How long a battery lasts: values that were computed by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from board_files import shipped
from msgflo import Broker
from msgflo_host.boards.board_folder import load
from msgflo_host.boards.kinds import KINDS
from msgflo_host.boards.port_map import PortMap
from msgflo_host.boards.power import estimate_life
from msgflo_host.boards.power_currents import CHIPS, DEVICES
from msgflo_host.cli.main import cli
from msgflo_host.errors import PortMapError

MAP = """\
chip: {chip}
wifi: {{ssid: Home, password: not a real one{address}}}
broker: mqtt://192.168.1.10
devices:
  battery: {{kind: battery, pin: {pin}, divider: 2}}
{more}"""
ADDRESS = ", address: {ip: 192.168.1.7, gateway: 192.168.1.1}"
SLEEP = "sleep: {every: 5 min}\n"
BATTERY = "battery: {capacity: 1000 mAh, usable: 100 %, self_discharge: 0 %, asleep: 50 uA}\n"


def made(folder: Path, more: str, *, chip: str = "esp32", address: str = ADDRESS) -> PortMap:
    file = folder / "shed.yaml"
    pin = 26 if chip == "picow" else 1 if chip != "esp32" else 34
    file.write_text(MAP.format(chip=chip, address=address, pin=pin, more=more))
    return load(file)


def test_mean_current_and_days_are_those_computed_by_hand(tmp_path: Path) -> None:
    estimate = estimate_life(made(tmp_path, SLEEP + BATTERY))
    # 44 mA for 0.7 s, 100 mA for 0.4 s and 0.05 s, 140 mA more for 0.02 s: 78.6 mAs. 0.05 mA for 300 s: 15 mAs.
    assert estimate.milliamps * 300 == pytest.approx(30.8 + 40 + 5 + 2.8 + 15)
    assert estimate.lost == 0
    # 1000 mAh / (93.6 mAs / 300 s) / 24 h
    assert estimate.days() == pytest.approx(133.55, abs=0.01)


def test_asking_for_an_address_and_tls_cost(tmp_path: Path) -> None:
    least = estimate_life(made(tmp_path, SLEEP + BATTERY))
    dhcp = estimate_life(made(tmp_path, SLEEP + BATTERY, address=""))
    assert (dhcp.milliamps - least.milliamps) * 300 == pytest.approx(60)  # 100 mA for 0.6 s
    tls = estimate_life(replace(made(tmp_path, SLEEP + BATTERY), broker=Broker("192.168.1.10", tls=True)))
    assert (tls.milliamps - least.milliamps) * 300 == pytest.approx(100)  # 100 mA for 1 s


def test_readings_that_are_sent_together_spare_the_network(tmp_path: Path) -> None:
    estimate = estimate_life(made(tmp_path, "sleep: {every: 5 min, batch: 4}\n" + BATTERY))
    assert estimate.milliamps * 300 == pytest.approx(30.8 + (40 + 5 + 2.8) / 4 + 15)


def test_without_a_measured_current_the_data_sheets_are_added_up(tmp_path: Path) -> None:
    estimate = estimate_life(made(tmp_path, SLEEP + "battery: {capacity: 1000 mAh}\n"))
    asleep = [item for item in estimate.items if item.seconds == 300]
    assert [item.current.milliamps for item in asleep] == [0.010, 0.0039]  # the chip, the two resistors
    assert estimate.dev_board is not None
    assert estimate.days(estimate.dev_board.milliamps) == pytest.approx(
        800 / (estimate.milliamps + estimate.lost + 6) / 24
    )


def test_a_pico_does_not_start_anew_and_sleeps_less_deeply(tmp_path: Path) -> None:
    estimate = estimate_life(made(tmp_path, SLEEP + "battery: {capacity: 1000 mAh}\n", chip="picow"))
    spent = {item.what: item for item in estimate.items}
    assert "start" not in spent
    # It had no power.
    assert spent["start the Wi-Fi chip"].charge() == pytest.approx(0.32 * 75)
    assert spent["asleep"].current.milliamps == 1.3
    assert "with MicroPython 1.25 or older some 0.2 mA more" in spent["asleep"].current.source


DHT22 = "  air: {kind: dht22, pin: 13}\n"


def test_a_dht22_answers_a_second_after_each_start_and_holds_the_board_awake(tmp_path: Path) -> None:
    estimate = estimate_life(made(tmp_path, DHT22 + "sleep: {every: 5 min, batch: 4}\n" + BATTERY))
    spent = {item.what: item for item in estimate.items}
    assert spent["air measures"].charge() == pytest.approx(1.5 * 1.3)
    # Three of four times without the network; once, 0.9 s longer than it joins the network: 0.4 s.
    assert spent["wait for readings"].charge() == pytest.approx(44 * 1.3 * 3 / 4)
    assert spent["wait for readings in the network"].charge() == pytest.approx(100 * 0.9 / 4)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (BATTERY, "this board never sleeps, so no battery lasts; it sleeps with  sleep: {every: 5 min}"),
        (SLEEP, "which battery? say it with  battery: {capacity: 2000 mAh}"),
    ],
)
def test_what_is_missing_in_a_port_map(tmp_path: Path, more: str, message: str) -> None:
    with pytest.raises(PortMapError) as caught:
        estimate_life(made(tmp_path, more))
    assert str(caught.value) == f"{tmp_path}/shed.yaml: {message}"


def test_every_kind_that_sleeps_is_known_and_every_current_has_a_source() -> None:
    assert {kind.name for kind in KINDS.values() if kind.sleeps} <= set(DEVICES)
    currents = [c for chip in CHIPS.values() for c in (chip.running, chip.listening, chip.sending, chip.asleep)]
    currents += [c for device in DEVICES.values() for c in (device.measuring, device.idle)]
    assert all(each.source and each.milliamps >= 0 for each in currents)


def power(file: Path) -> Result:
    return CliRunner().invoke(cli, ["board", "power", str(file)])


def test_the_shipped_board_lasts_for_months(tmp_path: Path) -> None:
    done = power(shipped(tmp_path) / "battery.yaml")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["CURRENT", "FOR", "MEAN", "SOURCE"]
    assert any("Sensirion SHT3x-DIS data sheet" in line for line in lines)
    assert any(line.startswith("start ") and "; its time: assumed: an ESP32-S3" in line for line in lines)
    assert any(line.startswith("2000 mAh, of which 80% can be used: ") and line.endswith("months.") for line in lines)
    assert any(line.startswith("On a board that is not made for batteries: ") for line in lines)


def test_a_kind_without_figures_is_not_silently_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, SLEEP + BATTERY)
    known = power(tmp_path / "shed.yaml")
    assert (known.exit_code, "not counted" in known.stdout) == (0, False)
    soil = replace(KINDS["ldr"], name="soil")
    monkeypatch.setitem(KINDS, "soil", soil)  # type: ignore[misc]
    made(tmp_path, "  beet: {kind: soil, pin: 35}\n" + SLEEP + BATTERY)
    done = power(tmp_path / "shed.yaml")
    assert done.exit_code == 0
    assert "\nbeet: not counted, for nothing is known of a soil: power_currents.py has none\n" in done.stdout
