"""Sleeps, wakes, reads, sends, and sleeps again; docs/sleeping.md says what is sent, and what it costs.

A wake-up sends all it has to say right behind CONNECT, without waiting for an answer, and is over when the broker has
closed the connection after acknowledging everything: two round trips, of which TCP takes one.
"""

import asyncio
import json
import sys
from time import ticks_diff, ticks_ms

import machine
from msgflo.errors import ConnectError
from msgflo.topics import connection_topic
from msgflo.umqtt_transport import Transport

from . import log
from .starts import read, write

__all__ = ("Sleeper",)

_LONGEST = 3600  # s of sleep while there is no network
_INTRODUCTION = 5  # s for which it stays awake when it has announced itself
_ROOM = 1900  # bytes of readings that are kept; an ESP32 keeps 2048 bytes in all
# What is kept while it sleeps: version, whether it has announced itself, failed wake-ups in a row, wake-ups since the last
# that was in touch, whether DISCONNECT has to wait for the answers, ms since the first start; then a line for each reading.
_VERSION, _KNOWN, _FAILED, _WAKES, _POLITE, _CLOCK = range(6)

_began = ticks_ms()


class Sleeper:
    """`config` is the compiled port map, `session` has the board's participant and the devices'."""

    def __init__(self, config, session, wifi):
        sleep = config["sleep"]
        self._every = round(sleep["every"] * 1000)
        self._batch = sleep.get("batch", 1)
        self._awake = sleep.get("awake", 20)
        self._name = config["name"]
        self._session = session
        self._wifi = wifi
        self._board = session.participants[0]
        outs = [out for p in session.participants for out in p._runner.outs.values()]
        self._outs = {out[0]: out for out in outs}
        self._topics = sorted(self._outs)  # a reading is kept with the index of its topic
        rtc = machine.RTC()
        self._memory = rtc.memory if hasattr(rtc, "memory") else None
        self._where = {}
        self._lines = []
        self._state = [config["version"], 0, 0, 0, 0, 0]
        self._load()
        if config["watchdog"] and self._memory:  # elsewhere it would go on while the board sleeps
            machine.WDT(timeout=(self._awake + 10) * 1000)
        # What participants want of their session while they are read.
        self.running = True
        self.log = log.error
        self.backlog = 1

    async def run(self):
        """Sleep and wake; returns when the board shall be awake, for which `finish` is then to be called at the end."""
        for participant in self._session.participants:
            participant._engine = self
        while self._state[_KNOWN]:
            if await self._wake():
                break
            self._rest()
        for participant in self._session.participants:
            participant._engine = self._session
        self._lines.clear()
        self._task = asyncio.create_task(self._attend())

    async def finish(self):
        """The session, in which the board was awake, has ended."""
        self._rest()
        # Only where a sleep is no reset.
        await self.run()
        machine.reset()

    async def _attend(self):
        """Wait until nobody wants the board to be awake, or no broker has been there for too long."""
        since = ticks_ms()
        while True:
            if self._session.connected:
                if not self._state[_KNOWN]:
                    self._state[_KNOWN] = 1
                    await asyncio.sleep(_INTRODUCTION)
                since = ticks_ms()
                if not self._board.awake:
                    self._state[_FAILED] = self._state[_WAKES] = 0
                    await self._session.stop("asleep")
                    return
            elif ticks_diff(ticks_ms(), since) > self._awake * 1000:
                self._fail("no connection to {} within {} s".format(self._session.broker, self._awake))
                if read("starts"):
                    write("starts", 0)  # no network is no reason for safe mode, in which it would not sleep
                self._rest()
                machine.reset()
            await asyncio.sleep_ms(200)

    async def _wake(self):
        """Read, and send if it is time to; returns whether the board shall stay awake."""
        state = self._state
        state[_WAKES] += 1
        flight = None
        reading = asyncio.create_task(self._read())
        try:
            if state[_FAILED] or state[_WAKES] >= self._batch:
                flight = _Flight(self._session.broker, self._name, self._board.role)
                self._wifi.start(**self._where)
                await asyncio.wait_for(self._send(flight, reading), self._awake)
            else:
                await asyncio.wait_for(reading, self._awake)
        except (OSError, ConnectError, MemoryError) as e:
            self._fail(str(e))
        except asyncio.TimeoutError:
            self._fail("not done within {} s".format(self._awake))
        else:
            if flight:
                state[_FAILED] = state[_WAKES] = 0
                self._lines.clear()
                if not flight.known:  # the broker has forgotten who we are
                    state[_KNOWN] = 0
                return flight.awake or not flight.known
        finally:
            reading.cancel()
            if flight:
                flight.abandon()
        return False

    def _fail(self, why):
        self._state[_FAILED] += 1
        log.error(why)

    async def _send(self, flight, reading):
        if not await self._wifi.wait(self._awake * 1000):
            self._where.clear()
            raise OSError("no Wi-Fi")
        if sys.platform == "rp2":  # where to look for it the next time; an ESP32 cannot be told
            self._where["channel"] = self._wifi.wlan.config("channel")
        flight.reading = reading
        flight.packets = self._packets
        while True:
            flight.polite = self._state[_POLITE]
            if await flight.go():
                return
            if self._state[_POLITE]:
                raise OSError("the broker did not acknowledge all")
            # It has acted upon DISCONNECT before it had answered all; some brokers do.
            self._state[_POLITE] = 1

    async def _read(self):
        await asyncio.gather(*[p._runner.call(p.read) for p in self._session.participants if hasattr(p, "read")])

    def post(self, out, payload):
        """Keep what a participant sends."""
        if b"\n" not in payload:
            self._lines.append(b"%d %d " % (self._now(), self._topics.index(out[0])) + payload)
            while sum([len(line) + 1 for line in self._lines]) > _ROOM:
                del self._lines[0]

    def _now(self):
        return self._state[_CLOCK] + ticks_diff(ticks_ms(), _began)

    def _packets(self):
        """Return what there is to publish: (topic, payload, retain)."""
        latest = {}
        history = {}
        now = self._now()
        for line in self._lines:
            when, index, payload = line.split(b" ", 2)
            topic = self._topics[int(index)]
            latest[topic] = payload
            history.setdefault(topic, []).append(b"[%d, " % ((now - int(when)) // 1000) + payload + b"]")
        packets = [(topic, payload, self._outs[topic][2]) for topic, payload in latest.items()]
        if any(len(readings) > 1 for readings in history.values()):
            parts = [json.dumps(topic).encode() + b": [" + b", ".join(each) + b"]" for topic, each in history.items()]
            packets.append((self._board.role + "/history", b"{" + b", ".join(parts) + b"}", False))
        packets.append((connection_topic(self._name), b"asleep", True))
        return packets

    def _rest(self):
        """Sleep; where a sleep is no reset, return afterwards."""
        global _began
        ms = self._every
        failed = self._state[_FAILED]
        if failed > 1:
            ms = min(ms << min(failed - 1, 12), max(ms, _LONGEST * 1000))
        awake = ticks_diff(ticks_ms(), _began)
        ms = max(ms - awake, 1000)
        log.info("awake for {} ms, asleep for {} s".format(awake, ms // 1000))
        self._state[_CLOCK] += awake + ms
        if self._memory:
            head = "{} {} {} {} {} {}".format(*self._state).encode()
            self._memory(b"\n".join([head] + self._lines))
            machine.deepsleep(ms)
        self._wifi.wlan.active(False)
        machine.lightsleep(ms)
        _began = ticks_ms()

    def _load(self):
        lines = self._memory().split(b"\n") if self._memory else [b""]
        head = lines[0].decode().split()
        # Anything else is not ours, or of another version, whose topics may be others.
        if len(head) == 6 and head[0] == self._state[0]:
            self._state[1:] = [int(number) for number in head[1:]]
            self._lines = lines[1:]


class _Flight(Transport):
    """One short connection: everything in one go, without waiting for an answer in between."""

    def __init__(self, broker, name, role):
        super().__init__(broker, name, on_message=self._take)
        self._wish = role + "/stay-awake"
        self._self = connection_topic(name)
        self.awake = self.known = False
        self._writes = True  # at once

    async def go(self):
        """Connect, send and leave; returns whether all was acknowledged. Raises ConnectError."""
        await self.connect((self._self, b"lost"))
        if self.polite:
            while self._inflight:
                await self._change()
            await self.disconnect()
        await self.closed()
        return not self._inflight and self._answers[self._asked]

    def abandon(self):
        """End what is left of the connection."""
        self._finish("abandoned")
        self.sock.close()

    async def ahead(self):
        """Write all there is behind CONNECT, as soon as the readings are there."""
        await self.reading
        self._inflight.clear()
        self._writes = False
        self._reason = None
        wire = self.sock
        try:
            self._asked = self._packet_id()
            self._answers[self._asked] = None
            self._write_head(0x82, 8 + len(self._wish.encode()) + len(self._self.encode()))
            wire.write(self._asked.to_bytes(2, "big"))
            for topic in (self._wish, self._self):
                self._send_str(topic)
                wire.write(b"\0")
            for topic, payload, retain in self.packets():
                self.publish(topic, payload, retain, 1)
            if not self.polite:
                wire.write(b"\xe0\0")
                self._leaving = True
            # In one piece: each write would be a segment of its own.
            whole = bytes(wire._out[: wire._filled]) + b"".join(wire.spill)
            wire._filled = 0
            wire.spill = [whole]
        finally:
            self._writes = True
            self._reason = "not connected"

    def _take(self, topic, payload, retained):
        if topic == self._wish:
            self.awake = payload == b"true"
        elif retained:
            self.known = True

    def _send(self):
        if self._writes:
            super()._send()

    async def _stay_alive(self):
        pass  # it does not live so long
