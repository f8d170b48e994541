"""Makes the participants of the devices that the compiled port map names; needed once, and forgotten afterwards."""

import sys

from . import log

__all__ = ("build",)


def build(config, hardware):
    """Return a list of participants. A device that fails at its start is reported, and the others run."""
    participants = []
    for device in config["devices"]:
        try:
            module = __import__("devices." + device["module"], None, None, ("create",))
            made = module.create(device["role"], device.get("topics"), device.get("options") or {}, hardware)
            participants.append(made)
        except Exception as e:  # of whatever kind: a wrong pin, a part that is not there, a fault of the driver's
            log.error("{} ({}): {}".format(device["role"], device["module"], str(e) or type(e).__name__))
            if not hasattr(e, "errno"):
                sys.print_exception(e)  # pyright: ignore[reportAttributeAccessIssue]
    return participants
