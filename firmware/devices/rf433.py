"""433 MHz: hears sensors and remotes, and switches what is switched by a remote.

Options in the port map: {"receive": pin, "transmit": pin, "sensors": 8, "remotes": {"doorbell": {"protocol": "ev1527",
"code": 123456}}}; at least one pin. Each of `remotes` is adopted: it becomes a participant of that role. What it is known
by is what `received` or `unknown` show of it, as much of that as is needed:

    {"protocol": "ev1527", "code": 123456}                 or pt2262; code: 1 to 16777214
    {"protocol": "nexa", "house": 12345, "unit": 1}        0 to 67108863, 0 to 15; `group` and `on` may be given too
    {"protocol": "unknown", "code": "9f3", "bits": 12}     the text that `unknown` shows

It has an outport `on` if it is a nexa, else `pressed`; both carry events.
"""

import asyncio
import time

from msgflo import Error, Participant, Port

from .device import Device

__all__ = ("Heard", "Radio", "create")

_PORTS = (
    Port("temperature", "number", "°C", state=True),
    Port("humidity", "number", "%", state=True),
    Port("battery", "boolean", "False: low", state=True),
)
_PRESSED = (Port("pressed", "boolean", "True at each press"),)
_ON = (Port("on", "boolean", "What its button says"),)
_PAUSE = 20  # ms between looks at what was received


class Heard(Participant):
    """A sensor or a remote that is heard; made by the Radio."""

    last = before = None  # ids that it had

    def __init__(self, role, component, outports):
        self.component = "devices/" + component
        self.outports = outports  # a board forgets them when they were announced
        self.values = tuple([port.id for port in outports])
        super().__init__(role)


class Radio(Device):
    """A receiver, a transmitter or both; sensors that are heard become participants `<model>-<channel>`."""

    component = "devices/Radio"
    label = "433 MHz"
    icon = "rss"
    settings = (("sensors", "number", 8, 0, 32, "How many sensors can become participants"),)
    inports = (Port("send", "object", "Code to transmit"),)
    outports = (
        Port("received", "object", "What was heard"),
        Port("unknown", "object", "Code of no known protocol"),
    )

    def __init__(self, role, topics=None, options=None, receiver=None, decoder=None, transmitter=None):
        super().__init__(role, topics, options)
        self._receiver = receiver
        self._decoder = decoder
        self._transmitter = transmitter
        self._sending = False
        self._told = ()  # roles that were complained of
        self._sensors = {}
        self._remotes = []  # each: what it is known by, the participant
        for name, code in ((options or {}).get("remotes") or {}).items():
            code = {key: code[key] for key in code if key != "base"}
            if code["protocol"] == "pt2262":  # the same for the receiver
                code["protocol"] = "ev1527"
            self._remotes.append((code, Heard(name, "Remote", _ON if code["protocol"] == "nexa" else _PRESSED)))

    def start(self):
        """Introduce the adopted remotes."""
        super().start()
        self._remotes = [pair for pair in self._remotes if self._join(pair[1])]

    async def run(self):
        """Listen."""
        receiver = self._receiver
        if receiver is None:
            return
        lost = receiver.lost
        before = time.ticks_ms()
        while True:
            await asyncio.sleep_ms(_PAUSE)
            pulses = receiver.take()
            now = time.ticks_ms()
            if lost != receiver.lost:  # there is a hole in what was received
                lost = receiver.lost
                self._decoder.reset()
            # The own transmission is no packet.
            if not self._sending and pulses:
                for packet in self._decoder.feed(pulses, time.ticks_diff(now, before)):
                    self._take(packet)
                before = now

    async def on_send(self, value):
        """Transmit a code."""
        if self._transmitter is None:
            self.fail("this board has no transmitter", "send")
            return
        from .drivers.ook_send import REPEAT, transmission

        try:
            pulses = transmission(value)
        except ValueError as e:
            self.fail(e, "send")
            return
        self._sending = True
        try:
            await self._transmitter.send(pulses, REPEAT)
            if self._receiver is not None:
                await asyncio.sleep_ms(2 * _PAUSE)  # what is on its way to us still
                self._decoder.reset()
        finally:
            self._sending = False

    def _take(self, packet):
        known = "model" in packet
        for code, remote in self._remotes:
            for key in code:
                if packet.get(key) != code[key]:
                    break
            else:
                known = True
                remote.send(remote.values[0], packet.get("on", True))
        self.send("unknown" if not known and packet["protocol"] == "unknown" else "received", packet)
        if "model" in packet:
            self._hear(packet)

    def _hear(self, packet):
        role = packet["model"].lower()
        if "channel" in packet:
            role += "-" + str(packet["channel"])
        sensor = self._sensors.get(role)
        if sensor is None:
            if len(self._sensors) >= self.config["sensors"]:
                self._tell(role, "not added, as there are {} sensors already: see `sensors`".format(len(self._sensors)))
                return
            ports = tuple([port for port in _PORTS if port.id in packet])
            sensor = Heard(role, packet["model"], ports)
            if not self._join(sensor):
                return
            self._sensors[role] = sensor
        if sensor.last != packet["id"]:
            # A new battery is a new id, once; two sensors take turns.
            if sensor.before == packet["id"]:
                self._tell(
                    role, "two sensors, {} and {}: give them different channels".format(sensor.last, sensor.before)
                )
            sensor.before = sensor.last
            sensor.last = packet["id"]
        for value in sensor.values:
            if value in packet:
                sensor.send(value, packet[value])

    def _join(self, participant):
        try:
            self._engine.add(participant)  # pyright: ignore[reportAttributeAccessIssue] - a Session
        except Error as e:
            self._tell(participant.role, str(e))
            return False
        return True

    def _tell(self, role, what):
        if role not in self._told and len(self._told) < 16:
            self._told += (role,)
            self.fail(role + ": " + what)


def create(role, topics, options, hardware):
    """Make a Radio of the port map's options."""
    receiver = decoder = transmitter = None
    if "receive" in options:
        from .drivers.ook import Decoder

        decoder = Decoder()
        receiver = hardware.receiver(options["receive"])
    if "transmit" in options:
        transmitter = hardware.transmitter(options["transmit"])
    return Radio(role, topics, options, receiver, decoder, transmitter)
