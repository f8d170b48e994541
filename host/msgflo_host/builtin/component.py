"""What a built-in component is: a class with typed ports, of which each node of a graph is an instance.

    class Not(Component):
        name = "core/Not"
        description = "Turns true into false, and false into true"
        icon = "exclamation"
        inports = (Port("in", "boolean", "what to turn"),)
        outports = (Port("out", "boolean", "the opposite"),)

        def packet(self, port: str, value: Any) -> None:
            self.send("out", not value)

An inport with a default is a parameter: its newest packet is in `settings`, and takes effect with the next packet on
another inport. Packets are shared with other nodes, so a component never changes what it gets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from .._text import quoted
from ..errors import ComponentError
from . import values as conversion

__all__ = ["Component", "ComponentError", "Context", "Port", "Timer"]


@dataclass(frozen=True, slots=True)
class Port:
    """An inport or outport.

    `type` is one of boolean, number, string, object, array, any, bang. A bang is triggered by every packet but one that
    means false, such as that of a button which is let go. An inport with `values` takes only these; one with `minimum`
    and `maximum` takes numbers within, these included.
    """

    id: str
    type: str = "any"
    description: str = ""
    default: Any = None
    values: tuple[Any, ...] = ()
    required: bool = False
    schema: str | None = None
    minimum: float | None = None
    maximum: float | None = None

    def accept(self, data: Any) -> Any:
        """Return a packet's data as this inport's type; raise ComponentError, which names the port, if it is none."""
        try:
            value = conversion.CONVERSIONS[self.type](data)
            if self.values and value not in self.values:
                raise ComponentError(
                    f"{conversion.shown(data)}; allowed: {', '.join(map(conversion.shown, self.values))}"
                )
            if self.minimum is not None and value < self.minimum:
                raise ComponentError(f"{conversion.shown(data)}; at least {self.minimum:g} is needed")
            if self.maximum is not None and value > self.maximum:
                raise ComponentError(f"{conversion.shown(data)}; at most {self.maximum:g} is allowed")
        except ComponentError as wrong:
            raise ComponentError(f"inport {quoted(self.id)}: {wrong}") from None
        return value


class Timer(Protocol):
    """Something that will happen later."""

    def cancel(self) -> None:
        """Let it not happen; nothing if it already has."""


class Context(Protocol):
    """What a component can do: it is given to each instance."""

    def send(self, port: str, data: Any) -> None:
        """Send a packet, any JSON value, from an outport."""

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call something in so many seconds, unless the node has ended by then."""

    def now(self) -> float:
        """Return the time in seconds; it never goes back, and its zero means nothing."""

    def error(self, text: str) -> None:
        """Report an error of this node, and go on."""

    def log(self, text: str) -> None:
        """Show a text to whoever looks at the network."""


class Component:
    """A component; a subclass says what it is and overrides `packet`."""

    name: ClassVar[str] = ""
    description: ClassVar[str] = ""
    icon: ClassVar[str] = ""
    inports: ClassVar[tuple[Port, ...]] = ()
    outports: ClassVar[tuple[Port, ...]] = ()
    _by_id: ClassVar[dict[str, Port]] = {}

    def __init_subclass__(cls) -> None:
        cls._by_id = {port.id: port for port in cls.inports}

    def __init__(self, context: Context) -> None:
        self.context = context
        self.send = context.send
        self.settings: dict[str, Any] = {port.id: port.default for port in self.inports if port.default is not None}

    def receive(self, port: str, data: Any) -> None:
        """Take one packet; raise ComponentError if it does not fit, and change nothing then."""
        inport = self._by_id.get(port)
        if inport is None:
            raise ComponentError(f"no inport {quoted(port)}; {self.name} has: {', '.join(self._by_id) or 'none'}")
        value = inport.accept(data)
        if port in self.settings:
            self.configure(port, value)
        elif inport.type != "bang" or not conversion.is_released(value):
            self.packet(port, value)

    def configure(self, port: str, value: Any) -> None:
        """Take the new value of a parameter; to be extended where it needs more than to be kept."""
        self.settings[port] = value

    def packet(self, port: str, value: Any) -> None:
        """Do what this component does with a packet that has the type of its inport; may raise ComponentError."""
        raise NotImplementedError

    def stop(self) -> None:
        """End; timers are cancelled anyhow, and nothing can be sent any more."""
