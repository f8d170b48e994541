"""Chips on an I2C bus, as their data sheets describe what they take and give, byte by byte."""

import asyncio
import struct
import time

EIO = OSError(5, "EIO")  # what RP2 says when a chip does not acknowledge; ESP32: ENODEV


class Clock:
    """Stands for `time` and `asyncio`: who sleeps lets the time pass."""

    ms = 0
    ticks_add = staticmethod(time.ticks_add)
    ticks_diff = staticmethod(time.ticks_diff)

    def ticks_ms(self):
        return self.ms

    async def sleep_ms(self, ms):
        until = self.ms + ms
        await asyncio.sleep(0)
        self.ms = max(self.ms, until)


def hurried(driver):
    """Give the module of a driver, and all chips here, a clock of their own, until the test ends; returns it."""
    global time
    driver.time = driver.asyncio = time = Clock()
    return time


def crc(data):
    """CRC-8, polynomial 0x31, begun with 0xFF, over binary digits."""
    register = [1] * 8
    for byte in data:
        for i in range(8):
            feedback = register[0] ^ (byte >> (7 - i) & 1)
            register = register[1:] + [feedback]
            register[2] ^= feedback
            register[3] ^= feedback
    number = 0
    for bit in register:
        number = number << 1 | bit
    return number


class Chip:
    """A chip whose measurement takes a time."""

    ready = None  # when, in ms

    def begin(self, ms):
        self.ready = time.ticks_add(time.ticks_ms(), ms)

    @property
    def busy(self):
        return self.ready is not None and time.ticks_diff(self.ready, time.ticks_ms()) > 0


class Sht3x(Chip):
    """`words` are those of temperature and humidity; `damage` is added to the byte with that index."""

    def __init__(self, words):
        self.words = words
        self.damage = {}

    def write(self, data):
        if self.busy:
            raise EIO
        if data != b"\x24\x00":
            raise AssertionError(data)
        self.begin(13)

    def read(self, count):
        if self.busy or self.ready is None:
            raise EIO
        self.ready = None
        parts = [struct.pack(">H", word) for word in self.words]
        data = bytearray(b"".join(part + bytes([crc(part)]) for part in parts))
        for i, change in self.damage.items():
            data[i] ^= change
        return bytes(data[:count])


class Aht20(Chip):
    """`numbers` are the 20 bits of humidity and temperature."""

    def __init__(self, humidity, temperature, calibrated=True):
        self.numbers = humidity, temperature
        self.status = 0x18 if calibrated else 0x10
        self.takes_calibration = True
        self.duration = 75
        self.damage = {}
        self.began = self.calibrations = 0

    def write(self, data):
        if data == b"\xbe\x08\x00":
            self.calibrations += 1
            if self.takes_calibration:
                self.status |= 8
        elif data == b"\xac\x33\x00":
            self.began += 1
            self.begin(self.duration)
        else:
            raise AssertionError(data)

    def read(self, count):
        humidity, temperature = self.numbers
        status = self.status | (0x80 if self.busy else 0)
        data = bytearray([status]) + (humidity << 20 | temperature).to_bytes(5, "big")
        data += bytes([crc(data)])
        for i, change in self.damage.items():
            data[i] ^= change
        return bytes(data[:count])


class Bme280(Chip):
    """`raw` are the numbers of temperature, pressure and humidity; `trimming` as the driver has it."""

    def __init__(self, trimming, raw, id=0x60):
        t, h = trimming[:12], trimming[12:]
        self.registers = bytearray(256)
        self.registers[0xD0] = id
        self.registers[0x88:0xA2] = struct.pack("<HhhHhhhhhhhhBB", *t, 0, h[0])
        self.registers[0xE1:0xE8] = struct.pack(
            "<hBbBbb", h[1], h[2], h[3] >> 4, h[3] & 15 | (h[4] & 15) << 4, h[4] >> 4, h[5]
        )
        self.raw = raw
        self.pointer = 0
        self.powered()

    def powered(self):
        """Forget all settings and measurements, as after a loss of power."""
        self.registers[0xF2] = self.registers[0xF4] = 0
        self.registers[0xF7:0xFF] = b"\x80\x00\x00\x80\x00\x00\x80\x00"
        self.ready = None

    def write(self, data):
        self.pointer = data[0]
        if len(data) == 2:
            self.registers[data[0]] = data[1]
            if data[0] == 0xF4 and data[1] & 3 in (1, 2):
                self.begin(9)

    def read(self, count):
        if self.ready is not None and not self.busy:
            self.ready = None
            t, p, h = self.raw
            measured = (p << 4).to_bytes(3, "big") + (t << 4).to_bytes(3, "big")
            measured += h.to_bytes(2, "big") if self.registers[0xF2] & 7 else b"\x80\x00"
            self.registers[0xF7:0xFF] = measured
        self.registers[0xF3] = 8 if self.busy else 0
        return bytes(self.registers[self.pointer : self.pointer + count])


class Bh1750(Chip):
    """`count` is what it counts."""

    def __init__(self, count):
        self.count = count
        self.on = False

    def write(self, data):
        if data == b"\x01":
            self.on = True
        elif data == b"\x20" and self.on:
            self.begin(120)
        else:
            raise AssertionError(data)

    def read(self, count):
        if self.busy or not self.on:
            return b"\x00\x00"
        self.on = False
        return self.count.to_bytes(2, "big")
