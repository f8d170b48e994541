"""The pauses before restarts."""

from __future__ import annotations

from msgflo_host.processes.restarts import STABLE_S, Pauses


def test_pauses_grow_up_to_the_longest_and_are_short_again_after_a_long_run() -> None:
    now = 0.0
    pauses = Pauses(0.5, 3.0, clock=lambda: now)

    def run(seconds: float) -> float:
        nonlocal now
        pauses.started()
        now += seconds
        return pauses.next()

    assert [run(1), run(1), run(10), run(1), run(1)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert run(31) == 0.5, "ten times its last pause"
    assert [run(1), run(1)] == [1.0, 2.0]
    now += 2 * STABLE_S  # it could not be started: that is no long run
    assert pauses.next() == 3.0
