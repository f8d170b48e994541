"""Which coordinator stays, decided on claims in the broker's order."""

from __future__ import annotations

import asyncio
import json

import pytest

from memory_broker import MemoryBroker
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.graph.model import Graph
from msgflo_host.wire.lease import COORDINATOR, Lease, Taken
from simulation import beside, until


def test_of_two_that_claim_at_once_one_stays_also_when_both_claims_come_in_one_read() -> None:
    async def scenario() -> list[BaseException | None]:
        log: list[bytes] = []
        leases = [Lease(lambda payload, retain: log.append(payload)) for _ in range(2)]
        acquiring = [asyncio.create_task(lease.acquire()) for lease in leases]
        await asyncio.sleep(0)  # both have claimed
        for lease in leases:
            for payload in log[:2]:
                lease.received(payload, retained=False)
        return list(await asyncio.gather(*acquiring, return_exceptions=True))

    first, second = asyncio.run(scenario())
    assert first is None
    assert isinstance(second, Taken)


@pytest.mark.parametrize("between", [0.05, 0])
async def test_of_two_in_charge_the_one_stays_that_has_been_for_longer_or_else_any(between: float) -> None:
    topic: list[bytes] = []
    first, second = (Lease(lambda payload, retain: topic.append(payload)) for _ in range(2))

    async def take_charge(lease: Lease) -> None:
        acquiring = asyncio.create_task(lease.acquire())
        await asyncio.sleep(0)
        lease.received(topic[-1], retained=False)
        await acquiring

    await take_charge(first)
    await asyncio.sleep(between)
    await take_charge(second)  # the first one was frozen, and has not answered
    if not between:
        second._since = first._since
    losing = [asyncio.create_task(lease.lost()) for lease in (first, second)]
    read = 1
    async with asyncio.timeout(60):
        while not any(task.done() for task in losing):
            await asyncio.sleep(0.001)  # a message takes a while
            for payload in topic[read:]:
                read += 1
                for lease in (first, second):
                    lease.received(payload, retained=False)
    await asyncio.sleep(20)
    done = {task for task in losing if task.done()}
    staying = set(losing) - done
    assert len(done) == 1
    assert not between or done == {losing[1]}
    assert all(task.result().startswith("process ") for task in done)
    for task in staying:
        task.cancel()


async def test_a_message_that_nobody_stands_behind_ends_nobodys_charge() -> None:
    said: list[bytes] = []
    lease = Lease(lambda payload, retain: said.append(payload))
    acquiring = asyncio.create_task(lease.acquire())
    await asyncio.sleep(0)
    lease.received(said[-1], retained=False)
    await acquiring
    losing = asyncio.create_task(lease.lost())
    for claim in ('"x", "seconds": 1e400', '"x", "seconds": "9"', '["x"], "seconds": NaN', '"x", "seconds": 99'):
        for _ in range(2):  # a broker that is bridged to itself repeats what it is told
            lease.received(f'{{"id": {claim}}}'.encode(), retained=False)
    await asyncio.sleep(1)
    assert not losing.done()
    assert len(said) == 2  # they are contradicted together
    losing.cancel()


async def test_who_forges_claims_keeps_a_coordinator_waiting_and_ends_none(
    logged: pytest.LogCaptureFixture, broker: MemoryBroker
) -> None:
    coordinator = Coordinator(broker.address, Graph("main"))
    async with beside(coordinator.run()) as running:
        await until(coordinator.in_charge.is_set)
        for number in range(1000):
            forged = {"id": "evil", "host": "h", "process": 1, "seconds": 1e9 + number}
            broker.publish(COORDINATOR, forged, retain=True)
            await asyncio.sleep(0.01)
        assert not coordinator.in_charge.is_set()
        await asyncio.sleep(40)  # nobody renews the claim
        assert coordinator.in_charge.is_set()
        assert json.loads(broker.retained[COORDINATOR])["id"] != "evil"
        assert not running.done()
    waits = "another coordinator is in charge of this broker (process 1 on h): this one waits until that has ended"
    assert logged.messages.count(waits) == 1
    assert "Traceback" not in logged.text


async def test_who_waits_takes_charge_as_soon_as_the_other_ends(broker: MemoryBroker) -> None:
    coordinator = Coordinator(broker.address, Graph("main"))
    async with beside(coordinator.run()):
        await until(coordinator.in_charge.is_set)
        for number in range(3):
            broker.publish(COORDINATOR, {"id": "old", "host": "h", "process": 1, "seconds": 1e6 + number}, retain=True)
            await asyncio.sleep(0.5)
        assert not coordinator.in_charge.is_set()
        broker.publish(COORDINATOR, b"", retain=True)  # as its last will does
        await asyncio.sleep(2)
        assert coordinator.in_charge.is_set()


async def test_on_our_own_broker_others_claim_to_be_in_charge_in_vain_and_are_answered_together(
    logged: pytest.LogCaptureFixture, broker: MemoryBroker
) -> None:
    coordinator = Coordinator(broker.address, Graph("main"), is_own_broker=True)
    async with beside(coordinator.run()):
        await until(coordinator.in_charge.is_set)
        (before,) = broker.values(COORDINATOR)
        for seconds in (1e9, 2e9, *range(1000)):
            broker.publish(COORDINATOR, {"id": "evil", "host": "h", "process": 1, "seconds": seconds}, retain=True)
        await asyncio.sleep(5)
        assert coordinator.in_charge.is_set()
        assert json.loads(broker.retained[COORDINATOR])["id"] == before["id"]
        assert sum(claim["id"] == before["id"] for claim in broker.values(COORDINATOR)) < 5
    assert [text for text in logged.messages if "claims" in text] == [
        "process 1 on h claims to be the coordinator of this broker, which is our own: stop that one"
    ]
