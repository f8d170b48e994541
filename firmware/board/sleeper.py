"""Sleeps and wakes; docs/sleeping.md lists what is sent, and what it costs; wake.py has the wake-up."""

import asyncio
import sys
from time import ticks_diff, ticks_ms

from micropython import const

import machine
from msgflo._memory import forget

from . import log, watchdog
from .early import pack, recall

__all__ = ("Sleeper",)

_LONGEST = const(3_600_000)  # ms of sleep while there is no network
_INTRODUCTION = const(5)  # s for which it stays awake when it has announced itself

# When it woke up: a chip counts from there.
_began = ticks_ms() if sys.platform == "linux" else 0


class Sleeper:
    """`config` is the compiled port map, `session` has the board's participant and the devices'."""

    def __init__(self, config, session, wifi):
        self.sleep = config["sleep"]
        self.session = session
        self.wifi = wifi
        rtc = machine.RTC()
        self._memory = rtc.memory if hasattr(rtc, "memory") else None
        # Stored while it sleeps: version, whether it has announced itself, failed wake-ups in a row, wake-ups since
        # the last that was in touch, whether DISCONNECT has to wait for the answers, ms since the first start, and the
        # access point (see `where`). Then a reading each.
        found = recall(self._memory(), config["version"]) if self._memory else None
        self.state, self.lines = found or ([config["version"], 0, 0, 0, 0, 0, 0], [])
        if config["watchdog"] and self._memory:  # elsewhere it would go on while the board sleeps
            # Looking up names and fetching the time can each stand still for 10 s and more, however short `awake` is.
            machine.WDT(timeout=(max(self.sleep.get("awake", 20), 20) + 10) * 1000)

    async def run(self):
        """Sleep and wake; returns when the board shall be awake, for which `finish` is then to be called at the end."""
        if self.state[1]:
            forget("msgflo", "describe", "ports")  # nobody is announced now, and there is more room
        while self.state[1]:
            from .wake import wake

            if await wake(self):
                break
            self._rest()
        self.lines.clear()
        forget("board", "wake")
        self._task = asyncio.create_task(self._attend())

    async def finish(self):
        """The session, in which the board was awake, has ended."""
        self._rest()
        # Only where a sleep is no reset.
        await self.run()
        machine.reset()

    def now(self):
        """Return ms since the board was switched on."""
        return self.state[5] + ticks_diff(ticks_ms(), _began)

    def fail(self, why):
        """Say why the board was not in touch."""
        self.state[2] += 1
        log.error(why)

    def learn(self):
        """Note the access point that the board has joined, once: for that an ESP32 has to look around for 2 s."""
        wlan = self.wifi.wlan
        if self.state[6] or not wlan.isconnected():
            return
        try:
            place = self.state[6] = wlan.config("channel")  # already, for looking around is not to be tried twice
            if self._memory:  # an RP2 needs no more than the channel
                ssid = self.wifi.config["ssid"].encode()
                near = [(each[3], each[1]) for each in wlan.scan() if each[0] == ssid and each[2] == place]
                if near:  # a hidden one is not seen
                    self.state[6] = int.from_bytes(max(near)[1], "big") << 8 | place
        except (OSError, ValueError, MemoryError) as e:
            log.error("access point: {}".format(e))

    async def _attend(self):
        """Wait until nobody wants the board to be awake, or no broker has been there for too long."""
        since = ticks_ms()
        awake = self.sleep.get("awake", 20)
        while True:
            if self.session.connected:
                if not self.state[1]:
                    self.state[1] = 1
                    await asyncio.sleep(_INTRODUCTION)
                    self.learn()
                since = ticks_ms()
                if not self.session.participants[0].awake:
                    self.state[2] = self.state[3] = 0
                    await self.session.stop("asleep")
                    return
            elif ticks_diff(ticks_ms(), since) > awake * 1000:
                from .starts import read, write

                self.fail("no connection to {} within {} s".format(self.session.broker, awake))
                if read("starts"):
                    write("starts", 0)  # no network is no reason for safe mode, in which it would not sleep
                self._rest()
                machine.reset()
            await asyncio.sleep_ms(200)

    def _rest(self):
        """Sleep; where a sleep is no reset, return afterwards."""
        global _began
        ms = round(self.sleep["every"] * 1000)
        if self.state[2] > 1:
            ms = min(ms << min(self.state[2] - 1, 12), max(ms, _LONGEST))
        awake = ticks_diff(ticks_ms(), _began)
        ms = max(ms - awake, 1000)
        log.info("awake for {} ms, asleep for {} s".format(awake, ms // 1000))
        self.state[5] += awake + ms
        if self._memory:
            self._memory(pack(self.state, self.lines))
            machine.deepsleep(ms)
        watchdog.stop()
        self.wifi.off()
        _began = ticks_ms()
        while ms > 0:  # it may end early, by an interrupt of whatever kind
            machine.lightsleep(ms)
            ms -= ticks_diff(ticks_ms(), _began)
            _began = ticks_ms()
