"""What can be wrong with a device; drivers raise these, and participants report them on their outport `error`.

DeviceError
├── NoAnswer       it does not answer: wiring, address, power
├── ChecksumError  what came was damaged on its way
└── OutOfRange     what came cannot be true: outside of what the data sheet promises
"""

__all__ = ("ChecksumError", "DeviceError", "NoAnswer", "OutOfRange")


class DeviceError(Exception):
    """A device cannot be used, or a reading is not to be trusted; the message says what was seen and what to look at."""


class NoAnswer(DeviceError):
    """The device does not answer."""


class ChecksumError(DeviceError):
    """What the device said was damaged on its way."""


class OutOfRange(DeviceError):
    """The device said something that it cannot have measured."""
