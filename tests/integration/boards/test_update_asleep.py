"""An update that waits for a board that sleeps: how the board is told to stay awake, and that it may sleep again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

import msgflo
from brokers import Broker
from listening import Ear
from msgflo_host.boards.update import update

pytestmark = pytest.mark.asyncio_loop

KEY = bytes.fromhex("5e" * 32)
AWAKE = "shed-board/stay-awake"


def waiting_update(broker: Broker) -> asyncio.Task[Any]:
    """Update a board that never wakes up."""
    address = msgflo.Broker.parse(broker.url)
    return asyncio.create_task(update(address, {"board.json": b"{}"}, name="shed", version="2", key=KEY, asleep=60))


async def told(ear: Ear, last: bool, count: int) -> None:
    """Wait until the board has been told something for so many times."""
    async with asyncio.timeout(40):
        while (said := [value for topic, value in ear.heard if topic == AWAKE]) != [*said[: count - 1], last]:
            await asyncio.sleep(0.02)


async def cancelled(updating: asyncio.Task[Any]) -> None:
    updating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await updating


async def test_an_update_that_ends_without_the_broker_says_how_the_board_may_sleep_again(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    ear = Ear(broker)
    updating = waiting_update(broker)
    await told(ear, True, 1)
    broker.stop()
    while "connection lost" not in caplog.text:
        await asyncio.sleep(0.05)
    await cancelled(updating)
    ear.stop()
    assert "when it can be reached: msgflo send shed-board/stay-awake false --retain" in caplog.text


async def test_an_update_leaves_the_wish_of_another_as_it_was(broker: Broker) -> None:
    ear = Ear(broker)
    ear.say(AWAKE, True, retain=True)
    await told(ear, True, 1)
    updating = waiting_update(broker)
    await told(ear, True, 2)
    await cancelled(updating)
    ear.say(AWAKE, None)  # to know that nothing came before
    ear.wait_for(AWAKE, lambda value: value is None)
    ear.stop()
    assert [value for topic, value in ear.heard if topic == AWAKE] == [True, True, None]


PROGRAM = """
import asyncio, sys, msgflo
from msgflo_host.boards.update import update
asyncio.run(update(msgflo.Broker.parse(sys.argv[1]), {}, name="shed", version="2", key=b"5" * 32, asleep=60))
"""


def test_an_update_that_is_killed_lets_the_board_sleep(broker: Broker) -> None:
    ear = Ear(broker)
    updating = subprocess.Popen([sys.executable, "-c", PROGRAM, broker.url])
    ear.wait_for(AWAKE)
    updating.kill()
    updating.wait()
    ear.wait_for(AWAKE, lambda value: value is False)
    ear.stop()
