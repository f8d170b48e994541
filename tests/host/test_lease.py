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
