"""A participant: a black box with inports and outports, each an MQTT topic."""

import asyncio
import sys

from .errors import ConfigError
from .packets import Message, decode, encode
from .timers import Timer
from .topics import check_topic

__all__ = ("Participant", "Port")


async def _nothing():
    pass


_coroutine = _nothing()
_Coroutine = type(_coroutine)
_coroutine.close()


class Port:
    """Declares an inport or outport.

    An outport with `state` holds a value: retained by the broker, QoS 1, sent again after an outage. Any other carries
    events: not retained, QoS 0. `qos` (0 or 1) and `retain` overrule. Data is JSON, or with `raw` bytes as they are.
    `type` and `description` are for people and editors, `schema` is a JSON Schema or its URL. Unless `topic` is given,
    the topic is `<role>/<id>`. Raises ConfigError.
    """

    def __init__(
        self, id, type=None, description="", *, state=False, raw=False, schema=None, qos=None, retain=None, topic=None
    ):
        if not isinstance(id, str) or not id:
            raise ConfigError("port id {!r}: a text is needed".format(id))
        if qos not in (None, 0, 1):
            raise ConfigError("port {!r}: qos {!r} is neither 0 nor 1".format(id, qos))
        if state and retain is not None and not retain:
            raise ConfigError("port {!r}: a state is retained; leave `state` or `retain=False` away".format(id))
        self.id = id
        self.type = type or ("buffer" if raw else "any")
        self.description = description
        self.state = state
        self.raw = raw
        self.schema = schema
        self.qos = int(state) if qos is None else qos
        self.retain = state if retain is None else retain
        self.topic = topic


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

    definition = None  # set for components that declare themselves by a dictionary: see legacy.py
    _engine = None  # the session

    def __init__(self, definition=None, role=None, id=None, topics=None):
        """`Lamp("lamp")` or `Lamp(role="lamp", id="lamp-2", topics={"on": "home/lamp"})`; raises ConfigError."""
        self._timers = []
        self._waiting = []  # packets that came while an async handler was busy
        self._missed = 0
        self._worker = None
        if isinstance(definition, dict):
            from .legacy import adopt

            adopt(self, definition, role)
            return
        self.role = definition if role is None else role
        if not isinstance(self.role, str) or not self.role:
            raise ConfigError("{}: role {!r}: a text is needed".format(type(self).__name__, self.role))
        self.id = self.role if id is None else id
        self._declare(topics or {})

    def process(self, inport, msg):
        """Handle a packet; unless overridden, calls `on_<inport>` with its data."""
        return self._handlers[inport](msg.data)

    def send(self, outport, data=None):
        """Send a packet from an outport; `data` is what JSON can say, or bytes or text if the port is raw.

        May be called from any thread. Raises ConfigError for an outport that was not declared, Error for data that
        cannot be sent.
        """
        out = self._out.get(outport)
        if out is None or self._engine is None:
            self._cannot_send(outport, out)
        self._engine.post(out, encode(data, out[4]))

    async def drain(self):
        """Wait until what was sent is on its way: for those who send much."""
        await self._engine.drain()

    def every(self, seconds, function):
        """Call a function, plain or async, every so many seconds, connected or not; returns a Timer to `cancel()`."""
        timer = Timer(seconds, function)
        self._timers.append(timer)
        if self._engine is not None and self._engine.running:
            timer.start(self._call)
        return timer

    def start(self):
        """Called, once, when first connected; may be async."""

    def stop(self):
        """Called when the session stops, still connected if it was; may be async."""

    async def run(self):
        """The participant's own task, from the session's start, connected or not, to its end."""

    def ack(self, msg):
        """Does nothing: MQTT has no such thing. It is here for components that run on other message queues too."""

    def nack(self, msg):
        """Does nothing, as `ack`."""

    # What follows is for the session.

    def _begin(self):
        for timer in self._timers:
            timer.start(self._call)
        self._tasks = []
        if type(self).run is not Participant.run:
            self._tasks.append(asyncio.create_task(self._call(self.run)))

    def _meet(self):
        self._tasks.append(asyncio.create_task(self._call(self.start)))

    async def _finish(self):
        await self._call(self.stop)

    def _end(self):
        for timer in self._timers:
            timer.stop()
        for task in [*self._tasks, self._worker]:
            if task is not None:
                task.cancel()
        self._worker = None

    def _declare(self, topics):
        """Work out topics and handlers from what the class declares."""
        name = self.role
        self._in = {}  # inport id -> (topic, raw)
        self._out = {}  # outport id -> (topic, qos, retain, state, raw)
        self._handlers = {}
        for port in self.inports:
            self._in[port.id] = (self._topic(port, topics), port.raw)
            self._handler(port.id)
        for port in self.outports:
            self._out[port.id] = (self._topic(port, topics), port.qos, port.retain, port.state, port.raw)
        ports = [port.id for port in self.inports] + [port.id for port in self.outports]
        if len(ports) != len(set(ports)):
            raise ConfigError("{}: two ports have the same id: {}".format(name, ", ".join(ports)))
        for port in topics:
            if port not in ports:
                raise ConfigError("{}: topic for port {!r}; there are: {}".format(name, port, ", ".join(ports)))
        taken = [out[0] for out in self._out.values()]
        for port, (topic, _) in self._in.items():
            if topic in taken:
                raise ConfigError("{}: inport {!r} and an outport have the same topic {!r}".format(name, port, topic))

    def _topic(self, port, topics):
        topic = topics.get(port.id) or port.topic or "{}/{}".format(self.role, port.id)
        where = "{}, port {!r}".format(self.role, port.id)
        check_topic(topic, where)
        if topic[0] == "$" or topic == "fbp" or topic.startswith("fbp/"):
            raise ConfigError("{}: {!r} is reserved; allowed: all but fbp, fbp/… and $…".format(where, topic))
        return topic

    def _handler(self, port):
        name = "on_" + port.replace("-", "_").replace(".", "_").replace("/", "_")
        handler = getattr(self, name, None)
        if handler is not None:
            self._handlers[port] = handler
        elif type(self).process is Participant.process:
            raise ConfigError(
                "{}: nothing handles inport {!r}: define {}(self, value) or process(self, inport, msg)".format(
                    type(self).__name__, port, name
                )
            )

    def _cannot_send(self, outport, out):
        if out is None:
            ports = ", ".join(self._out) or "none"
            raise ConfigError("{}: there is no outport {!r}; there are: {}".format(self.role, outport, ports))
        raise ConfigError("{}: not in a session yet; send from start(), run(), handlers and timers".format(self.role))

    def _receive(self, port, topic, payload, retained):
        """Handle a packet now, or in its turn where an async handler is busy."""
        if self._worker is None:
            coroutine = self._handle(port, topic, payload, retained)
            if coroutine is not None:
                self._worker = asyncio.create_task(self._work(port, coroutine))
            return
        self._waiting.append((port, topic, payload, retained))
        if len(self._waiting) > self._engine.backlog:
            del self._waiting[0]
            self._missed += 1

    def _handle(self, port, topic, payload, retained):
        try:
            result = self.process(port, self._message(port, topic, payload, retained))
        except Exception as e:
            self._failed(e, port)
            return None
        return result if type(result) is _Coroutine else None

    def _message(self, port, topic, payload, retained):
        return Message(payload, payload if self._in[port][1] else decode(payload), topic, retained)

    async def _work(self, port, coroutine):
        """Finish an async handler, then handle the packets that came meanwhile."""
        await self._settle(coroutine, port)
        while self._waiting:
            packets = self._waiting
            self._waiting = []
            for packet in packets:
                coroutine = self._handle(*packet)
                if coroutine is not None:
                    await self._settle(coroutine, packet[0])
        self._worker = None
        if self._missed:
            self._engine.log("{}: {} packets lost: its async handler was too slow".format(self.id, self._missed))
            self._missed = 0

    async def _settle(self, coroutine, port=None):
        try:
            await coroutine
        except Exception as e:
            self._failed(e, port)

    async def _call(self, function):
        """Call a function, plain or async, whose exceptions end here."""
        try:
            result = function()
        except Exception as e:
            self._failed(e, None)
            return
        if type(result) is _Coroutine:
            await self._settle(result)

    def _failed(self, error, port):
        """Log an exception and send it to the outport `error`, if there is one."""
        where = self.id if port is None else "{}, inport {!r}".format(self.id, port)
        self._engine.log("{}: {}".format(where, traceback(error)))
        if "error" in self._out:
            message = "{}: {}".format(type(error).__name__, error)
            try:
                self.send("error", {"message": message, "port": port})
            except Exception as e:
                self._engine.log("{}: outport 'error': {}".format(self.id, e))


def traceback(error):
    """Return an exception with its traceback as text."""
    if sys.implementation.name == "micropython":
        import io

        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue()
    from traceback import format_exception

    return "".join(format_exception(error))
