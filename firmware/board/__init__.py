"""The parts that run on every board: network, clock, watchdog, log, devices, and the board itself as a participant."""

import machine

if machine.reset_cause() == getattr(machine, "DEEPSLEEP_RESET", None):
    from . import early

    early.join()

# First, while the memory is in one piece.
import msgflo  # noqa: F401, I001
import asyncio

from msgflo._memory import forget

from . import log, watchdog
from .start import prepare

__all__ = ("run",)

_SAFE = 600  # s in touch with the broker without a packet of an update, after which the devices are tried again


def run(folder, safe=False):
    """Run the version in a folder (its compiled port map is `board.json`); `safe`: without devices.

    Returns only with an exception; KeyboardInterrupt when Ctrl-C was pressed.
    """
    asyncio.run(_run(folder, *prepare(folder, safe)))


async def _run(folder, config, wifi, session):
    board = session.participants[0]
    # What only the start needs is not to take memory later.
    forget("board", "start", "hardware")
    del globals()["prepare"]
    sleeper = None
    if "sleep" in config and board.mode != "safe":
        from .sleeper import Sleeper

        sleeper = Sleeper(config, session, wifi)
        await sleeper.run()  # returns when the board shall be awake
        watchdog.feed()  # that took its time, and so may asking for the time of the day
    from .starts import limit

    progress = lambda: wifi.attempts + session.attempts, lambda: session.connected
    # For nobody else keeps them.
    tasks = [asyncio.create_task(watchdog.watch(*progress)), asyncio.create_task(limit(*progress))]
    await wifi.join()
    _set(config, session, tasks)
    board.update = _update(folder, board)
    del globals()["_set"], globals()["_update"]
    tasks += [asyncio.create_task(_confirm(session)), asyncio.create_task(wifi.keep())]
    forget("msgflo", "describe", "ports")
    await session.run()
    if sleeper:
        for task in tasks:
            task.cancel()  # the Wi-Fi is given up
        await sleeper.finish()
    raise RuntimeError("the session ended")


def _set(config, session, tasks):
    from . import clock

    clock.begin(config["built"])
    if session.broker.tls and config.get("time"):  # only certificates need it
        trouble = clock.fetch(config["time"])
        if trouble:
            log.error("no time from {}; trying to do without".format(trouble))
            tasks.append(asyncio.create_task(clock.keep(config["time"], lambda: session.connected)))
    forget("board", "clock")


async def _confirm(session):
    """The broker was reached: this start is a good one, and so is the version that is on trial."""
    while not session.connected:
        await asyncio.sleep_ms(100)
    from .starts import reached

    reached()
    forget("board", "starts")
    forget("msgflo", "_tls")
    log.info("connected to {}".format(session.broker))
    for participant in session.participants:
        log.info("here is {}".format(participant.id))
    board = session.participants[0]
    while board.mode == "safe":
        board.heard = False
        await asyncio.sleep(_SAFE)
        if not board.heard:
            log.info("safe mode is over")
            machine.reset()


def _update(folder, board):
    """Return what takes the packets of an update; its module is loaded when the first one comes."""
    loaded = []

    async def take(payload):
        if not loaded:
            from .update import Update

            loaded.append(Update(folder, board))
        await loaded[0].take(payload)

    return take
