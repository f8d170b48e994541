"""A strip of WS2812 pixels (also sold as NeoPixel); WS2812B data sheet (Worldsemi), "Data transfer time" and "Composition".

Each takes 24 bits, green first, and passes on what follows; a pause shows all. Sending takes 30 µs a pixel, and most
boards handle no interrupts meanwhile.
"""

from machine import Pin, bitstream

__all__ = ("Ws2812",)

_TIMING = (400, 850, 800, 450)  # ns high and low for a 0, for a 1


class Ws2812:
    """`values` are the bytes that `show()` sends; `order` is that of the colours on the wire, of most strips GRB.

    `places[i]` is where red (0), green (1) or blue (2) is among the three values of a pixel, `full` the largest value.
    """

    full = 255

    def __init__(self, pin, count, order="GRB"):
        pin.init(Pin.OUT, value=0)
        self._pin = pin
        self.values = bytearray(3 * count)
        self.places = (order.index("R"), order.index("G"), order.index("B"))
        self.show()

    def show(self):
        """Send all values."""
        bitstream(self._pin, 0, _TIMING, self.values)
