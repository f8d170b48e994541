"""The live view in a terminal."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from msgflo_host.cli.live_view import _picture
from msgflo_host.cli.plain_view import LOG_LINES

URL = (
    "https://app.flowhub.io#runtime/endpoint?protocol%3Dwebsocket%26address%3D"
    + "ws%3A%2F%2Flocalhost%3A3569" * 6
    + "END"
)


def status(count: int) -> dict[str, Any]:
    edge = {"src": "a.out", "tgt": "b.in", "kind": "direct", "reason": "", "rate": 1.0, "packets": 8}
    return {
        "broker": "mqtt://127.0.0.1:1883", "connected": True, "page": "http://localhost:3569/", "editor": URL,
        "graph": "examples/demo/graph.fbp", "graph_trouble": "",
        "nodes": [{"id": f"node-{number}", "component": "x/Y", "state": "alive"} for number in range(count)],
        "edges": [edge] * count,
    }  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 200, 400])
@pytest.mark.parametrize("count", [3, 300])
def test_it_fits_the_terminal_and_shows_the_whole_url_of_the_editor(width: int, count: int) -> None:
    console = Console(width=width, height=45, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(_picture(status(count), [f"{URL} {number}" for number in range(LOG_LINES)], width, 45))
    lines = [line.rstrip() for line in console_text(capture.get())]
    assert len(lines) <= 45
    assert URL in "".join(lines[2 : 5 + len(URL) // width])


def test_in_a_narrow_terminal_a_note_is_wrapped_and_the_oldest_give_way() -> None:
    notes = [f"12:00:0{number} older" for number in range(LOG_LINES - 1)]
    notes.append("12:00:09 examples/demo/graph.fbp:9:8: unexpected end of line; expected a node or a port, as in a OUT")
    console = Console(width=60, height=45, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(_picture(status(3), notes, 60, 45))
    shown = [line.rstrip() for line in console_text(capture.get())]
    assert " ".join(shown[-2:]) == notes[-1]
    assert shown[-LOG_LINES:-2] == notes[1:-1]
    assert notes[0] not in shown


def console_text(printed: str) -> list[str]:
    """Lines without the sequences that make a link of a text."""
    while "\x1b]8;" in printed:
        before, _, rest = printed.partition("\x1b]8;")
        printed = before + rest.partition("\x1b\\")[2]
    return printed.splitlines()
