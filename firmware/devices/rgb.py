"""An RGB LED on three pins."""

from .lamp import Lamp

__all__ = ("Rgb", "create")


class Rgb(Lamp):
    """A single coloured light."""

    component = "devices/Rgb"
    label = "RGB LED"
    icon = "lightbulb-o"


def create(role, topics, options, hardware):
    """Return the participant; `options`: the pins red, green and blue, and what they have in `common`."""
    from .drivers.pwm_rgb import PwmRgb

    pwms = (
        hardware.pwm(options["red"], 1000),
        hardware.pwm(options["green"], 1000),
        hardware.pwm(options["blue"], 1000),
    )
    return Rgb(role, topics, options, PwmRgb(pwms, options.get("common") == "anode"))
