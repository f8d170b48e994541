"""Things that are switched on and off."""

from msgflo import Port

from .device import Device

__all__ = ("Switch",)


class Switch(Device):
    """Derive from this and define `switch`; `on` is whether it is on."""

    inports = (Port("on", "boolean"), Port("toggle", "any", "Anything"))
    on = False

    def switch(self, on):
        """Switch on or off, and report it."""
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
