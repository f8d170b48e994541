"""Components: participants with typed inports, settings, and a memory."""

import asyncio

from .errors import ConfigError, Error
from .remembering import Remembering
from .values import CONVERSIONS, is_released, shown

__all__ = ("Component",)

_DAY = 86400  # seconds


class Component(Remembering):
    """A participant that gets values that fit its inports.

        class Scale(Component):
            inports = (Port("in", "number"), Port("factor", "number", schema={"default": 1, "minimum": 0}))
            outports = (Port("out", "number"),)

            def on_in(self, value):
                self.send("out", value * self.settings["factor"])

    A packet becomes a value of the inport's type, as `values` describes: boolean, number, string, object, array, any or
    bang. The inport's `schema` may have `minimum`, `maximum` and `enum`. What does not fit is an error of the
    participant, and no handler is called. A bang is triggered by every packet but one that means false, such as that of a
    button that is let go.

    An inport whose schema has a `default` is a setting: its newest value is in `settings`, which is remembered. A handler
    reports a packet that it cannot use by raising Error.
    """

    def __init__(self, *arguments, **options):
        """As Participant."""
        super().__init__(*arguments, **options)
        self._accepted = {port.id: (port.type, _known(port.schema)) for port in self.inports}
        self._defaults = {
            name: schema["default"] for name, (_, schema) in self._accepted.items() if "default" in schema
        }
        self.settings = dict(self._defaults)
        for inport, handler in self._handlers.items():
            if handler is None and inport not in self.settings and type(self).packet is Component.packet:
                what = "{}: nothing handles inport {!r}; define on_{}(self, value) or packet(self, inport, value)"
                raise ConfigError(what.format(type(self).__name__, inport, inport))

    def process(self, inport, msg):
        """Handle a packet: call `configure` or `packet` with its value; raises Error where it does not fit."""
        value = self._accept(inport, msg.data)
        if inport in self.settings:
            self.configure(inport, value)
        elif self._accepted[inport][0] != "bang" or not is_released(value):
            return self.packet(inport, value)
        return None

    def configure(self, inport, value):
        """Take the new value of a setting; extend this where something follows from it."""
        self.settings[inport] = value

    def packet(self, inport, value):
        """Handle a value of an inport that is no setting; unless overridden, calls `on_<inport>`."""
        return self._handlers[inport](value)

    def send(self, outport, data=None):
        """As Participant; bytes, which a packet that is no text holds, are passed on as they are."""
        out = self._runner.outs.get(outport)
        if isinstance(data, bytes) and out is not None:
            self._engine.post(out, data)  # pyright: ignore[reportAttributeAccessIssue] - a Session by now
        else:
            super().send(outport, data)

    def later(self, seconds, function):
        """Call a function, plain or async, in so many seconds; returns what has `cancel()`."""
        alarm = _Alarm(function)
        self._runner._spawn(alarm.run(seconds, self._runner.call))
        alarm.tasks = list(self._runner._tasks[-1:])
        return alarm

    def error(self, text):
        """Report an error, and go on."""
        self._engine.log("{}: {}".format(self.id, text))  # pyright: ignore[reportAttributeAccessIssue] - a Session by now

    def show(self, text):
        """Show a line to whoever looks."""
        print(text)

    def memory(self):
        """Return what `remembers` names, and the settings that are not as at first."""
        memory = {}
        memory.update(super().memory())
        settings = {name: value for name, value in self.settings.items() if value != self._defaults[name]}
        if settings:
            memory["settings"] = settings
        return memory

    def recall(self, memory):
        """Take what was saved; a setting that does not fit any more is an error, and left as it is."""
        settings = memory.get("settings")
        for name in self.settings if isinstance(settings, dict) else ():
            try:
                if name in settings:
                    self.configure(name, self._accept(name, settings[name]))
            except Exception as e:  # of `configure`, too: the rest is taken all the same
                self.failed(e, name)
        super().recall(memory)

    def failed(self, error, inport):
        """Report what a handler has raised; an Error is a packet that cannot be used, anything else a mistake in here."""
        if isinstance(error, Error):
            self.error(str(error))
            if "error" in self._runner.outs:
                self.send("error", {"message": str(error), "port": inport})
        else:
            super().failed(error, inport)

    def _accept(self, inport, data):
        kind, schema = self._accepted[inport]
        try:
            value = CONVERSIONS.get(kind, CONVERSIONS["any"])(data)
            if "enum" in schema and value not in schema["enum"]:
                raise Error("{}; allowed: {}".format(shown(data), ", ".join(map(shown, schema["enum"]))))
            if isinstance(value, (int, float)):  # nothing else has a size
                if "minimum" in schema and value < schema["minimum"]:
                    raise Error("{}; at least {} is needed".format(shown(data), shown(schema["minimum"])))
                if "maximum" in schema and value > schema["maximum"]:
                    raise Error("{}; at most {} is allowed".format(shown(data), shown(schema["maximum"])))
        except Error as e:
            raise Error("inport {}: {}".format(shown(inport), e)) from None
        return value


def _known(schema):
    return schema if isinstance(schema, dict) else {}  # of a URL nothing is known


class _Alarm:
    """Something that happens later, once."""

    def __init__(self, function):
        self._function = function
        self.tasks = []  # its own

    async def run(self, seconds, call):
        while seconds > _DAY:  # a board's clock overflows after six
            await asyncio.sleep(_DAY)
            seconds -= _DAY
        await asyncio.sleep(max(0, seconds))
        function = self._function
        self._function = None
        await call(function)

    def cancel(self):
        """Let it not happen; nothing if it has happened."""
        if self._function is not None:
            self._function = None
            for task in self.tasks:
                task.cancel()
