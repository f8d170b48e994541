"""What can be switched on and off."""

from msgflo import Port

from .device import Device

__all__ = ("Switch", "output")


class Switch(Device):
    """Derive from this and define `switch`; `on` is whether it is on."""

    inports = (Port("on", "boolean"), Port("toggle", "any", "Anything"))
    on = False

    def switch(self, on):
        """Switch on or off, and tell it."""
        raise NotImplementedError

    def on_on(self, value):
        """Switch on or off."""
        if isinstance(value, bool):
            self.switch(value)
        else:
            self.fail("on {:.60}: true or false is needed".format(repr(value)), "on")

    def on_toggle(self, value):
        """Switch the other way."""
        self.switch(not self.on)


def output(hardware, options):
    """Return the output `pin` of a device, off from the start, and its level when off."""
    from machine import Pin

    pin = hardware.pin(options["pin"])
    off = 1 if options.get("active") == "low" else 0
    pin.init(Pin.OUT, value=off)
    return pin, off
