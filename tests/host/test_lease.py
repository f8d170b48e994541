"""Which coordinator stays, decided on claims in the broker's order."""

from __future__ import annotations

import asyncio

from msgflo_host.lease import Lease, Taken


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


def test_of_two_in_charge_the_one_stays_that_has_been_for_longer() -> None:
    async def scenario() -> None:
        topic: list[bytes] = []
        first, second = (Lease(lambda payload, retain: topic.append(payload)) for _ in range(2))

        async def take_charge(lease: Lease) -> None:
            acquiring = asyncio.create_task(lease.acquire())
            await asyncio.sleep(0)
            lease.received(topic[-1], retained=False)
            await acquiring

        await take_charge(first)
        await asyncio.sleep(0.05)
        await take_charge(second)  # the first one was frozen, and has not answered
        losing = [asyncio.create_task(lease.lost()) for lease in (first, second)]
        read = 1
        while read < len(topic):
            assert len(topic) < 10, "they contradict each other for ever"
            for lease in (first, second):
                lease.received(topic[read], retained=False)
            read += 1
        done, staying = await asyncio.wait(losing, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        assert done == {losing[1]}
        assert isinstance(losing[1].exception(), Taken)
        for task in staying:
            task.cancel()

    asyncio.run(scenario())
