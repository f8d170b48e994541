"""A strip of pixels that each have a colour of their own."""

from .colors import rgb
from .errors import DeviceError
from .lamp import Lamp

__all__ = ("Pixels", "create")


class Pixels(Lamp):
    """Takes a list of colours too; one that is shorter than the strip is repeated along it."""

    component = "devices/Pixels"
    label = "Strip of coloured lights"
    icon = "lightbulb-o"

    def colors(self, value):
        """Return one colour, or as many as the strip has pixels at most; raises DeviceError."""
        if not isinstance(value, list) or not value or isinstance(value[0], int):
            return super().colors(value)
        count = len(self._light.values) // 3
        if len(value) > count:
            raise DeviceError("color: {} colours: allowed: up to {}".format(len(value), count))
        colors = bytearray(3 * len(value))
        for i, color in enumerate(value):
            colors[3 * i : 3 * i + 3] = bytes(rgb(color))
        return colors


def create(role, topics, options, hardware):
    """Return the participant; `options`: pin, count, and order if it is not GRB."""
    from .drivers.ws2812 import Ws2812

    light = Ws2812(hardware.pin(options["pin"]), options.get("count", 1), options.get("order", "GRB"))
    return Pixels(role, topics, options, light)
