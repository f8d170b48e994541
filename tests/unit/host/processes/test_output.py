"""The output of processes: lines, as long as there are not too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msgflo_host.processes.output import BURST, LONGEST_LINE, RATE, REPORT_S, Lines
from msgflo_host.processes.tracebacks import FORGOTTEN_S, SUM_S


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


TRACEBACK = """\
lamp.in: Traceback (most recent call last):
  File "lamp.py", line 3, in on_in
    raise ValueError("no good")
ValueError: no good

"""


def test_a_traceback_that_comes_again_is_counted() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(said.append, clock=clock)
    lines.feed(f"before\n{TRACEBACK}".encode())
    whole = ["before", *TRACEBACK.splitlines()]
    assert said == whole
    for _ in range(3):
        lines.feed(TRACEBACK.encode())
        lines.feed(b"between\n")
    assert said == [*whole, *["between"] * 3]
    assert lines.overdue
    clock.now += SUM_S
    lines.report()
    assert said[-1] == "ValueError: no good (3 more times)"
    assert not lines.overdue
    lines.feed(TRACEBACK.encode())
    lines.end()
    assert said == [*whole, *["between"] * 3, "ValueError: no good (3 more times)", "ValueError: no good (1 more time)"]


def test_another_traceback_is_told_and_so_is_one_after_a_long_time() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(said.append, clock=clock)
    others = [
        TRACEBACK.replace("good", "better"),
        TRACEBACK.replace("line 3", "line 4"),
        TRACEBACK.replace("lamp.in", "lamp.on"),
    ]
    for text in (TRACEBACK, *others):
        lines.feed(text.encode())
    assert said == "".join((TRACEBACK, *others)).splitlines()
    said.clear()
    clock.now += FORGOTTEN_S
    lines.feed(TRACEBACK.encode())
    assert said == TRACEBACK.splitlines()


def test_chained_tracebacks_that_come_again_leave_nothing_behind() -> None:
    said: list[str] = []
    lines = Lines(said.append, clock=Clock())
    joint = "During handling of the above exception, another exception occurred:\n\n"
    chained = f"{TRACEBACK}{joint}{TRACEBACK.replace('no good', 'worse')}"
    lines.feed(chained.encode())
    assert said == chained.splitlines()
    lines.feed(chained.encode())
    lines.feed(b"\nafter\n\n")
    assert said == [*chained.splitlines(), "after", ""]


def test_a_traceback_without_an_end_is_told() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(said.append, clock=clock)
    begun = TRACEBACK.splitlines()[:2]
    lines.feed("\n".join([*begun, ""]).encode())
    assert said == []
    assert lines.overdue
    lines.report()
    assert said == begun
    assert not lines.overdue
    lines.feed("\n".join([begun[0], *["  more"] * 200, ""]).encode())
    assert said[2:] == [begun[0], *["  more"] * 200]
    said.clear()
    lines.feed("\n".join([*begun, ""]).encode())
    lines.end()
    assert said == begun


def test_a_traceback_may_come_in_pieces() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(said.append, clock=clock)
    for letter in TRACEBACK * 2:
        clock.now += 0.01
        lines.feed(letter.encode())
    lines.end()
    assert said == [*TRACEBACK.splitlines(), "ValueError: no good (1 more time)"]


def test_tracebacks_without_end_are_left_out_like_other_lines() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(said.append, clock=clock)
    different = "".join(TRACEBACK.replace("no good", f"no {number}") for number in range(1000))
    lines.feed(different.encode())
    lines.end()
    told = [line for line in said if not line.startswith("(")]
    assert told == different.splitlines()[: len(told)]
    assert said[len(told) :] == [f"({5000 - len(told)} lines left out)"]
