"""BME280: temperature, humidity and air pressure (Bosch, BST-BME280-DS002, version 1.6)."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

__all__ = ["Bme280", "humidity", "pressure", "temperature"]

# The example of the pressure sensor's data sheet (BST-BMP280-DS001, §3.12): with raw values of 519888 and 415148 it is
# 25.08 °C and 100653.27 Pa. Humidity has no example there; these are usual values.
T = (27504, 26435, -1000)
P = (36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
H = (75, 362, 0, 315, 50, 30)

_ID, _RESET, _CTRL_HUM, _STATUS, _CTRL_MEAS, _DATA = 0xD0, 0xE0, 0xF2, 0xF3, 0xF4, 0xF7
_MEASURING = 0x08
_SKIPPED = (0x80000, 0x80000, 0x8000)  # §5.4.7 to §5.4.9


def temperature(raw: int) -> float:
    """Return t_fine; in °C it is a 5120th of that (§8.1)."""
    return (raw / 16384 - T[0] / 1024) * T[1] + (raw / 131072 - T[0] / 8192) ** 2 * T[2]


def pressure(raw: int, fine: float) -> float:
    """Return Pa (§8.1)."""
    first = fine / 2 - 64000
    second = (first * first * P[5] / 32768 + first * P[4] * 2) / 4 + P[3] * 65536
    first = (1 + (P[2] * first * first / 524288 + P[1] * first) / 524288 / 32768) * P[0]
    value = (1048576 - raw - second / 4096) * 6250 / first
    return value + (P[8] * value * value / 2147483648 + value * P[7] / 32768 + P[6]) / 16


def humidity(raw: int, fine: float) -> float:
    """Return % (§8.1), before it is limited to 0 to 100."""
    value = fine - 76800
    scale = H[1] / 65536 * (1 + H[5] / 67108864 * value * (1 + H[2] / 67108864 * value))
    value = (raw - (H[3] * 64 + H[4] / 16384 * value)) * scale
    return value * (1 - H[0] * value / 524288)


class Bme280:
    """`temperature` in °C, `humidity` in %, `pressure` in hPa; `chip` is the number by which drivers know it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.temperature = 21.0
        self.humidity = 45.0
        self.pressure = 1013.25
        self.chip = 0x60
        self._clock = clock
        self._registers = bytearray(256)
        self._pointer = 0
        self._start()

    def write(self, data: bytes) -> None:
        """Take the register to read from, or pairs of register and value (§6.2.1)."""
        if not data:
            return
        self._pointer = data[0]
        for register, value in zip(data[::2], data[1::2], strict=False):
            self._set(register, value)

    def read(self, length: int) -> bytes:
        """Give the registers from the chosen one on (§6.2.2)."""
        self._refresh()
        data = bytes(self._registers[self._pointer : self._pointer + length])
        self._pointer = min(self._pointer + length, 255)
        return data

    def _start(self) -> None:
        self._registers[:] = bytes(256)
        self._registers[_ID] = self.chip
        self._registers[0x88:0xA0] = struct.pack("<HhhHhhhhhhhh", *T, *P)
        # §4.2.2, table 16: H4 and H5 have 12 bits each and share 0xE5.
        self._registers[0xA1] = H[0]
        shared = bytes((H[3] >> 4 & 0xFF, H[3] & 0x0F | (H[4] & 0x0F) << 4, H[4] >> 4 & 0xFF))
        self._registers[0xE1:0xE8] = struct.pack("<hB", H[1], H[2]) + shared + struct.pack("b", H[5])
        self._store(_SKIPPED)
        self._oversampling = 0  # of the humidity: applied only with the next write to ctrl_meas (§5.4.3)
        self._ready: float | None = None

    def _set(self, register: int, value: int) -> None:
        if register == _RESET and value == 0xB6:
            self._start()
        elif register in (_CTRL_HUM, _CTRL_MEAS, 0xF5):
            self._registers[register] = value
        if register == _CTRL_MEAS:
            self._oversampling = self._registers[_CTRL_HUM] & 7
            self._ready = self._clock() + self._duration(value) if value & 3 else None

    def _duration(self, control: int) -> float:
        # §9.1: the longest time, in s.
        times = [
            0 if not each else 1 << min(each, 5) - 1 for each in (control >> 5, control >> 2 & 7, self._oversampling)
        ]
        return (1.25 + 2.3 * times[0] + sum(2.3 * each + 0.575 for each in times[1:] if each)) / 1000

    def _refresh(self) -> None:
        measuring = self._ready is not None and self._clock() < self._ready
        self._registers[_STATUS] = _MEASURING if measuring else 0
        if self._ready is None or measuring:
            return
        self._store(self._raw())
        if self._registers[_CTRL_MEAS] & 3 != 3:  # forced: back to sleep by itself (§3.3.3)
            self._registers[_CTRL_MEAS] &= 0xFC
            self._ready = None

    def _raw(self) -> tuple[int, int, int]:
        control = self._registers[_CTRL_MEAS]
        warm = _solve(lambda raw: temperature(raw) / 5120, self.temperature, 20)
        fine = temperature(warm)
        air = _solve(lambda raw: -pressure(raw, fine), -self.pressure * 100, 20)
        wet = _solve(lambda raw: humidity(raw, fine), self.humidity, 16)
        desired = (control >> 2 & 7, control >> 5, self._oversampling)
        measured = zip(desired, (air, warm, wet), _SKIPPED, strict=True)
        pressed, warmed, wetted = (raw if on else skipped for on, raw, skipped in measured)
        return pressed, warmed, wetted

    def _store(self, raw: tuple[int, int, int]) -> None:
        air, warm, wet = raw
        self._registers[_DATA : _DATA + 8] = (
            (air << 4).to_bytes(3, "big") + (warm << 4).to_bytes(3, "big") + wet.to_bytes(2, "big")
        )


def _solve(function: Callable[[int], float], value: float, bits: int) -> int:
    """Return the raw value at which a rising function comes nearest to a value."""
    low, high = 0, (1 << bits) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if function(middle) <= value else (low, middle)
    return min(low, high, key=lambda raw: abs(function(raw) - value))
