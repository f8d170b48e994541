"""A lithium-ion battery of one or more cells behind a voltage divider."""

from ._check import check_range
from .analog import Analog

__all__ = ("Battery", "charge")

# Volts of a resting cell at 100 %, 90 % … 0 %: Meshtastic firmware, src/power.h, OCV_ARRAY (default, Li-ion).
_VOLTS = (4.19, 4.05, 3.99, 3.89, 3.8, 3.72, 3.63, 3.53, 3.42, 3.3, 3.1)


class Battery(Analog):
    """`divider` is how many times the battery's voltage is that at the pin: (R1 + R2) / R2."""

    def __init__(self, adc, volts, divider):
        super().__init__(adc, volts)
        self._divider = divider

    def measure(self, cells=1):
        """Return volts and the charge in %; raises OutOfRange where no such battery can be: 2 to 4.5 V a cell."""
        volts = self.volts() * self._divider
        return check_range("battery", volts, "V", 2 * cells, 4.5 * cells), charge(volts / cells)


def charge(volts):
    """Return the charge (0 to 100 %) of a cell with this voltage at rest."""
    if volts >= _VOLTS[0]:
        return 100
    for i in range(1, len(_VOLTS)):
        if volts >= _VOLTS[i]:
            return 100 - 10 * i + 10 * (volts - _VOLTS[i]) / (_VOLTS[i - 1] - _VOLTS[i])
    return 0
