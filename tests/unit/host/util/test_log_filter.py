"""Complaints that come again and again."""

from __future__ import annotations

from msgflo_host.util.log_filter import Complaints


def test_a_complaint_is_said_once_and_then_counted() -> None:
    complaints = Complaints()
    assert complaints.complain("no role", 0) == "no role"
    assert [complaints.complain("no role", i / 1000) for i in range(5000)] == [None] * 5000
    assert complaints.due(59) == []
    assert complaints.due(60) == ["no role (5000 more times)"]
    assert complaints.complain("no role", 61) is None
    assert complaints.due(120) == ["no role (1 more times)"]


def test_after_a_quiet_interval_it_is_news_again() -> None:
    complaints = Complaints()
    complaints.complain("no role", 0)
    assert complaints.due(60) == []
    assert complaints.complain("no role", 61) == "no role"


def test_many_different_complaints_are_summed_up() -> None:
    complaints = Complaints()
    said = [complaints.complain(f"id {i} is bad", 0) for i in range(1000)]
    assert [text for text in said if text] == [f"id {i} is bad" for i in range(20)]
    assert complaints.due(60) == ["980 other packets were refused, for more than 20 different reasons"]
    assert complaints.due(200) == []
