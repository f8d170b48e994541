"""The lines that were said of late: the last ones, of those that all are told."""

from __future__ import annotations

from msgflo_host.fbp.client_list import ClientList
from msgflo_host.fbp.dispatch import Replies
from msgflo_host.fbp.recent_messages import MOST_LINES, Recent
from msgflo_host.model.events import Events


def test_the_last_lines_and_errors_are_stored_with_their_age() -> None:
    events = Events()
    replies = Replies(ClientList(events), events)
    recent = Recent(events)
    for number in range(MOST_LINES + 1):
        replies.broadcast("network", "output", {"message": f"echo: {number}"})
    replies.broadcast("network", "processerror", {"graph": "default/main", "id": "echo", "error": "x" * 10_000})
    replies.broadcast("network", "icon", {"graph": "default/main", "id": "echo", "icon": "cog"})
    *lines, error = recent.lines()
    assert [line["message"] for line in lines] == [f"echo: {number}" for number in range(2, MOST_LINES + 1)]
    assert (error["graph"], error["id"]) == ("default/main", "echo")
    assert 1000 <= len(error["error"]) <= 2000
    assert all(0 <= line["ago_s"] < 60 for line in (*lines, error))
