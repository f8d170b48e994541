"""A node that is a built-in component: what it may do, and what becomes of its mistakes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._text import quoted
from ._reports import Reports
from .component import Component, ComponentError, Timer

if TYPE_CHECKING:
    from .engine import Engine

__all__ = ["HIDDEN", "Node"]

log = logging.getLogger("msgflo")

HIDDEN = "a packet cannot be used; why is not said, for what this node gets or sends is secure"
"""What stands for an error of a node that may not tell what came to it."""

_HIDDEN_LINE = "DATA"


class Node:
    """One instance of the component `name`, for a role: keeps its mistakes from the others, and is its Context.

    Once it is `hidden`, it tells nothing of what comes to it.
    """

    def __init__(self, engine: Engine, role: str, name: str) -> None:
        self.name = name
        self._engine = engine
        self.role = role
        self.hidden = False
        self._component: Component | None = None
        self._outports: frozenset[str] = frozenset()
        self._ended = False
        self._timers: set[_Timer] = set()
        self._errors = Reports(lambda: engine.loop, lambda text: engine.tell_error(self.role, text))
        self._log = Reports(lambda: engine.loop, lambda text: engine.tell_line(self.role, text))

    def begin(self, component: type[Component]) -> None:
        """Make the instance; without one, all packets for the node are ignored."""
        self._outports = frozenset(port.id for port in component.outports)

        def make() -> None:
            self._component = component(self)

        self.guarded(make)

    def end(self) -> None:
        """Stop; nothing that the component does later has an effect."""
        self._ended = True
        if self._component is not None:
            self.guarded(self._component.stop)
        for timer in list(self._timers):
            timer.cancel()

    @property
    def has_timers(self) -> bool:
        """Whether the component has something to do later."""
        return bool(self._timers)

    def receive(self, port: str, data: Any) -> None:
        """Give the component a packet, unless it has ended since."""
        if self._ended or self._component is None:
            return
        try:
            for tell in self._engine.on_received:
                tell(self.role, port, data)
            self._component.receive(port, data)
        except Exception as wrong:
            self._failed(wrong)

    def guarded(self, call: Callable[[], None]) -> None:
        """Call something of the component; what it raises becomes an error of the node."""
        try:
            call()
        except Exception as wrong:
            self._failed(wrong)

    def _failed(self, wrong: Exception) -> None:
        if isinstance(wrong, ComponentError):
            self.error(str(wrong))
        else:
            log.debug("%s (%s) failed", self.role, self.name, exc_info=None if self._is_secure() else wrong)
            self.error(f"{type(wrong).__name__}: {wrong}"[:500])

    # What a component may call.

    def send(self, port: str, data: Any) -> None:
        if port not in self._outports:
            raise ComponentError(f"{self.name} has no outport {quoted(port)}")
        if not self._ended:
            self._engine.sent(self.role, port, data)

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        timer = _Timer(self, call, self._timers)
        if not self._ended:
            self._timers.add(timer)
            timer.handle = self._engine.loop.call_later(max(0.0, seconds), timer.ring)
        return timer

    def now(self) -> float:
        return self._engine.loop.time()

    def error(self, text: str) -> None:
        self._errors.add(HIDDEN if self._is_secure() else text)

    def log(self, text: str) -> None:
        self._log.add(_HIDDEN_LINE if self._is_secure() else text)

    def _is_secure(self) -> bool:
        return self.hidden or self._engine.is_secure(self.role)


class _Timer:
    """A timer that ends with its node."""

    def __init__(self, node: Node, call: Callable[[], None], timers: set[_Timer]) -> None:
        self._node = node
        self._call = call
        self._timers = timers
        self.handle: Timer | None = None

    def ring(self) -> None:
        self._timers.discard(self)
        self._node.guarded(self._call)

    def cancel(self) -> None:
        self._timers.discard(self)
        if self.handle is not None:
            self.handle.cancel()
