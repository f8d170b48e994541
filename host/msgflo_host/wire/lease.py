"""One coordinator per broker, and one data plane: the one in charge claims a retained topic, and answers questions.

Two coordinators would overwrite each other's bindings for ever, two data planes take each other's connections. The last will
clears the topic when the one in charge dies; a topic that is left over nevertheless (the broker died as well) is not answered
for, and taken.
So is that of one which does not answer in time, on a machine that is at its limit: once it does, the one stays that has been
in charge for longer, and the other waits. A claim counts only while it is renewed: when nobody renews it any more, whoever
waits takes charge again. So who forges claims can keep a coordinator waiting, and end none.

With a Mosquitto of our own the lock of its folder says who is in charge: claims of others, whoever forges them, change nothing,
and they give way, for this one has been in charge since it began.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import suppress

from ..errors import MsgfloError
from ..util.log_filter import LogFilter

__all__ = ["COORDINATOR", "FORWARDER", "Lease", "Taken"]

COORDINATOR = "fbp/coordinator"
FORWARDER = "fbp/forwarder"
ANSWER_WITHIN_S = 1.0
TIE = 20  # contradictions
SOON_S = 0.2  # less than those who ask wait for an answer
RENEW_S, LEASE_S = 10.0, 30.0
"""Seconds after which a claim is renewed, and for which it counts."""
_LONGEST = 80

Publish = Callable[[bytes, bool], object]
"""Publishes a payload on the topic, retained or not."""


class Taken(MsgfloError):
    """Another one is in charge of the broker."""


class Lease:
    """The claim to the broker, which nobody else has on its `own`; `received` must get every packet on the topic.

    `what` is a coordinator or a forwarder, `process` the one to end where this is in the way.
    """

    def __init__(
        self, publish: Publish, *, what: str = "coordinator", process: int | None = None, own: bool = False
    ) -> None:
        self._publish = publish
        self._what = what
        self._own = own
        self._log_filter = LogFilter(once=True)
        self._claiming: asyncio.TimerHandle | None = None
        self._process = os.getpid() if process is None else process
        self._id = uuid.uuid4().hex
        self._held = False
        self._since = 0.0  # when we took charge (`time.monotonic()`)
        self._other: str | None = None  # who claims the broker besides us
        self._rival: tuple[object, float] | None = None  # who else claims to be in charge, and for how many seconds
        self._contradictions = 0  # by that one
        self._decided, self._lost, self._heard = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def received(self, payload: bytes, *, retained: bool) -> None:
        """Note the one in charge; while we are, contradict whoever asks, claims, or clears the topic."""
        claim = _parse(payload)
        ours = claim.get("id") == self._id
        if self._own:
            if claim and not ours and not retained and "asks" not in claim:
                self._log_filter.warn(
                    f"{_who(claim)} claims to be the {self._what} of this broker, which is our own: stop that one"
                )
            if self._held and not ours:
                self._claim_soon()
        elif self._held:
            if self._gives_way(claim):
                self._other = _who(claim)
                self.give_way()
            elif not ours and claim.get("asks") != self._id:
                self._claim_soon()
        elif ours and not retained:
            # Whatever comes after it came too late; but another's may be here already, from the same read.
            self._held = self._other is None
            self._decided.set()
        elif not ours and "asks" not in claim:
            self._other = _who(claim) if claim else None
            self._heard.set()
            if claim and not retained:
                self._decided.set()

    async def acquire(self) -> None:
        """Take charge after each connection; raises Taken when another coordinator is in charge.

        Of two that start together, the one stays whose claim reaches the broker first: each sees both in that order.
        """
        self._held = self._own
        self._lost.clear()
        if self._own:
            self._since = self._since or time.monotonic()
            self._claim()
            return
        if self._other is not None:
            await self._decide(lambda: self._publish(json.dumps({"asks": self._id}).encode(), False))
            self._other = None  # no answer: what is retained was left over
        self._since, self._rival = time.monotonic(), None
        await self._decide(self._claim)
        self._held = True

    async def _decide(self, publish: Callable[[], object]) -> None:
        """Publish something and wait for the first claim after it; raises Taken when it is another's."""
        self._decided.clear()
        publish()
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._decided.wait()
            if not self._held:
                raise self._taken()

    @property
    def is_waiting(self) -> bool:
        """Whether this one waits until another one in charge has ended."""
        return self._lost.is_set()

    def give_way(self) -> None:
        """Leave the broker to the other one for as long as that is there."""
        self._held = False
        self._lost.set()

    async def lost(self) -> str:
        """Wait until another one turns out to have been in charge for longer; returns which one."""
        await self._lost.wait()
        return str(self._other)

    async def free(self) -> None:
        """Wait until the other one has left the broker, or has not renewed its claim for too long."""
        while self._other is not None:
            self._heard.clear()
            try:
                async with asyncio.timeout(LEASE_S):
                    await self._heard.wait()
            except TimeoutError:
                self._other = None
        self._lost.clear()

    async def renew(self) -> None:
        """Renew the claim while in charge, until cancelled."""
        while True:
            await asyncio.sleep(RENEW_S)
            if self._held:
                self._claim()

    def _taken(self) -> Taken:
        return Taken(
            f"another {self._what} is in charge of this broker ({self._other}); "
            "stop that one first, or give this one another --broker"
        )

    def disconnected(self) -> None:
        """Note that the connection is lost: another one may be in charge once there is a new one."""
        self._held, self._other = False, None

    def release(self) -> None:
        """Leave the broker to another."""
        if self._held:
            self._held = False
            self._publish(b"", True)

    def _claim_soon(self) -> None:
        """Claims may come without end, and are contradicted together."""
        if self._claiming is None:
            self._claiming = asyncio.get_running_loop().call_later(SOON_S, self._claim_again)

    def _claim_again(self) -> None:
        self._claiming = None
        if self._held:
            self._claim()

    def _claim(self) -> None:
        held = time.monotonic() - self._since
        claim = {"id": self._id, "host": socket.gethostname(), "process": self._process, "seconds": held}
        self._publish(json.dumps(claim).encode(), True)

    def _gives_way(self, claim: dict[str, object]) -> bool:
        """Return whether another has been in charge for longer, and still is: it contradicts us, so it is no old message.

        Between two that took charge within the time of a message neither is known to be the older: by their ids, then.
        """
        id, seconds = claim.get("id"), claim.get("seconds")
        if not isinstance(seconds, (int, float)) or not math.isfinite(seconds) or id in (None, self._id):
            return False
        before, self._rival = self._rival, (id, seconds)
        if before is None or before[0] != id:
            self._contradictions = 0
        elif before[1] < seconds:
            self._contradictions += 1
            older = seconds > time.monotonic() - self._since
            return older or (self._contradictions > TIE and str(id) > self._id)
        return False


def _parse(payload: bytes) -> dict[str, object]:
    """Return a claim or a question; nothing for what is neither."""
    try:
        claim = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return claim if isinstance(claim, dict) else {}


def _who(claim: dict[str, object]) -> str:
    return f"process {_short(claim.get('process', '?'))} on {_short(claim.get('host', '?'))}"


def _short(value: object) -> str:
    return str(value)[:_LONGEST]  # anybody may have written it
