"""The voltage and charge of a lithium-ion battery, at an ADC behind two resistors."""

from msgflo import Port

from .errors import OutOfRange
from .sensor import Sensor

__all__ = ("Battery", "charge", "create")

# 10 mV of a resting cell at 100 %, 90 % … 0 %: Meshtastic firmware, src/power.h, OCV_ARRAY (default, Li-ion).
_CURVE = (419, 405, 399, 389, 380, 372, 363, 353, 342, 330, 310)


class Battery(Sensor):
    """`driver` has `volts()`."""

    component = "devices/Battery"
    icon = "battery-half"
    settings = (
        ("interval", "number", 300, 0.1, 86400, "Seconds between readings"),
        ("cells", "number", 1, 1, 6, "Cells in series"),
    )
    outports = (
        Port("volts", "number", "V", state=True),
        Port("percent", "number", "% of charge", state=True),
    )

    async def measure(self):
        """Take both; raises OutOfRange where no such battery can be: 2 to 4.5 V a cell."""
        volts = self.driver.volts()
        cell = volts / self.config["cells"]
        if not 2 <= cell <= 4.5:
            what = "battery: {} V a cell is not within 2 to 4.5: look at wiring, divider, cells"
            raise OutOfRange(what.format(round(cell, 2)))
        return {"volts": round(volts, 2), "percent": round(charge(cell))}


def charge(volts):
    """Return the charge (0 to 100 %) of a cell with this voltage at rest."""
    volts *= 100
    if volts >= _CURVE[0]:
        return 100
    for i in range(1, len(_CURVE)):
        if volts >= _CURVE[i]:
            return 100 - 10 * i + 10 * (volts - _CURVE[i]) / (_CURVE[i - 1] - _CURVE[i])
    return 0


def create(role, topics, options, hardware):
    """Make one; options: `pin`, `divider` (the battery's voltage by that at the pin)."""
    from .drivers.analog import Analog

    driver = Analog(hardware.adc(options["pin"]), hardware.volts, options.get("divider", 1))
    return Battery(role, topics, options, driver)
