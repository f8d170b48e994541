"""When packets go on: later, less often, by the clock."""

from __future__ import annotations

from collections import deque
from typing import Any

from ..component import Component, ComponentError, Context, Port
from ..component import Timer as Alarm
from ..values import size

__all__ = ["Debounce", "Delay", "Throttle", "Timer"]

_YEAR_S = 366 * 24 * 3600
_MAX_DELAYED = 10_000
_MAX_DELAYED_BYTES = 4 * 1024 * 1024


class Debounce(Component):
    """Waits until something has come to rest."""

    name = "core/Debounce"
    description = "Passes on the newest packet once no other has come for a while"
    icon = "hand-paper-o"
    inports = (
        Port("in", "any", "What may come in bursts"),
        Port("seconds", "number", "How long it must be quiet", 0.05, minimum=0, maximum=_YEAR_S),
    )
    outports = (Port("out", "any", "The last packet of each burst"),)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._newest: Any = None
        self._quiet_at = 0.0
        self._waiting = False

    def packet(self, port: str, value: Any) -> None:
        self._newest = value
        self._quiet_at = self.context.now() + self.settings["seconds"]
        if not self._waiting:
            self._wait()

    def _wait(self) -> None:
        self._waiting = True
        self.context.later(self._quiet_at - self.context.now(), self._look)

    def _look(self) -> None:
        if self.context.now() < self._quiet_at:
            self._wait()
        else:
            self._waiting = False
            self.send("out", self._newest)


class Throttle(Component):
    """Lets packets through at a bounded rate."""

    name = "core/Throttle"
    description = "Passes on at most one packet in a given time, in the end always the newest"
    icon = "tachometer"
    inports = (
        Port("in", "any", "What may come too often"),
        Port(
            "seconds", "number", "The least time between two packets that are passed on", 1, minimum=0, maximum=_YEAR_S
        ),
    )
    outports = (Port("out", "any", "The first packet at once, then the newest whenever the time is over"),)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._held: tuple[Any, ...] = ()
        self._waiting = False

    def packet(self, port: str, value: Any) -> None:
        if self._waiting:
            self._held = (value,)
        else:
            self._pass_on(value)

    def _pass_on(self, value: Any) -> None:
        self._waiting = True
        self.context.later(self.settings["seconds"], self._over)
        self.send("out", value)

    def _over(self) -> None:
        held, self._held, self._waiting = self._held, (), False
        if held:
            self._pass_on(held[0])


class Delay(Component):
    """Passes packets on later."""

    name = "core/Delay"
    description = "Passes packets on some time later, in the same order"
    icon = "hourglass-half"
    inports = (
        Port("in", "any", "What to pass on; at most 10 000 packets and 4 MiB can wait"),
        Port("seconds", "number", "How much later", 1, minimum=0, maximum=_YEAR_S),
    )
    outports = (Port("out", "any", "The same"),)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._waiting: deque[tuple[float, Any, int]] = deque()  # when, what, and its bytes
        self._bytes = 0

    def packet(self, port: str, value: Any) -> None:
        count = size(value)
        if len(self._waiting) >= _MAX_DELAYED:
            raise ComponentError(f"{_MAX_DELAYED} packets are waiting already; this one is dropped")
        if self._bytes + count > _MAX_DELAYED_BYTES:
            raise ComponentError(
                f"packets of {self._bytes} bytes are waiting already, and no more than {_MAX_DELAYED_BYTES} may; "
                f"this one of {count} is dropped"
            )
        self._bytes += count
        self._waiting.append((self.context.now() + self.settings["seconds"], value, count))
        if len(self._waiting) == 1:
            self._wait()

    def _wait(self) -> None:
        self.context.later(self._waiting[0][0] - self.context.now(), self._look)

    def _look(self) -> None:
        now = self.context.now()
        while self._waiting and self._waiting[0][0] <= now:
            _, value, count = self._waiting.popleft()
            self._bytes -= count
            self.send("out", value)
        if self._waiting:
            self._wait()


class Timer(Component):
    """Sends packets by the clock."""

    name = "core/Timer"
    description = "Sends a packet again and again, at an interval"
    icon = "clock-o"
    inports = (
        Port("interval", "number", "Seconds from one packet to the next", 1, minimum=0.01, maximum=_YEAR_S),
        Port("running", "boolean", "Whether packets are sent", True),
    )
    outports = (Port("out", "bang", "True, whenever an interval is over"),)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._alarm: Alarm | None = None
        self._next = 0.0
        self._begin()

    def configure(self, port: str, value: Any) -> None:
        if self.settings[port] != value:  # a graph that is started again does not disturb the rhythm
            super().configure(port, value)
            self._begin()

    def _begin(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        if self.settings["running"]:
            self._next = self.context.now()
            self._wait()

    def _wait(self) -> None:
        now = self.context.now()
        # Counted from when it should have been, so that no drift adds up; what was missed is left out.
        self._next = max(self._next + self.settings["interval"], now)
        self._alarm = self.context.later(self._next - now, self._over)

    def _over(self) -> None:
        self._wait()
        self.send("out", True)
