"""Sleeps and wakes; docs/sleeping.md says what is sent, and what it costs. What a wake-up does is in wake.py."""

import asyncio
import sys
from time import ticks_diff, ticks_ms

from micropython import const

import machine
from msgflo._memory import forget

from . import log, watchdog

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
        # What is kept while it sleeps: version, whether it has announced itself, failed wake-ups in a row, wake-ups since
        # the last that was in touch, whether DISCONNECT has to wait for the answers, ms since the first start.
        self.state = [config["version"], 0, 0, 0, 0, 0]
        self.lines = []  # a reading each
        lines = self._memory().split(b"\n") if self._memory else [b""]
        head = lines[0].decode().split()
        # Anything else is not ours, or of another version, whose topics may be others.
        if len(head) == 6 and head[0] == self.state[0]:
            self.state[1:] = [int(number) for number in head[1:]]
            self.lines = lines[1:]
        if config["watchdog"] and self._memory:  # elsewhere it would go on while the board sleeps
            machine.WDT(timeout=(self.sleep.get("awake", 20) + 10) * 1000)

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

    async def _attend(self):
        """Wait until nobody wants the board to be awake, or no broker has been there for too long."""
        since = ticks_ms()
        awake = self.sleep.get("awake", 20)
        while True:
            if self.session.connected:
                if not self.state[1]:
                    self.state[1] = 1
                    await asyncio.sleep(_INTRODUCTION)
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
            self._memory(b"\n".join([" ".join([str(each) for each in self.state]).encode()] + self.lines))
            machine.deepsleep(ms)
        watchdog.stop()
        self.wifi.wlan.active(False)
        _began = ticks_ms()
        while ms > 0:  # it may end early, by an interrupt of whatever kind
            machine.lightsleep(ms)
            ms -= ticks_diff(ticks_ms(), _began)
            _began = ticks_ms()
