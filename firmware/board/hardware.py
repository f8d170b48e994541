"""Pins, buses and converters of this board, for device modules: opened once, and shared where that is meant."""

import machine

__all__ = ("Hardware",)


class Hardware:
    """`buses` is the list under `i2c` in the compiled port map; `log` takes a text."""

    def __init__(self, buses=(), log=print):
        self._buses = {bus["id"]: bus for bus in buses}  # each its pins and frequency; once opened, the bus
        self._log = log

    def pin(self, number, *how):
        """Return a pin, by its number or name; `how`: mode and pull. Without, it is left as it is."""
        return machine.Pin(number, *how)

    def pwm(self, number, freq, duty=0):
        """Return a PWM output; `freq` in Hz, `duty` of 65535 from the start."""
        return machine.PWM(machine.Pin(number), freq=freq, duty_u16=duty)

    def i2c(self, bus):
        """Return a bus, the same one for everybody; raises ValueError for one that the port map does not have."""
        opened = self._buses.get(bus)
        if opened is None:
            raise ValueError("there is no I2C bus {}".format(bus))
        if isinstance(opened, dict):
            from devices.drivers._i2c import Bus

            opened = self._buses[bus] = Bus(opened, self._log)
        return opened

    def adc(self, number):
        """Return a converter for the range of 0 V to about 3.1 V (ESP32) or 3.3 V."""
        adc = machine.ADC(machine.Pin(number))
        if hasattr(adc, "atten"):
            adc.atten(machine.ADC.ATTN_11DB)  # pyright: ignore[reportAttributeAccessIssue] - only an ESP32 has it
        return adc

    def volts(self, adc):
        """Return what a converter reads, in volts; calibrated on an ESP32."""
        if hasattr(adc, "read_uv"):
            return adc.read_uv() / 1000000
        return adc.read_u16() * 3.3 / 65535
