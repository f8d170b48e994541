"""433 MHz: hears sensors and remotes, and switches what is switched by a remote.

Options in the port map: {"receive": pin, "transmit": pin, "sensors": 8, "silence": 900, "remotes": {"doorbell":
{"protocol": "ev1527", "code": 123456}}, "unchecked": ["LaCrosse-TX141Bv3"]}; at least one pin. A sensor whose model has no
checksum becomes a participant only if `unchecked` names that model. Each of `remotes` is adopted: it becomes a participant of
that role. What it is known by is what `received` or `unknown` show of it, as much of that as is needed:

    {"protocol": "ev1527", "code": 123456}                 or pt2262; code: 1 to 16777214
    {"protocol": "nexa", "house": 12345, "unit": 1}        0 to 67108863, 0 to 15; `group` and `on` may be given too
    {"protocol": "unknown", "code": "9f3", "bits": 12}     the text that `unknown` shows

It has an outport `on` if it is a nexa, else `pressed`; both carry events. Where there is a transmitter, it is also what the
remote switches: an inport `switch` of a nexa, or `press`, transmits what the remote does.
"""

import asyncio

from msgflo import Error, Participant, Port
from msgflo._platform import ticks_diff, ticks_ms  # which the host has too, for it reads ports and settings

from .device import Device

__all__ = ("Heard", "Radio", "create")

_UNITS = {"temperature": "°C", "humidity": "%", "pressure": "hPa"}
_STATES = ("temperature", "humidity", "pressure", "battery")  # what sensors report
_UNCHECKED = "LaCrosse-TX141B"  # and what begins so: models without a checksum, as which other remotes are decoded
_MINUTE = 60
_PAUSE = 1000  # ms between two codes of `unknown`: a noisy receiver must not fill the network


class Heard(Participant):
    """A sensor or a remote that is heard; made by the Radio."""

    last = before = None  # ids that it had
    missed = 0  # seconds since it was heard

    def __init__(self, role, component, values, radio, code=None):
        self._radio = radio
        self._code = code or {}  # what is transmitted for it
        if code:
            nexa = code["protocol"] == "nexa"
            self.inports = (Port("switch" if nexa else "press", "boolean", "Transmitted"),)
        self.component = "devices/" + component
        self.values = values  # ids of its outports; the ports themselves a board forgets when they were announced
        for id in values:
            unit = _UNITS.get(id, "")
            self.outports += (Port(id, "number" if unit else "boolean", unit, state=id in _STATES),)
        super().__init__(role)

    def process(self, inport, msg):
        """Transmit what the remote does."""
        if inport == "switch":
            return self._radio.on_send(dict(self._code, on=msg.data))
        # One that reports its state sends False, too.
        return None if msg.data is False else self._radio.on_send(self._code)


