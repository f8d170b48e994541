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

    anode = options.get("common") == "anode"
    dark = PwmRgb.full if anode else 0
    pwms = [hardware.pwm(options[color], 1000, dark) for color in ("red", "green", "blue")]
    return Rgb(role, topics, options, PwmRgb(pwms, anode))
