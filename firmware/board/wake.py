"""One wake-up of a board that sleeps: reads its devices, and sends if it is time to.

All there is to say goes out right behind CONNECT, without waiting for an answer, and the wake-up is over when the broker
has closed the connection after acknowledging everything: two round trips, of which TCP takes one.
"""

import asyncio
import json

from micropython import const

from msgflo.errors import ConnectError
from msgflo.topics import connection_topic
from msgflo.umqtt_transport import Transport

from . import log
from .early import due, where

__all__ = ("wake",)

_CAPACITY = const(1900)  # bytes of readings that are stored; an ESP32 stores 2048 bytes in all


async def wake(sleeper):
    """Read, and send if it is time to; returns whether the board shall stay awake."""
    state = sleeper.state
    session = sleeper.session
    awake = sleeper.sleep.get("awake", 20)
    is_due = due(state, sleeper.sleep)
    state[3] += 1
    flight = None
    readings = _Readings(sleeper)
    for participant in session.participants:
        participant._engine = readings
    reading = asyncio.create_task(readings.take())
    try:
        if is_due:
            flight = _Flight(session, reading, readings)
            if not sleeper.wifi.wlan.active():  # else it has begun already
                sleeper.wifi.start(**where(state[6]))
            await asyncio.wait_for(flight.send(sleeper, awake), awake)
        else:
            await asyncio.wait_for(reading, awake)
        if flight:
            state[2] = state[3] = 0
            sleeper.lines.clear()
            sleeper.learn()
            if not flight.known:  # the broker has forgotten who we are
                state[1] = 0
            return flight.awake or not flight.known
    except asyncio.TimeoutError:
        sleeper.fail("not done within {} s".format(awake))
    except (OSError, ConnectError, MemoryError) as e:
        sleeper.fail(str(e))
    finally:
        reading.cancel()
        if flight:
            flight._finish("")
            flight.sock.close()
        for participant in session.participants:
            participant._engine = session
    return False


async def _join(sleeper, limit):
    """Wait until the board has joined the network, or for `limit` ms; returns whether it has."""
    wifi = sleeper.wifi
    state = sleeper.state
    if state[6] and not await wifi.wait(limit // 2):
        # Another access point, or another channel; or there is no network at all.
        state[6] = 0
        wifi.wlan.disconnect()
        await asyncio.sleep_ms(100)  # until an ESP32 has given it up: before, it takes no other
        wifi.start()
    return await wifi.wait(limit)


class _Readings:
    """What participants send while they are read: this stands in for their session."""

    running = True
    backlog = 1
    log = staticmethod(log.error)

    def __init__(self, sleeper):
        self._sleeper = sleeper
        self._participants = sleeper.session.participants
        self._outs = {}
        for participant in self._participants:
            for out in participant._runner.outs.values():
                self._outs[out[0]] = out
        self._topics = sorted(self._outs)  # a reading is kept with the index of its topic

    async def take(self):
        """Read all devices."""
        await asyncio.gather(*[p._runner.call(p.read) for p in self._participants if hasattr(p, "read")])

    def post(self, out, payload):
        """Keep what a participant sends: when, on which topic, what."""
        if b"\n" not in payload:
            lines = self._sleeper.lines
            lines.append(b"%d %d " % (self._sleeper.now(), self._topics.index(out[0])) + payload)
            while sum([len(line) + 1 for line in lines]) > _CAPACITY:
                del lines[0]

    def packets(self, history):
        """Return what there is to publish: (topic, payload, whether retained); `history` is the topic of all of it."""
        latest = {}
        ages = {}
        now = self._sleeper.now()
        lines = self._sleeper.lines
        for line in lines:
            when, index, payload = line.split(b" ", 2)
            topic = self._topics[int(index)]
            latest[topic] = payload
            ages.setdefault(topic, []).append(b"[%d, " % ((now - int(when)) // 1000) + payload + b"]")
        packets = [(topic, payload, self._outs[topic][2]) for topic, payload in latest.items()]
        if len(lines) > len(latest):
            parts = [json.dumps(topic).encode() + b": [" + b", ".join(each) + b"]" for topic, each in ages.items()]
            packets.append((history, b"{" + b", ".join(parts) + b"}", False))
        return packets


class _Flight(Transport):
    """One short connection: everything in one go, without waiting for an answer in between."""

    def __init__(self, session, reading, readings):
        super().__init__(session.broker, session.client_id, on_message=self._take)
        self._reading = reading
        self._readings = readings
        self._role = session.participants[0].role
        self.awake = self.known = False
        self._writes = True  # at once

    async def send(self, sleeper, awake):
        """Join the network, connect, send and leave; raises OSError, ConnectError."""
        if not await _join(sleeper, awake * 1000):
            raise OSError("no Wi-Fi")
        while True:
            self._polite = sleeper.state[4]
            await self.connect((connection_topic(self.client_id), b"lost"))
            if self._polite:
                while self._inflight:
                    await self._change()
                await self.disconnect()
            await self.closed()
            if not self._inflight and self._answers[self._asked]:
                return
            if self._polite:
                raise OSError("the broker did not acknowledge all")
            # It has acted upon DISCONNECT before it had answered all; some brokers do.
            sleeper.state[4] = 1

    async def ahead(self):
        """Write all there is behind CONNECT, as soon as the readings are there."""
        await self._reading
        self._inflight.clear()
        self._writes = False
        self._reason = None
        wire = self.sock
        ours = connection_topic(self.client_id)
        try:
            topics = [self._role + "/stay-awake", ours]
            self._asked = self._packet_id()
            self._answers[self._asked] = None
            self._write_head(0x82, 2 + sum([3 + len(topic.encode()) for topic in topics]))
            wire.write(self._asked.to_bytes(2, "big"))
            for topic in topics:
                self._send_str(topic)
                wire.write(b"\0")
            for topic, payload, retain in self._readings.packets(self._role + "/history") + [(ours, b"asleep", True)]:
                self.publish(topic, payload, retain, 1)
            if not self._polite:
                wire.write(b"\xe0\0")
            # In one piece: each write would be a segment of its own.
            wire.spill = [bytes(wire._out[: wire._filled]) + b"".join(wire.spill)]
            wire._filled = 0
        finally:
            self._writes = True
            self._reason = "not connected"

    def _take(self, topic, payload, retained):
        if topic[-11:] == "/stay-awake":
            self.awake = payload == b"true"
        elif retained:
            self.known = True

    def _send(self):
        if self._writes:
            super()._send()

    async def _stay_alive(self):
        pass  # it does not live so long
