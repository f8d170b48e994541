"""Medians, ratios and aims, as tables of plain text in Markdown."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from .editor import BESIDE, CROWD, LARGE, SMALL
from .machine import description
from .routing import BROKER, Figures

__all__ = ("Results", "text")

_LOSSES = ("lost", "lost in long burst")


class Results:
    """The figures of every run, by part and by what was measured."""

    def __init__(self) -> None:
        self._runs: defaultdict[tuple[str, str], list[Figures]] = defaultdict(list)

    def add(self, part: str, subject: str, figures: Figures) -> None:
        """Keep the figures of one run."""
        self._runs[part, subject].append(figures)

    def has(self, part: str, subject: str) -> bool:
        """Whether it was measured."""
        return (part, subject) in self._runs

    def median(self, part: str, subject: str, figure: str) -> float:
        """The median over the runs, for losses the worst; NaN for what was not measured."""
        values = [run[figure] for run in self._runs.get((part, subject), []) if figure in run]
        if not values:
            return math.nan
        return max(values, key=abs) if figure in _LOSSES else statistics.median(values)

    def ratio(self, part: str, figure: str, ours: str, theirs: str) -> float:
        """Ours over theirs, in pairs where they were measured in pairs; NaN where there is nothing to divide."""
        paired = self.median(part, ours, f"{figure} / {theirs}")
        if not math.isnan(paired):
            return paired
        divisor = self.median(part, theirs, figure)
        return self.median(part, ours, figure) / divisor if divisor else math.nan


def text(results: Results, *, runs: int, peer: bool, seconds: float) -> str:
    """The whole report."""
    parts = [_head(runs, peer, seconds)]
    for part in (_aims, _routing, _pairs, _startup, _editor, _planning):
        parts += [part(results, peer), ""]
    return "\n".join(parts).rstrip() + "\n"


def _head(runs: int, peer: bool, seconds: float) -> str:
    command = f"make bench{' PEER=1' if peer else ''} RUNS={runs}"
    return f"""# Benchmarks

Written by `{command}` in {seconds / 60:.0f} minutes; do not edit.
{description()}

