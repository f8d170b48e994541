"""Log messages that come again and again."""

from __future__ import annotations

import pytest

from msgflo_host.util.log_filter import LogFilter


def test_a_repeated_message_is_logged_at_once_and_then_counted() -> None:
    messages = LogFilter()
    assert messages.is_new("no role", 0)
    assert not any(messages.is_new("no role", i / 1000) for i in range(5000))
    assert messages.due(59) == []
    assert messages.due(60) == ["no role (5000 more times)"]
    assert not messages.is_new("no role", 61)
    assert messages.due(120) == ["no role (1 more times)"]


def test_after_a_quiet_interval_a_message_is_new_again() -> None:
    messages = LogFilter()
    messages.is_new("no role", 0)
    assert messages.due(60) == []
    assert messages.is_new("no role", 61)


def test_many_different_messages_are_summed_up() -> None:
    messages = LogFilter()
    assert [i for i in range(1000) if messages.is_new(f"id {i} is bad", 0)] == list(range(20))
    assert messages.due(60) == ["980 other packets were refused, for more than 20 different reasons"]
    assert messages.due(200) == []


def test_with_once_a_message_is_logged_once_however_many_others_there_are(logged: pytest.LogCaptureFixture) -> None:
    messages = LogFilter(once=True)
    for i in (*range(100), *range(100)):
        messages.warn(f"id {i} is taken")
    assert [record.getMessage() for record in logged.records] == [f"id {i} is taken" for i in range(100)]
