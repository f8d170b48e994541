"""DHT11 and DHT22: temperature and humidity on one wire (Aosong, DHT11 and AM2302 product manuals)."""

from __future__ import annotations

__all__ = ["Dht"]


class Dht:
    """`model` is "dht11" or "dht22"; `temperature` in °C, `humidity` in %; with `damaged` the checksum is wrong."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.temperature = 21.0
        self.humidity = 45.0
        self.damaged = False
        self.absent = False

    def answer(self) -> bytes | None:
        """Return the 40 bits that it sends, as five bytes; None where it does not answer."""
        if self.absent:
            return None
        data = self._dht11() if self.model == "dht11" else self._dht22()
        return data + bytes((sum(data) + self.damaged & 0xFF,))

    def _dht11(self) -> bytes:
        # Whole and tenths of each; bit 7 of the last is the sign, in later revisions.
        humidity, temperature = round(self.humidity * 10), round(abs(self.temperature) * 10)
        sign = 0x80 if self.temperature < 0 else 0
        return bytes((humidity // 10, humidity % 10, temperature // 10, temperature % 10 | sign))

    def _dht22(self) -> bytes:
        # Tenths of 16 bits each; the highest bit is the sign.
        sign = 0x8000 if self.temperature < 0 else 0
        humidity, temperature = round(self.humidity * 10), round(abs(self.temperature) * 10) | sign
        return humidity.to_bytes(2, "big") + temperature.to_bytes(2, "big")
