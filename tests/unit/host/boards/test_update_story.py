"""While a board tries a version, somebody who watches is told what it is that takes so long."""

from __future__ import annotations

from itertools import pairwise

from msgflo import Broker
from msgflo_host.boards.update_progress import Story
from msgflo_host.boards.update_transfer import Transfer


def test_a_trial_that_fails_is_reported_at_least_every_15_seconds() -> None:
    transfer = Transfer({}, role="shed-board", version="2", key=b"")
    story = Story(Broker.parse("mqtt://shed:hidden@192.168.1.10"))
    told: list[tuple[float, str]] = []
    for quarter in range(4 * 200):
        now = quarter / 4
        transfer.phase = "waiting" if now < 1 else "restarting"
        told += [(now, line) for line in story.lines(transfer, now)]
    times, lines = zip(*told, strict=True)
    assert lines[0] == "restarting, on trial: it has 3 starts of 60 s to reach mqtt://shed:***@192.168.1.10:1883"
    assert max(later - earlier for earlier, later in pairwise(times)) <= 15
    assert "waiting for it at the broker, start 1 of 3 (15 s)" in lines
    assert "waiting for it at the broker, start 2 of 3 (75 s)" in lines
    assert lines[-1] == "waiting for it to be back with the version before (195 s)"