class Radio(Device):
    """A receiver, a transmitter or both; sensors that are heard become participants `<model>-<channel>`."""

    component = "devices/Radio"
    label = "433 MHz"
    icon = "rss"
    settings = (
        ("sensors", "number", 8, 0, 32, "How many sensors can become participants"),
        ("silence", "number", 900, 60, 86400, "Seconds after which one is taken for lost"),
    )
    inports = (Port("send", "object", "Code to transmit"),)
    outports = (
        Port("received", "object", "What was heard"),
        Port("unknown", "object", "Code of no known protocol, one a second at most"),
    )

    def __init__(self, role, topics=None, options=None, receiver=None, decoder=None, transmitter=None):
        super().__init__(role, topics, options)
        self._receiver = receiver
        self._decoder = decoder
        self._transmitter = transmitter
        self._sending = False
        self._reported = ()  # roles that were complained of
        self._sensors = {}
        self._remotes = []  # each: the participant, what it is known by
        options = options or {}
        self._adopted = options.get("remotes") or {}
        self._unchecked = options.get("unchecked") or ()
        self._shown = None  # when `unknown` was sent last

    def start(self):
        """Introduce the adopted remotes."""
        super().start()
        self.every(_MINUTE, self._miss)
        for role, full in self._adopted.items():
            code = dict(full)
            sent = None
            if self._transmitter and (code["protocol"] in ("ev1527", "pt2262") or "unit" in code):
                sent = full
            code.pop("base", None)
            if code["protocol"] == "pt2262":  # the same for the receiver
                code["protocol"] = "ev1527"
            remote = self._add(role, "Remote", ("on" if code["protocol"] == "nexa" else "pressed",), sent)
            if remote:
                self._remotes.append((remote, code))

    async def run(self):
        """Listen."""
        receiver = self._receiver
        if receiver is None:
            return
        lost = receiver.lost
        before = ticks_ms()
        while True:
            await asyncio.sleep_ms(20)
            pulses = receiver.take()
            now = ticks_ms()
            if self._sending or lost != receiver.lost:
                # The own transmission is no packet; what has a hole is none either.
                lost = receiver.lost
                self._decoder.reset()
            elif pulses:
                try:
                    for packet in self._decoder.feed(pulses, ticks_diff(now, before)):
                        self._take(packet)
                except MemoryError:
                    self._engine.log("memory is short")  # pyright: ignore[reportAttributeAccessIssue] - a Session
                before = now

    async def on_send(self, value):
        """Transmit a code."""
        from .drivers.ook_send import transmit

        while self._sending:
            await asyncio.sleep_ms(20)
        self._sending = True
        try:
            await transmit(self._transmitter, value)
        except ValueError as e:
            self.fail(e, "send")
        finally:
            self._sending = False

    def _take(self, packet):
        port = "unknown" if packet.get("protocol") == "unknown" else "received"
        for remote, code in self._remotes:
            for key in code:
                if packet.get(key) != code[key]:
                    break
            else:
                port = "received"
                remote.send(remote.values[0], packet.get("on", True))
        if port == "unknown":
            now = ticks_ms()
            if self._shown is not None and 0 <= ticks_diff(now, self._shown) < _PAUSE:
                return
            self._shown = now
        self.send(port, packet)
        if "model" in packet:
            self._hear(packet)

    def _hear(self, packet):
        model = packet["model"]
        if model.startswith(_UNCHECKED) and model not in self._unchecked:
            return
        if "perhaps" in packet and not self._knows(packet):
            # What may be another sensor's introduces none, and is not taken for another one than those that are there.
            packet = packet["perhaps"]
            if not self._knows(packet):
                return
        role = _role(packet)
        sensor = self._sensors.get(role)
        if sensor is None:
            if len(self._sensors) >= self.config["sensors"]:
                self._report(role, "one more sensor than `sensors` allows")
                return
            sensor = self._add(role, packet["model"], tuple([value for value in _STATES if value in packet]))
            if sensor is None:
                return
            self._sensors[role] = sensor
        sensor.missed = 0
        sensor.lost = False
        id = packet["id"]
        if sensor.last != id:
            # A new battery is a new id, once; two sensors take turns.
            if sensor.before == id:
                self._report(role, "two sensors, {} and {}: give them different channels".format(sensor.last, id))
            sensor.before = sensor.last
            sensor.last = id
        for value in sensor.values:
            if value in packet:
                sensor.send(value, packet[value])

    def _miss(self):
        for sensor in self._sensors.values():
            sensor.missed += _MINUTE
            if sensor.missed > self.config["silence"]:
                sensor.lost = True

    def _knows(self, packet):
        sensor = self._sensors.get(_role(packet))
        return sensor is not None and packet["id"] in (sensor.last, sensor.before)

    def _add(self, role, component, values, code=None):
        try:
            heard = Heard(role, component, values, self, code)
            self._engine.add(heard)  # pyright: ignore[reportAttributeAccessIssue] - a Session
            return heard
        except Error as e:
            self._report(role, e)

    def _report(self, role, what):
        if role not in self._reported and len(self._reported) < 16:
            self._reported += (role,)
            self.fail("{}: {}".format(role, what))


def _role(packet):
    role = packet["model"].lower()
    return role + "-" + str(packet["channel"]) if "channel" in packet else role


def create(role, topics, options, hardware):
    """Make a Radio of the port map's options."""
    from machine import Pin

    receiver = decoder = transmitter = None
    if "receive" in options:
        from .drivers.ook import Decoder
        from .drivers.pulses import Receiver  # pyright: ignore[reportAttributeAccessIssue] - by chip

        decoder = Decoder()
        receiver = Receiver(hardware.pin(options["receive"], Pin.IN))
    if "transmit" in options:
        from .drivers.pulses import Transmitter  # pyright: ignore[reportAttributeAccessIssue] - by chip

        transmitter = Transmitter(hardware.pin(options["transmit"], Pin.OUT))
    return Radio(role, topics, options, receiver, decoder, transmitter)
