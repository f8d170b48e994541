"""Which data plane has a broker."""

from __future__ import annotations

import asyncio

import pytest

from memory_broker import MemoryBroker
from msgflo import Refused
from msgflo_host.dataplane.claim import Claim
from simulation import beside, pass_time, until


def held(*claims: Claim) -> list[bool]:
    return [claim.held.is_set() for claim in claims]


async def test_of_those_that_start_together_one_has_the_broker_also_after_its_restart(
    logged: pytest.LogCaptureFixture,
) -> None:
    with MemoryBroker() as broker:
        claims = [Claim(broker.address, process=number) for number in range(3)]
        async with beside(asyncio.gather(*(claim.run() for claim in claims))):
            await pass_time(5)
            assert sum(held(*claims)) == 1
            assert [claim.lost.is_set() for claim in claims] == [not each for each in held(*claims)]
            for _ in range(3):
                broker.stop()
                await pass_time(1)
                broker.start()
                await pass_time(30)
                assert sum(held(*claims)) == 1


async def test_on_its_own_broker_one_has_it_whoever_was_there_before(logged: pytest.LogCaptureFixture) -> None:
    with MemoryBroker() as broker:
        other, own = Claim(broker.address, process=1), Claim(broker.address, process=2, own=True)
        async with beside(own.run()):
            await until(lambda: own.held.is_set())
            broker.stop()
            async with beside(other.run()):
                broker.start()
                await pass_time(20)
                assert held(own, other) == [True, False]
                assert "another forwarder is in charge of this broker (process 2 on " in logged.text


async def test_a_wrong_account_ends_it() -> None:
    with MemoryBroker(connack=5) as broker, pytest.raises(Refused):
        await Claim(broker.address).run()
