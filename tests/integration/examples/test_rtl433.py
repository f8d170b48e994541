"""The example with a real rtl_433: it decodes our pulses, and what it sends reaches a participant of ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("rtl_433") is None, reason="rtl_433 is not installed (Debian: rtl-433)")


def make_pulses(folder: Path, *options: str) -> str:
    command = [sys.executable, str(folder / "make_pulses.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


@pytest.mark.parametrize(
    ("temperature", "humidity", "channel", "identity"), [(21.4, 57, 2, 90), (-3.2, 81, 1, 7), (0.0, 100, 3, 255)]
)
def test_rtl_433_reads_the_pulses(
    temperature: float, humidity: int, channel: int, identity: int, examples: Path, tmp_path: Path
) -> None:
    options = {"temperature": temperature, "humidity": humidity, "channel": channel, "identity": identity}
    recording = tmp_path / "sensor.ook"
    recording.write_text(make_pulses(examples / "rtl433", *(f"--{name}={value}" for name, value in options.items())))
    said = subprocess.run(["rtl_433", "-r", recording, "-F", "json"], capture_output=True, text=True, timeout=20)
    (reading,) = [json.loads(line) for line in said.stdout.splitlines()]
    assert (reading["model"], reading["id"], reading["channel"]) == ("Nexus-TH", identity, channel)
    assert (reading["temperature_C"], reading["humidity"], reading["battery_ok"]) == (temperature, humidity, 1)


@pytest.mark.parametrize(("name", "options"), [("cool", ("12.6", "84")), ("warm", ("24.3", "71"))])
def test_the_recordings_are_what_the_generator_writes(name: str, options: tuple[str, str], examples: Path) -> None:
    folder = examples / "rtl433"
    temperature, humidity = options
    assert (folder / f"{name}.ook").read_text() == make_pulses(
        folder, "--temperature", temperature, "--humidity", humidity
    )


def test_every_edge_carries_data_a_new_recording_is_played_at_once_and_impossible_values_are_refused(run, ear) -> None:
    temperature = "rtl_433/demo/devices/Nexus-TH/2/temperature_C"
    example = run("rtl433", ("stick.py", "PAUSE_S = 2.0 ", "PAUSE_S = 0.5 "))
    example.wait_for_data_on("garden.temperature -> comfort.temperature", "garden.humidity -> comfort.humidity")
    ear.wait_for("comfort/text", lambda value: value == "12.6 °C, 84 %: dew point 10.0 °C, pleasant")
    ear.wait_for("comfort/text", lambda value: value == "24.3 °C, 71 %: dew point 18.7 °C, muggy")
    ear.wait_for(temperature, lambda value: value == 24.3)
    (example.folder / "cool.ook").write_text(make_pulses(example.folder, "--temperature", "-7.5"))
    ear.wait_for(temperature, lambda value: value == -7.5)
    ear.say("comfort/humidity", 255)
    refused = ear.wait_for("comfort/error")
    assert refused == {"message": "ValueError: humidity 255 is not 1 to 100", "port": "humidity"}