Medians of {runs} runs that alternate between what is compared, each on a fresh Mosquitto on loopback
(`set_tcp_nodelay true`), 64-byte payloads, QoS 0. One machine differs by half from minute to
minute: read the ratios within a row, not the figures.
"""


def _aims(results: Results, peer: bool) -> str:
    ratio = results.ratio
    crowd = partial(results.median, "editor", CROWD)
    watched = partial(results.median, "watching", "ours")
    rows: list[tuple[str, float, str, float]] = [
        ("direct edge / one topic, burst", ratio("pairs", "burst", "direct edge", "one topic"), "≥", 0.95),
        ("direct edge / one topic, window of 200", ratio("pairs", "window", "direct edge", "one topic"), "≥", 0.95),
        ("messages lost by ours, all loads", _lost(results), "≤", 0),
        ("ten fan-out bursts, slowest / median", _steadiness(results), "≥", 0.3),
        ("41 devices and 64 nodes at rest: memory, MB", results.median("resting", "ours", "memory"), "≤", 110),
        ("41 devices and 64 nodes at rest: % of one core", results.median("resting", "ours", "idle"), "≤", 1),
        ("10 000 participants and 30 000 edges reconciled, s", _reconciled(results), "≤", 1),
        ("editor on 1 000 nodes: answer to the slowest command, ms", _slowest(results), "≤", 50),
        ("editor on 1 000 nodes: everything it opens with, s", results.median("editor", LARGE, "open"), "≤", 1),
        ("five editors, 50 edits a second on 1 000 nodes: 99 % of answers, ms", crowd("most"), "≤", 60),
        ("- the longest of 2 000, ms", crowd("worst"), "≤", 150),
        ("three editors look at 200 packets a second: control plane, % of one core", watched("watched"), "≤", 15),
        ("- CPU time of the data plane / nobody looks", watched("forwarding"), "≤", 1.1),
    ]
    if peer:
        rows += _peer_aims(results)
    table = [[name, _number(value), f"{sign} {aim:g}", _verdict(value, sign, aim)] for name, value, sign, aim in rows]
    text = "## What we aim for\n\n" + _table(["", "measured", "aim", "met"], table)
    if not peer:
        return text
    limit = results.median("routing", BROKER, "window") / results.median("pairs", "npm msgflo", "window")
    return (
        f"{text}\n\nIn a window of 200 the broker alone, with nobody but a load generator, is {limit:.1f} times as fast\n"
        "as npm's participants with their coordinator: no edge can be faster than that."
    )


def _peer_aims(results: Results) -> list[tuple[str, float, str, float]]:
    def routed(figure: str) -> float:
        return results.ratio("routing", figure, "ours", "npm msgflo")

    def joined(figure: str) -> float:
        return results.ratio("pairs", figure, "direct edge", "npm msgflo")

    return [
        ("direct edge / npm participants, burst", joined("burst"), "≥", 1.2),
        ("direct edge / npm participants, groups of 200", joined("groups"), "≥", 4),
        ("direct edge / npm participants, window of 200", joined("window"), "≥", 4),
        ("forwarded edge / npm, burst", routed("burst"), "≥", 1),
        ("forwarded edge / npm, window of 200", routed("window"), "≥", 1),
        ("forwarded edge / npm, CPU time a message in a burst", routed("burst CPU"), "≤", 0.6),
        ("forwarded edge / npm, CPU time a message in a window of 200", routed("window CPU"), "≤", 0.6),
        ("forwarded edge / npm, p99 at 500/s", routed("p99"), "≤", 1),
        ("first routed message / npm, 1 participant", _first(results, 1), "≤", 1),
        ("first routed message / npm, 100 participants", _first(results, 100), "≤", 1),
        ("first routed message / npm, 1 000 participants", _first(results, 1000), "≤", 1),
    ]


def _first(results: Results, count: int) -> float:
    return results.ratio(f"startup {count}", "first edge", "ours", "npm msgflo")


def _lost(results: Results) -> float:
    lost = [results.median("routing", "ours", figure) for figure in _LOSSES]
    return math.fsum(lost) + results.median("pairs", "direct edge", "lost")


def _steadiness(results: Results) -> float:
    return min(
        results.median(part, subject, "fan-out worst") / results.median(part, subject, "fan-out")
        for part, subject in (("routing", "ours"), ("pairs", "direct edge"))
    )


def _reconciled(results: Results) -> float:
    return max(results.median("planning", "ours", kind) for kind in ("direct", "forwarded"))


def _routing(results: Results, peer: bool) -> str:
    rows = [
        ("burst of 100 000, messages/s", "burst"),
        ("window of 200, messages/s", "window"),
        ("burst over 100 edges, messages/s", "100 edges"),
        ("fan-out to 10, ten bursts in a row, deliveries/s", "fan-out"),
        ("- the slowest of the ten", "fan-out worst"),
        ("p50 at 500/s, ms", "p50"),
        ("p99 at 500/s, ms", "p99"),
        ("CPU s per 100 000, burst", "burst CPU"),
        ("- window of 200", "window CPU"),
        ("- 100 edges", "100 edges CPU"),
        ("memory idle, MB", "memory idle"),
        ("memory after all loads, MB", "memory after"),
        ("messages lost", "lost"),
        ("- of 200 000 in one burst", "lost in long burst"),
    ]
    subjects = [BROKER, "ours", *(["npm msgflo"] if peer else [])]
    return (
        "## Forwarded edges\n\n"
        "Through our forwarder or npm's coordinator, between devices that take no direct bindings. Ours also\n"
        "counts packets while somebody watches them, which doubles its CPU time: not here.\n\n"
        + _comparison(results, "routing", rows, subjects, "ours")
    )


def _pairs(results: Results, peer: bool) -> str:
    rows = [
        ("burst of 20 000, messages/s", "burst"),
        ("window of 200, messages/s", "window"),
        ("groups of 200, messages/s", "groups"),
        ("burst over 100 edges, messages/s", "100 edges"),
        ("fan-out to 10, ten bursts in a row, deliveries/s", "fan-out"),
        ("- the slowest of the ten", "fan-out worst"),
        ("p50 at 500/s, ms", "p50"),
        ("p99 at 500/s, ms", "p99"),
        ("CPU s per 20 000 of both participants, burst", "burst CPU"),
        ("- window of 200", "window CPU"),
        ("- and of the coordinator, burst", "burst coordinator CPU"),
        ("messages lost", "lost"),
    ]
    subjects = ["one topic", "direct edge", *(["npm msgflo"] if peer else [])]
    return (
        "## Participant to participant\n\n"
        "Two processes, from the first packet sent to the last one handled. *Direct edge*: two of ours, joined\n"
        "by the graph. *One topic*: the same two on one topic. *npm msgflo*: two of msgflo-nodejs, joined by\n"
        "its coordinator. *Window*: at most 200 packets in flight. *Groups*: the next 200 packets once all\n"
        "have arrived; msgflo-nodejs then waits for acknowledgements of TCP (Nagle's algorithm).\n\n"
        + _comparison(results, "pairs", rows, subjects, "direct edge")
    )


def _startup(results: Results, peer: bool) -> str:
    subjects = ["ours", *(["npm msgflo"] if peer else []), "direct edge"]
    rows = [
        [f"{count} participants: first edge, last edge", *(_times(results, f"startup {count}", s) for s in subjects)]
        for count in (1, 100, 1000)
    ]
    return (
        "## Start\n\nSeconds from starting the coordinator to the first message over one edge, and over the last.\n"
        "*Direct edge*: until the participant has its list.\n\n" + _table(["", *subjects], rows)
    )


def _times(results: Results, part: str, subject: str) -> str:
    return " · ".join(_number(results.median(part, subject, f"{which} edge")) for which in ("first", "last"))


def _slowest(results: Results) -> float:
    return max(results.median("editor", subject, "slowest") for subject in (LARGE, BESIDE))


def _editor(results: Results, peer: bool) -> str:
    rows = [
        ("what it opens with, s", "open"),
        ("the slowest command's median, ms", "slowest"),
        ("the longest wait of all, ms", "worst"),
    ]
    table = []
    for title, figure in rows:
        values = [results.median("editor", subject, figure) for subject in (SMALL, LARGE, BESIDE)]
        table.append([title, *map(_number, [*values, values[1] / values[0]])])
    return (
        "## Editors\n\n"
        "How long an editor waits for answers, with three edges a node, while it gets 500 packets a second.\n"
        "*Opens with*: runtime, components, graph, status. *Command*: each of graph and network, 25 times.\n"
        "*Beside another graph*: with 1 000 nodes, and a second graph.\n\n"
        + _table(["", SMALL, LARGE, BESIDE, f"{LARGE} / {SMALL}"], table)
    )


def _planning(results: Results, peer: bool) -> str:
    row = [_number(results.median("planning", "ours", kind)) for kind in ("direct", "forwarded")]
    return "## Reconciling 10 000 participants and 30 000 edges\n\n" + _table(
        ["", "all direct", "all forwarded"], [["seconds", *row]]
    )


def _comparison(
    results: Results, part: str, rows: Sequence[tuple[str, str]], subjects: Sequence[str], ours: str
) -> str:
    others = [subject for subject in subjects if subject != ours]
    table = []
    for title, figure in rows:
        values = [_number(results.median(part, subject, figure)) for subject in subjects]
        ratios = ["" if figure in _LOSSES else _number(results.ratio(part, figure, ours, other)) for other in others]
        table.append([title, *values, *ratios])
    return _table(["", *subjects, *(f"{ours} / {other}" for other in others)], table)


def _verdict(value: float, sign: str, aim: float) -> str:
    if math.isnan(value):
        return "-"
    met: dict[str, Callable[[float], bool]] = {"≥": lambda v: v >= aim, "≤": lambda v: v <= aim}
    return "yes" if met[sign](value) else "no"


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as plain text: the first column to the left, figures to the right."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *rest = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        return "  ".join([cells[0].ljust(len(first)), *rest]).rstrip()

    return "\n".join(["```", *map(line, [head, *rows]), "```"])
