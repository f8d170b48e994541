"""A participant for something that is wired to a board: each setting is an inport, and all are reported."""

from msgflo import Participant, Port

from .errors import DeviceError

__all__ = ("Device",)


# Shared by all devices, as they take 250 bytes.
_ERROR = Port("error", "object", "What went wrong")
_SETTINGS = Port("settings", "object", "All current settings", state=True)


class Device(Participant):
    """Derive from this for a kind of device; `options` are the values that the port map gives to settings.

    `settings` are tuples `(id, type, default, low, high, description)`: `type` is number, boolean or string. `low` and
    `high` bound a number; of a string, `low` is the tuple of those that are allowed, or None for any. Each is an inport,
    and `config[id]` its value; when one was changed, `changed(id)` is called and the outport `settings` reports all of them.
    """

    settings = ()

    def __init__(self, role, topics=None, options=None):
        self.inports = tuple(self.inports) + tuple([Port(s[0], s[1], s[5]) for s in self.settings])
        self.outports = tuple(self.outports) + (_ERROR,)
        if self.settings:
            self.outports += (_SETTINGS,)
        self.config = {}
        for setting in self.settings:
            self.config[setting[0]] = (options or {}).get(setting[0], setting[2])
        self._trouble = None  # what was reported last
        super().__init__(role, topics=topics)

    def process(self, inport, msg):
        """Take a setting, or hand a packet to its `on_<inport>`."""
        for setting in self.settings:
            if setting[0] == inport:
                return self._set(setting, msg.data)
        return super().process(inport, msg)

    def changed(self, setting):
        """Called when a setting was changed from outside; its new value is active already."""

    def start(self):
        """Tell the settings; a class that overrides this calls it."""
        self.send_settings()

    def send_settings(self):
        """Send all settings."""
        if self.settings:
            self.send("settings", self.config)

    def fail(self, what, port=None):
        """Report trouble, a text or an exception, on `error`, and once in the log."""
        text = str(what) or type(what).__name__
        self.send("error", {"message": text, "port": port})
        if text != self._trouble:
            self._trouble = text
            self._engine.log("{}: {}".format(self.id, text))  # pyright: ignore[reportAttributeAccessIssue] - a Session

    def well(self):
        """Note that the trouble, if there was any, is over."""
        self._trouble = None

    def _set(self, setting, value):
        wrong = _wrong(setting, value)
        if wrong:
            self.fail("{} {!r}: {}".format(setting[0], value, wrong), setting[0])
            return
        self.config[setting[0]] = value
        try:
            self.changed(setting[0])
        except (DeviceError, OSError) as e:
            self.fail(e, setting[0])
        self.send_settings()


def _wrong(setting, value):
    """Return what is allowed, where a value is not; None where it is."""
    _, kind, _, low, high, _ = setting
    if kind == "boolean":
        return None if isinstance(value, bool) else "true or false is needed"
    if kind == "string":
        if isinstance(value, str) and (low is None or value in low):
            return None
        return "a text is needed" if low is None else "allowed: " + ", ".join(low)
    # In this order: a NaN is in no range.
    if not isinstance(value, bool) and isinstance(value, (int, float)) and low <= value <= high:
        return None
    return "a number from {} to {} is needed".format(low, high)
