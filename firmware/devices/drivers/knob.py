"""A potentiometer on an ADC: oversampled, with hysteresis, and with ends that are reached for certain.

The ADC of the ESP32 is deaf below about 0.1 V and above about 3.1 V at 11 dB, and noisy by about 1 % (ESP-IDF Programming
Guide, "ADC": minimize noise, attenuation and range); that of the RP2040 has offsets of a few steps (RP2040 data sheet,
§4.9.3). So a little at both ends counts as the end, and readings are averaged without the extremes.
"""

from micropython import const

__all__ = ("Knob",)

_READINGS = const(32)
_END = const(1311)  # 2 % of 65535


class Knob:
    """`position` is where it stands, from 0.0 to 1.0; None until `moved` was called first."""

    position = None

    def __init__(self, adc):
        self._adc = adc

    def moved(self, hysteresis):
        """Read, and return whether it moved: by more than `hysteresis` (of 1), or to an end. Takes 0.3 to 3 ms."""
        read = self._adc.read_u16
        total = highest = 0
        lowest = 65535
        for _ in range(_READINGS):
            reading = read()
            total += reading
            lowest = min(lowest, reading)
            highest = max(highest, reading)
        position = ((total - lowest - highest) / (_READINGS - 2) - _END) / (65535 - 2 * _END)
        position = min(max(position, 0.0), 1.0)
        old = self.position
        if position == old or (old is not None and 0 < position < 1 and abs(position - old) <= hysteresis):
            return False
        self.position = position
        return True
