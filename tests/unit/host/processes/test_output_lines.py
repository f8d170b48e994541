"""The output of processes: lines, as long as there are not too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msgflo_host.processes.output_lines import BURST, LONGEST_LINE, RATE, REPORT_S, Lines


class Clock:
    """Time that passes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_lines_are_cut_where_they_end_whatever_the_pieces() -> None:
    said: list[str] = []
    lines = Lines(said.append)
    for piece in (b"on", b"e\ntwo\r\n", b"\n", b"thr\xffee \n", b"the last"):
        lines.feed(piece)
    assert said == ["one", "two", "", "thr�ee"]
    assert lines.last == "thr�ee"
    lines.end()
    assert said[4:] == ["the last"]


@given(st.lists(st.text("ab\n", max_size=20), max_size=20))
def test_pieces_make_no_difference(pieces: list[str]) -> None:
    whole: list[str] = []
    parts: list[str] = []
    one, other = Lines(whole.append), Lines(parts.append)
    one.feed("".join(pieces).encode())
    for piece in pieces:
        other.feed(piece.encode())
    one.end()
    other.end()
    assert parts == whole == "".join(pieces).split("\n")[: -1 if "".join(pieces)[-1:] in ("", "\n") else None]


def test_a_long_line_is_cut_and_the_next_one_is_whole() -> None:
    said: list[str] = []
    lines = Lines(said.append)
    for _ in range(10):
        lines.feed(b"x" * 1000)
    lines.feed(b"\nnext\n")
    assert said == ["x" * LONGEST_LINE + "… (the rest of the line is left out)", "next"]


def test_too_many_lines_are_counted_and_reported_once_a_second() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(said.append, clock=clock)
    total = 10_000
    lines.feed(b"x\n" * total)
    assert BURST * 0.9 < len(said) <= BURST
    assert lines.overdue
    assert lines.overflowing
    passed = len(said)
    clock.now += REPORT_S
    lines.feed(b"after\n")
    assert said[passed:] == [f"({total - passed} lines left out)", "after"]
    clock.now += REPORT_S
    lines.feed(b"y\n" * total)
    assert len(said) <= passed + 2 + 2 * RATE


def test_a_report_comes_without_more_output() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(said.append, clock=clock)
    lines.feed(b"x\n" * 600 + b"half")
    passed = len(said)
    lines.report()
    assert said[passed:] == [f"({600 - passed} lines left out)"]
    assert not lines.overdue
    lines.report()
    assert len(said) == passed + 1
    clock.now += 1
    lines.feed(b" a line\n")
    assert said[passed + 1 :] == ["half a line"]


def test_long_lines_count_for_more() -> None:
    said: list[str] = []
    lines = Lines(said.append, clock=Clock())
    lines.feed((b"x" * 4000 + b"\n") * 1000)
    assert sum(map(len, said)) < BURST * 1100
