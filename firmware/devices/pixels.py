"""A strip of pixels that each have a colour of their own."""

from .lamp import Lamp

__all__ = ("Pixels", "create")


class Pixels(Lamp):
    """A strip of lights, of one colour or several."""

    component = "devices/Pixels"
    label = "Pixels"
    icon = "lightbulb-o"


def create(role, topics, options, hardware):
    """Return the participant; `options`: pin, count, and order if it is not GRB."""
    from .drivers.ws2812 import Ws2812

    light = Ws2812(hardware.pin(options["pin"]), options.get("count", 1), options.get("order", "GRB"))
    return Pixels(role, topics, options, light)
