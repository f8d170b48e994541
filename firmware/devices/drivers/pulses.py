"""Pulses on a pin, received and sent by what the chip has: PIO on an RP2, RMT and interrupts on an ESP32."""

import sys

if sys.platform == "rp2":
    from .pulses_rp2 import Receiver, Transmitter
elif sys.platform == "esp32":
    from .pulses_esp32 import Receiver, Transmitter
else:
    from pulses_linux import Receiver, Transmitter  # pyright: ignore[reportMissingImports] - of a virtual board

__all__ = ("Receiver", "Transmitter")
