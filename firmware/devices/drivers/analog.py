"""A voltage at an ADC, averaged: what an LDR with a resistor, or a battery with two, gives."""

from micropython import const

__all__ = ("Analog",)

_SAMPLES = const(16)


class Analog:
    """`adc` is read by its `read_u16`, and by `volts(adc)`, which knows the chip's reference.

    `divider` is how many times what is measured is the voltage at the pin.
    """

    def __init__(self, adc, volts, divider=1):
        self._adc = adc
        self._volts = volts
        self._divider = divider

    def fraction(self):
        """Return the share of the full range, 0 to 1."""
        total = 0
        for _ in range(_SAMPLES):
            total += self._adc.read_u16()
        return total / (_SAMPLES * 65535)

    def volts(self):
        """Return the volts before the divider."""
        total = 0
        for _ in range(_SAMPLES):
            total += self._volts(self._adc)
        return total * self._divider / _SAMPLES
