"""The lines that are printed without a terminal."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from msgflo_host.cli import plain_view


def test_nothing_is_printed_while_nothing_changes_but_once_an_hour(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now, printed, measured = 1000.0, list[tuple[float, str]](), list[float]()

    def state() -> str:
        return "lost" if 8000 <= now < 8100 else "alive"

    def status() -> dict[str, Any]:
        edge = {"src": "a.out", "tgt": "b.in", "kind": "direct", "rate": now % 7}
        return {"nodes": [{"id": "a", "state": state()}, {"id": "b", "state": "alive"}], "edges": [edge]}

    async def sleep(seconds: float) -> None:
        nonlocal now
        printed.extend((now - 1000, line) for line in capsys.readouterr().out.splitlines())
        now += seconds
        if now > 15_000:
            raise asyncio.CancelledError

    monkeypatch.setattr(plain_view.asyncio, "sleep", sleep)  # type: ignore[attr-defined]
    monkeypatch.setattr(plain_view.time, "monotonic", lambda: now)  # type: ignore[attr-defined]
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(plain_view.show_plain(status, lambda seconds: measured.append(now)))
    times = [time for time, line in printed if line.startswith("nodes: ")]
    assert times[0] == plain_view.FIRST_S
    assert 3600 < times[1] - times[0] < 3600 + plain_view.EVERY_S
    assert 7000 <= times[2] < 7000 + plain_view.EVERY_S  # it is lost,
    assert 7100 <= times[3] < 7100 + plain_view.EVERY_S  # and back
    assert times[4] - times[3] > 3600
    assert [line for _, line in printed[:2]] == ["nodes: a alive, b alive", f"edge: a.out → b.in: {1005 % 7:.1f}/s"]
    assert len(measured) == len(times)  # only edges that are printed are measured


def test_a_flood_of_log_lines_is_counted_and_not_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 1000.0
    monkeypatch.setattr(plain_view.time, "monotonic", lambda: now)  # type: ignore[attr-defined]
    notes = plain_view.Notes(terminal=False)

    def note(text: str) -> None:
        notes.handle(logging.LogRecord("msgflo", logging.INFO, "", 0, text, None, None))

    for number in range(10_000):
        note(f"r{number}: started")
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == notes.BURST
    assert printed[-1].endswith(f"r{notes.BURST - 1}: started")
    now += 1
    note("later")
    left_out, later = capsys.readouterr().out.splitlines()
    assert left_out == f"({10_000 - notes.BURST} more lines were left out)"
    assert later.endswith("later")
