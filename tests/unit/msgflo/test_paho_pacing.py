"""Pauses between reads: under load only, and not where they slow things down."""

from __future__ import annotations

from msgflo.paho_pacing import Pacing


def pauses(
    pacing: Pacing, rate: float, seconds: float, *, since: float, rate_with_pauses: float | None = None
) -> float:
    """Feed a steady stream, with a read a millisecond; the share of reads after which there was a pause."""
    reads = int(seconds * 1000)
    paused = 0
    pausing = False
    brought = 0.0
    for i in range(reads):
        now_rate = rate_with_pauses if pausing and rate_with_pauses is not None else rate
        brought += now_rate / 1000
        packets, brought = int(brought), brought % 1
        pausing = pacing.pause(packets, since + i / 1000)
        paused += pausing
    return paused / reads


def test_at_low_rates_there_are_no_pauses() -> None:
    assert pauses(Pacing(), 500, 2, since=100) == 0
    assert pauses(Pacing(), 4000, 2, since=100) == 0


def test_a_single_burst_of_a_few_packets_is_not_delayed() -> None:
    pacing = Pacing()
    assert not pacing.pause(40, 100.0)
    assert not pacing.pause(40, 200.0)


def test_under_load_reads_are_paused() -> None:
    assert pauses(Pacing(), 30_000, 1, since=100) > 0.95


def test_pauses_end_with_the_load() -> None:
    pacing = Pacing()
    pauses(pacing, 30_000, 1, since=100)
    assert pauses(pacing, 1000, 1, since=101) < 0.05


def test_where_pauses_slow_the_sender_they_are_tried_rarely() -> None:
    pacing = Pacing()
    assert pauses(pacing, 20_000, 10, since=100, rate_with_pauses=8000) < 0.05
    # It is found out when this changes.
    assert pauses(pacing, 20_000, 10, since=110) > 0.7
