"""An RGB LED on three pins with pulse width modulation."""

from array import array

__all__ = ("PwmRgb",)


class PwmRgb:
    """`pwms` are those of red, green and blue; `anode`: that is what the three have in common, so low is on.

    `values` are what `show()` sets, from 0 to `full`; `places` as of a Ws2812.
    """

    full = 65535
    places = (0, 1, 2)

    def __init__(self, pwms, anode=False):
        self._pwms = pwms
        self._anode = anode
        self.values = array("H", (0, 0, 0))
        self.show()

    def show(self):
        """Set all duties."""
        for i in range(3):
            value = self.values[i]
            self._pwms[i].duty_u16(self.full - value if self._anode else value)
