"""What runs on every board: network, clock, watchdog, log, devices, and the board itself as a participant."""

# First, while the memory is in one piece.
import msgflo  # noqa: F401, I001
import asyncio
import gc
import json
import sys

import machine

from msgflo import Session

from . import log, watchdog
from .participant import Board
from .wifi import Wifi

__all__ = ("run",)


def run(folder, safe=False):
    """Run the version in a folder (its compiled port map is `board.json`); `safe`: without devices.

    Returns only with an exception; KeyboardInterrupt when Ctrl-C was pressed.
    """
    with open(folder + "/board.json") as file:
        config = json.load(file)
    log.level = log.LEVELS.index(config["log"]["level"])
    log.info("{} {}{}".format(config["name"], config["version"], ", safe mode: without devices" if safe else ""))
    asyncio.run(_Running(config, folder, safe).run())


class _Running:
    """One start of a board."""

    def __init__(self, config, folder, safe):
        self._config = config
        self._folder = folder
        self._safe = safe
        self._wifi = Wifi(config["wifi"])
        self._update = None
        self._tasks = []
        self._session = None

    async def run(self):
        """Run until an exception."""
        config = self._config
        if config["watchdog"]:
            self._do(watchdog.watch(self._attempts, self._connected))
        devices = [] if self._safe else self._devices()
        if "sleep" in config and not self._safe:
            from .sleeper import sleep

            await sleep(config, devices, self._wifi)  # returns when the board shall stay awake
        await self._join()
        board = self._board()
        broker = config["broker"].replace("cafile=", "cafile=" + self._folder + "/")
        self._session = Session([board] + devices, broker, client_id=config["name"], log=log.error)
        if config["log"]["topic"]:
            log.listener = lambda text: board.send("log", text)
        del devices
        self._forget()
        if "sleep" in config:
            self._do(self._until_sleep(board))
        self._do(self._confirm())
        self._do(self._wifi.keep())
        await self._session.run()
        raise RuntimeError("the session ended")

    def _do(self, coroutine):
        self._tasks.append(asyncio.create_task(coroutine))  # for nobody else keeps it

    def _devices(self):
        from .build import build
        from .hardware import Hardware

        return build(self._config, Hardware(self._config["i2c"]))

    async def _join(self):
        from . import clock

        clock.begin(self._config["built"])
        await self._wifi.join()
        if self._config["broker"].startswith("mqtts") and self._config.get("time"):  # only certificates need it
            trouble = await clock.fetch(self._config["time"])
            if trouble:
                log.error("no time from {}; trying to do without".format(trouble))
                self._do(clock.keep_trying(self._config["time"]))

    def _board(self):
        led = None
        if not any("LED" in device["options"].values() for device in self._config["devices"]):
            led = _led()
        mode = "safe" if self._safe else "normal"
        role = self._config["name"] + "-board"
        return Board(
            role, version=self._config["version"], mode=mode, wifi=self._wifi, led=led, updates=self._take_update
        )

    def _forget(self):
        """Free what only the start needs: the port map, what ports say about themselves, the modules that read it."""
        for participant in self._session.participants:
            participant.inports = participant.outports = ()
        for name in ("board.build", "board.clock"):
            if sys.modules.pop(name, None):
                delattr(sys.modules["board"], name[6:])
        del self._config["devices"], self._config["wifi"]
        gc.collect()

    def _attempts(self):
        return self._wifi.attempts + (self._session.attempts if self._session else 0)

    def _connected(self):
        return self._session is not None and self._session.connected

    async def _confirm(self):
        """The broker was reached: this start is a good one, and so is the version that is on trial."""
        while not self._session.connected:
            await asyncio.sleep_ms(100)
        from .starts import reached

        reached()
        log.info("connected to {}".format(self._session.broker))
        for participant in self._session.participants:
            log.info("here is {}".format(participant.id))

    async def _until_sleep(self, board):
        """Go to sleep as soon as nobody wants the board to stay awake."""
        await asyncio.sleep(5)
        while board.awake:
            await asyncio.sleep(1)
        await self._session.stop("asleep")
        machine.deepsleep(self._config["sleep"]["every"] * 1000)

    async def _take_update(self, board, payload):
        if self._update is None:
            gc.collect()
            from .update import Update

            self._update = Update(self._folder, self._config["key"], board)
        await self._update.take(payload)


def _led():
    try:
        return machine.Pin("LED", machine.Pin.OUT)
    except (ValueError, TypeError):
        return None  # an ESP32 knows no LED by that name
