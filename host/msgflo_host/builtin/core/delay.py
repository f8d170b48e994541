"""Passes packets on later."""

import time
from collections import deque
from typing import Any

from msgflo import Error, Port
from msgflo.component import Component
from msgflo_host.builtin.sizes import size

_MAX_DELAYED = 10_000
_MAX_DELAYED_BYTES = 4 * 1024 * 1024
_EARLY_S = 0.001  # so much too early an alarm may ring


class Delay(Component):
    label = "Passes packets on some time later, in the same order"
    icon = "hourglass-half"
    inports = (
        Port("in", "any", "What to pass on; at most 10 000 packets and 4 MiB can wait"),
        Port("seconds", "number", "How much later", schema={"default": 1, "minimum": 0, "maximum": 31_622_400}),
    )
    outports = (Port("out", "any", "The same", qos=1),)
    bytes = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.waiting: deque[tuple[float, Any, int]] = deque()  # when, what, and its bytes

    def on_in(self, value: Any) -> None:
        count = size(value)
        if len(self.waiting) >= _MAX_DELAYED:
            raise Error(f"{_MAX_DELAYED} packets are waiting already; this one is dropped")
        if self.bytes + count > _MAX_DELAYED_BYTES:
            raise Error(
                f"packets of {self.bytes} bytes are waiting already, and no more than {_MAX_DELAYED_BYTES} may; "
                f"this one of {count} is dropped"
            )
        self.bytes += count
        self.waiting.append((time.monotonic() + self.settings["seconds"], value, count))
        if len(self.waiting) == 1:
            self.wait()

    def wait(self) -> None:
        self.later(self.waiting[0][0] - time.monotonic(), self.check)

    def check(self) -> None:
        now = time.monotonic() + _EARLY_S
        while self.waiting and self.waiting[0][0] <= now:
            _, value, count = self.waiting.popleft()
            self.bytes -= count
            self.send("out", value)
        if self.waiting:
            self.wait()
