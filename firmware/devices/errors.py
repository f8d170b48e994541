"""Errors of devices; drivers raise these, and participants report them on their outport `error`.

DeviceError
├── NoAnswer       it does not answer: wiring, address, power
├── ChecksumError  what came was damaged on its way
└── OutOfRange     what came cannot be true: outside of what the data sheet promises
"""

__all__ = ("ChecksumError", "DeviceError", "NoAnswer", "OutOfRange")


class DeviceError(Exception):
    """A device cannot be used, or a reading is not to be trusted; the message states what was seen and what to check."""


class NoAnswer(DeviceError):
    """The device does not answer."""


class ChecksumError(DeviceError):
    """The device's answer was damaged on its way."""


class OutOfRange(DeviceError):
    """The device reported something that it cannot have measured."""
