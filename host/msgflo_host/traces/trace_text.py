"""A trace as text: the lines that npm's `flowtrace-show` prints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ..graph.json_format import compact
from ..util.javascript import whole_numbers
from .flowtrace import Trace
from .trace_payloads import PACKETS

__all__ = ["lines"]

# Sequences that move a terminal's cursor or colour it: flowtrace-show takes them out where it prints into a file.
_SEQUENCE = re.compile(r"[\x1b\x9b][\[\]()#;?]*[0-9;]*[0-9A-Za-z=><~]")
_LONE = re.compile("[\ud800-\udfff]")  # half of a character, which UTF-8 cannot express
_COLOURS = {"green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36}
_ITALIC = ("blue", "magenta")

_Paint = Callable[[str, str], str]


def lines(trace: Trace, *, terminal: bool = False) -> Iterator[str]:
    """Return a line for each event on an edge, as in `a OUT -> IN b DATA 21.5`.

    For other events of a network, such as an icon, it is "null" where the output is no terminal, as flowtrace-show has it,
    and none on a terminal. There it is coloured, and control characters are escapes, which flowtrace-show leaves in.
    """
    for event in trace.events:
        if event["protocol"] != "network":
            continue
        if event.get("error"):
            text = f"TRACE ERROR: {event['error']}"
            yield _harmless(text) if terminal else _LONE.sub("\N{REPLACEMENT CHARACTER}", text)
        elif event["command"] not in PACKETS:
            if not terminal:
                yield "null"
        elif terminal:
            yield _line(event["command"], event["payload"], _coloured)
        else:
            text = _SEQUENCE.sub("", _line(event["command"], event["payload"], lambda text, colour: text))
            yield _LONE.sub("\N{REPLACEMENT CHARACTER}", text)


def _line(command: str, payload: dict[str, Any], paint: _Paint) -> str:
    subgraph = payload.get("subgraph")
    inside = "" if subgraph is None else paint(":".join(subgraph), "magenta") + " "
    return f"{inside}{paint(_edge(payload.get('src'), payload.get('tgt')), 'blue')} {_what(command, payload, paint)}"


def _edge(src: dict[str, Any] | None, tgt: dict[str, Any] | None) -> str:
    source = f"{src['node']} {src['port'].upper()} " if src is not None else ""
    target = f" {tgt['port'].upper()} {tgt['node']}" if tgt is not None else ""
    return f"{source}->{target}" if source or target else "UNKNOWN"


def _what(command: str, payload: dict[str, Any], paint: _Paint) -> str:
    if command == "data":
        value = compact(whole_numbers(payload["data"]), tight=True) if "data" in payload else "undefined"
        return f"{paint('DATA', 'green')} {paint(value, '')}"
    if command in ("connect", "disconnect"):
        return paint("CONN" if command == "connect" else "DISC", "yellow")
    group = str(payload["group"]) if "group" in payload else "undefined"
    return paint(f"{'<' if command == 'begingroup' else '>'} {group}", "cyan")


def _coloured(text: str, colour: str) -> str:
    text = _harmless(text)
    if not colour:
        return text
    if colour in _ITALIC:
        text = f"\x1b[3m{text}\x1b[23m"
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[39m"


def _harmless(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
