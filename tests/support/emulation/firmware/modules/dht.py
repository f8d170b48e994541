"""Stands for the frozen `dht` of a real board: DHT11 and DHT22 by `machine.dht_readinto`."""

from machine import dht_readinto


class DHTBase:
    """A sensor at a pin; `measure` raises OSError when it is silent, Exception when the checksum is wrong."""

    def __init__(self, pin):
        self.pin = pin
        self.buf = bytearray(5)

    def measure(self):
        """Read the sensor."""
        dht_readinto(self.pin, self.buf)
        if sum(self.buf[:4]) & 0xFF != self.buf[4]:
            raise Exception("checksum error")


class DHT11(DHTBase):
    """Whole degrees and per cent."""

    def humidity(self):
        """Return per cent."""
        return self.buf[0]

    def temperature(self):
        """Return °C."""
        return self.buf[2]


class DHT22(DHTBase):
    """Tenths of degrees and per cent."""

    def humidity(self):
        """Return per cent."""
        return (self.buf[0] << 8 | self.buf[1]) * 0.1

    def temperature(self):
        """Return °C."""
        t = ((self.buf[2] & 0x7F) << 8 | self.buf[3]) * 0.1
        return -t if self.buf[2] & 0x80 else t
