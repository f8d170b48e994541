"""Stands for the frozen `neopixel` of a real board: WS2812 pixels by `machine.bitstream`."""

from machine import Pin, bitstream


class NeoPixel:
    """A chain of `n` pixels at a pin; `bpp` bytes each; `timing` 1 is 800 kHz, 0 is 400 kHz."""

    ORDER = (1, 0, 2, 3)

    def __init__(self, pin, n, bpp=3, timing=1):
        self.pin = pin
        self.n = n
        self.bpp = bpp
        self.buf = bytearray(n * bpp)
        self.timing = (
            ((400, 850, 800, 450) if timing else (800, 1700, 1600, 900)) if isinstance(timing, int) else timing
        )
        pin.init(Pin.OUT)

    def __len__(self):
        return self.n

    def __setitem__(self, i, v):
        for c in range(self.bpp):
            self.buf[i * self.bpp + self.ORDER[c]] = v[c]

    def __getitem__(self, i):
        return tuple([self.buf[i * self.bpp + self.ORDER[c]] for c in range(self.bpp)])

    def fill(self, v):
        """Give all pixels the same colour."""
        for i in range(self.n):
            self[i] = v

    def write(self):
        """Send the colours."""
        bitstream(self.pin, 0, self.timing, self.buf)
