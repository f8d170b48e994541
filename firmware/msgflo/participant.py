"""A participant: a black box with inports and outports, each an MQTT topic."""

from ._platform import MICROPYTHON
from .errors import ConfigError
from .packets import encode
from .runner import Runner, Timer

__all__ = ("Participant",)


class Participant:
    """Derive from this, declare what it is, and handle packets.

    `on_<inport>(self, value)` handles an inport's packets (`-`, `.` and `/` in its id become `_`), or `process` handles
    all. A handler may be `async`: then the participant's next packets wait for it. What it raises goes to the log and
    to the outport `error`, if there is one.
    """

    component = None  # name of the kind of participant, usually "project/Name"; None: the name of the class
    label = ""
    icon = None  # Font Awesome name without "fa-"
    inports = ()
    outports = ()
    period = 60  # seconds within which the next discovery message can be expected
    lost = False  # set to True while what it stands for is gone: 2.2 periods later others know it as lost

    definition = None  # set for components that declare themselves by a dictionary: see legacy.py
    _engine = None  # the session

    def __init__(self, definition=None, role=None, id=None, topics=None):
        """`Lamp("lamp")` or `Lamp(role="lamp", id="lamp-2", topics={"on": "home/lamp"})`; raises ConfigError."""
        if not MICROPYTHON:  # noqa: SIM102 - a branch of its own, which is left out when it is built for a board
            if isinstance(definition, dict):
                from .legacy import LegacyRunner

                self.definition = definition
                self._runner = LegacyRunner(self, role)
                return
        self.role = definition if role is None else role
        if not isinstance(self.role, str) or not self.role:
            raise ConfigError("{}: role {!r}: a text is needed".format(type(self).__name__, self.role))
        self.id = self.role if id is None else id
        from .ports import declare  # needed at the start only: see _memory.forget

        ins, outs = declare(type(self).__name__, self.role, self.inports, self.outports, topics or {})
        self._handlers = {port.id: self._handler(port.id) for port in self.inports}
        self._runner = Runner(self, self.id, ins, outs, self.period)

    def process(self, inport, msg):
        """Handle a packet; unless overridden, calls `on_<inport>` with its data."""
        return self._handlers[inport](msg.data)

    def send(self, outport, data=None):
        """Send a packet from an outport; `data` is what JSON can say, or bytes or text if the port is raw.

        May be called from any thread. Raises ConfigError for an outport that was not declared, Error for data that
        cannot be sent.
        """
        outs = self._runner.outs
        out = outs.get(outport)
        if out is None:
            there = ", ".join(outs) or "none"
            raise ConfigError("{}: there is no outport {!r}; there are: {}".format(self._runner.id, outport, there))
        if self._engine is None:
            what = "{}: not in a session yet; send from start(), run(), handlers and timers"
            raise ConfigError(what.format(self._runner.id))
        self._engine.post(out, encode(data, out[4]))

    async def drain(self):
        """Wait until what was sent is on its way: for those who send much."""
        await self._engine.drain()  # pyright: ignore[reportAttributeAccessIssue] - a Session by now

    def every(self, seconds, function):
        """Call a function, plain or async, every so many seconds, connected or not; returns a Timer to `cancel()`."""
        timer = Timer(seconds, function)
        self._runner.every(timer)
        return timer

    def start(self):
        """Called, once, when first connected; may be async."""

    def stop(self):
        """Called when the session stops, still connected if it was; may be async."""

    async def run(self):
        """The participant's own task, from the session's start, connected or not, to its end."""

    def ack(self, msg):
        """Does nothing: MQTT has no such thing. It is here for components that run on other message queues too."""

    nack = ack

    def _begin(self):
        self._runner.begin(type(self).run is not Participant.run)

    def _handler(self, port):
        name = "on_" + port.replace("-", "_").replace(".", "_").replace("/", "_")
        handler = getattr(self, name, None)
        if handler is None and type(self).process is Participant.process:
            what = "{}: nothing handles inport {!r}; define {}(self, value) or process(self, inport, msg)"
            raise ConfigError(what.format(type(self).__name__, port, name))
        return handler
