"""Models of sensors speak as their data sheets say; the examples are theirs."""

from __future__ import annotations

import math
import struct

import pytest

from msgflo_host.boards.virtual.models import bme280
from msgflo_host.boards.virtual.models.aht20 import Aht20
from msgflo_host.boards.virtual.models.bh1750 import Bh1750
from msgflo_host.boards.virtual.models.bus import NoAcknowledge, crc8
from msgflo_host.boards.virtual.models.dht import Dht
from msgflo_host.boards.virtual.models.sht3x import Sht3x
from msgflo_host.boards.virtual.models.sound import Sound


class Clock:
    """A time that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class TestSht3x:
    def test_checksum_of_the_data_sheet(self) -> None:
        assert crc8(b"\xbe\xef") == 0x92

    def test_answers_after_the_measurement_and_once(self, clock: Clock) -> None:
        part = Sht3x(clock)
        part.temperature, part.humidity = 25.0, 50.0
        part.write(b"\x24\x00")
        clock.now = 0.015
        with pytest.raises(NoAcknowledge):
            part.read(6)
        clock.now = 0.016
        answer = part.read(6)
        warm, warm_sum, wet, wet_sum = struct.unpack(">HBHB", answer)
        assert warm == 0x6666  # -45 + 175 · 0x6666 / 65535 = 25
        assert wet == 0x8000
        assert (warm_sum, wet_sum) == (crc8(answer[:2]), crc8(answer[3:5]))
        with pytest.raises(NoAcknowledge):
            part.read(6)

    def test_damaged_checksum_is_wrong(self, clock: Clock) -> None:
        part = Sht3x(clock)
        part.damaged = True
        part.write(b"\x2c\x06")
        answer = part.read(6)
        assert answer[2] != crc8(answer[:2])


class TestAht20:
    def test_busy_until_measured(self, clock: Clock) -> None:
        part = Aht20(clock)
        part.temperature, part.humidity = 25.0, 50.0
        part.write(b"\xac\x33\x00")
        assert part.read(1)[0] & 0x80
        clock.now = 0.081
        answer = part.read(7)
        assert answer[0] & 0x88 == 0x08
        value = int.from_bytes(answer[1:6], "big")
        assert (value >> 20) / 2**20 * 100 == 50
        assert (value & 0xFFFFF) / 2**20 * 200 - 50 == 25
        assert answer[6] == crc8(answer[:6])


class TestBme280:
    def test_example_of_the_data_sheet(self) -> None:
        fine = bme280.temperature(519888)
        assert fine / 5120 == pytest.approx(25.08, abs=0.005)
        assert bme280.pressure(415148, fine) == pytest.approx(100653.27, abs=0.05)

    def test_forced_measurement(self, clock: Clock) -> None:
        part = bme280.Bme280(clock)
        part.temperature, part.humidity, part.pressure = 25.08, 47.5, 1006.5327
        part.write(b"\xf2\x01")
        part.write(b"\xf4\x25")
        assert self._register(part, 0xF3) == 0x08
        clock.now = 0.0094  # 1.25 + 2.3 + 2 · (2.3 + 0.575) ms, §9.1
        assert self._register(part, 0xF3) == 0
        assert self._register(part, 0xF4) == 0x24, "asleep again"
        part.write(b"\xf7")
        data = part.read(8)
        air, warm = int.from_bytes(data[:3], "big") >> 4, int.from_bytes(data[3:6], "big") >> 4
        fine = bme280.temperature(warm)
        # A sixteenth of a step of pressure is 0.16 Pa, one of temperature 0.0003 °C.
        assert warm == pytest.approx(519888, abs=20)
        assert air == pytest.approx(415148, abs=20)
        assert bme280.humidity(int.from_bytes(data[6:], "big"), fine) == pytest.approx(47.5, abs=0.01)

    def _register(self, part: bme280.Bme280, number: int) -> int:
        part.write(bytes((number,)))
        return part.read(1)[0]


class TestBh1750:
    def test_example_of_the_data_sheet(self, clock: Clock) -> None:
        part = Bh1750(clock)
        part.lux = 28067
        part.write(b"\x01")
        part.write(b"\x10")
        assert part.read(2) == b"\x00\x00", "not measured yet"
        clock.now = 0.181
        assert part.read(2) == b"\x83\x90"


class TestDht:
    def test_dht11_of_the_data_sheet(self) -> None:
        part = Dht("dht11")
        part.humidity, part.temperature = 53, 24.4
        assert part.answer() == b"\x35\x00\x18\x04\x51"

    @pytest.mark.parametrize(("temperature", "data"), [(35.1, "028c015fee"), (-10.1, "028c806573")])
    def test_dht22_of_the_data_sheet(self, temperature: float, data: str) -> None:
        part = Dht("dht22")
        part.humidity, part.temperature = 65.2, temperature
        assert part.answer() == bytes.fromhex(data)

    def test_damaged_and_absent(self) -> None:
        part = Dht("dht22")
        part.damaged = True
        answer = part.answer()
        assert answer is not None
        assert answer[4] != sum(answer[:4]) & 0xFF
        part.absent = True
        assert part.answer() is None


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("level", [-6.0, -40.0])
def test_sound_has_its_level(level: float, bits: int) -> None:
    sound = Sound(level)
    data = [*sound.samples(4000, bits, 16000)]
    samples = struct.unpack(f"<4000{'h' if bits == 16 else 'i'}", bytes(data))
    mean = math.sqrt(sum(each * each for each in samples) / 4000) / 2 ** (bits - 1)
    assert 20 * math.log10(mean * math.sqrt(2)) == pytest.approx(level, abs=0.1)
    volts = [sound.volts(3.3) for _ in range(4000)]
    assert sum(volts) / 4000 == pytest.approx(1.65, abs=0.05)
    assert (max(volts) - min(volts)) / 3.3 == pytest.approx(10 ** (level / 20), rel=0.01)
