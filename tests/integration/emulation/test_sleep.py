"""A board that sleeps, on the emulated chip: how long a wake-up takes there, and what goes over its network.

The time is that of an RP2040, which goes on where it was after a light sleep, and most of it is the emulated join. An ESP32
starts anew at each wake-up: whether that beats TO_BEAT_MS, which was measured on one, is not known.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import msgflo
from board_files import Screen
from brokers import Broker
from emulation import pico as emulator
from emulation.build import firmware
from emulation.pico import Pico
from msgflo_host.boards.build import build
from msgflo_host.boards.flashing.flash import flash
from msgflo_host.boards.flashing.micropython import Target
from msgflo_host.boards.port_map import load
from systems import until

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(emulator.missing() is not None, reason=emulator.missing() or ""),
]

BOARD = """\
chip: picow
wifi: {{ssid: Home, password: not a real one, address: {{ip: 10.0.0.2, gateway: 10.0.0.1}}}}
broker: mqtt://10.0.0.1:{port}
i2c: {{sda: 4, scl: 5}}
devices:
  garden-climate: {{kind: sht3x}}
sleep: {{every: 10 s, awake: 8 s}}
"""
TO_BEAT_MS = 774  # with a static address and MQTT on an ESP32-S3; here it is a bound only, no proof for that chip
JOIN_MS = 300  # that the emulated access point takes
RADIO_MS = 320  # that the Wi-Fi chip takes at least after it was off: delays in its driver


def test_a_wake_up_is_short(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch, record_property: pytest.RecordProperty
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "garden.yaml"
    file.write_text(BOARD.format(port=broker.port))
    port_map = load(file)
    with Pico(speed=0) as pico:
        pico.i2c(0, 0x44, "sht3x", temperature=21.5, humidity=50)
        pico.wifi(join=JOIN_MS / 1000)
        target = Target(port_map.chip, pico.port, firmware())
        flash(
            port_map, build(port_map, "5e" * 32), target, Screen(), broker=msgflo.Broker.parse(broker.url), patience=90
        )
        at = pico.wait_for("asleep for", seconds=90)
        for _ in range(2):
            at = pico.wait_for("asleep for", after=at, seconds=60)
        boots = len(pico.boots)
        before = pico.traffic()
        pico.wait_for("asleep for", after=at, seconds=60)
        after = pico.traffic()
        awake = [int(ms) for ms in re.findall(r"awake for (\d+) ms", pico.output)][-1]
        log = [each for each in pico.traffic_log() if each["what"] == "mqtt"]
        assert after["radio"] - before["radio"] < awake + 50, "asleep, its Wi-Fi chip has no power"
        assert len(pico.boots) == boots, "the watchdog, which waits for 8 s, does not end a sleep of 10 s"
        start = float(re.findall(r"([\d.]+) board: garden [0-9a-f]{12}", pico.output)[-1])
    counted = {name: after[name] - before[name] for name in after}
    record_property("awake, ms", awake)
    record_property("start, s", start)
    print(awake, start, counted)
    assert awake < RADIO_MS + JOIN_MS + 100
    assert awake < TO_BEAT_MS
    assert counted["connections"] == 1
    # A handshake, the packets and their acknowledgement, an end; one more where the broker answers in two parts.
    assert counted["segmentsOut"] <= 6
    assert counted["payloadOut"] <= 220
    last = [each["type"] for each in log if each["direction"] == "out"][-6:]
    assert last == ["CONNECT", "SUBSCRIBE", "PUBLISH", "PUBLISH", "PUBLISH", "DISCONNECT"]
    until(lambda: "21.5" in [each.get("payload") for each in log])
