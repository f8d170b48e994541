"""The first participant on a board: it says how much memory is left, and switches the board's LED."""

import gc

from msgflo import Participant, Port


class Heart(Participant):
    component = "boards/Heart"
    label = "A board that is alive"
    icon = "heartbeat"
    inports = [Port("led", "boolean", "Whether the LED on the board is lit")]
    outports = [
        Port("memory", "number", "Free memory in bytes", state=True),
        Port("lit", "boolean", "Whether the LED is lit", state=True),
    ]

    def __init__(self, role, led):
        super().__init__(role)
        self._led = led
        self.every(5, self.beat)

    def on_led(self, on):
        self._led.value(bool(on))
        self.send("lit", bool(on))

    def beat(self):
        gc.collect()
        self.send("memory", gc.mem_free())
