"""One participant to others, source and sinks in a process each: our library against msgflo-nodejs."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from .broker import Mosquitto
from .routers import INTEROP, NPM, OURS, Coordinator, Kind
from .routing import Figures

__all__ = ("npm", "ours")

_PROGRAMS = Path(__file__).parent / "participants"
_PYTHON = ((sys.executable, str(_PROGRAMS / "source.py")), (sys.executable, str(_PROGRAMS / "sink.py")))
_NODE = (("node", str(_PROGRAMS / "source.js")), ("node", str(_PROGRAMS / "sink.js")))
Commands = tuple[tuple[str, str], tuple[str, str]]


def ours() -> dict[str, Figures]:
    """Ours on our coordinator, by `direct edge` (of a graph) and `one topic` (which the broker joins), in turns."""
    return _measure(OURS, _PYTHON)


def npm() -> dict[str, Figures]:
    """Participants of msgflo-nodejs, joined by the npm coordinator, as `npm msgflo`."""
    return _measure(NPM, _NODE)


def _measure(kind: Kind, commands: Commands) -> dict[str, Figures]:
    with Mosquitto() as broker, Coordinator(kind, broker, _graph()) as coordinator:
        coordinator.wait_until_it_listens()
        coordinator.wait_until_served()
        with _running(commands, broker) as (source, sink):
            return _read(source, sink, coordinator)


def _graph() -> dict[str, object]:
    nodes = {"source": "bench/Source", "sink": "bench/Sink"} | {f"fan{i}": "bench/Fan" for i in range(10)}
    edges = [("out", "sink", "in"), ("timed", "sink", "timed")]
    edges += [("fan", f"fan{i}", "in") for i in range(10)] + [(f"o{i}", "sink", f"i{i}") for i in range(100)]
    return {
        "properties": {"name": "main", "environment": {"type": "msgflo"}},
        "processes": {node: {"component": component, "metadata": {}} for node, component in nodes.items()},
        "connections": [
            {"src": {"process": "source", "port": out}, "tgt": {"process": node, "port": into}}
            for out, node, into in edges
        ],
    }


def _read(source: psutil.Popen, sink: psutil.Popen, coordinator: Coordinator) -> dict[str, Figures]:
    """Collect the source's results until its end, each kind of edge for itself."""
    collected: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    before = 0.0, 0.0
    for line in source.stdout:
        now = _cpu(source) + _cpu(sink), coordinator.cpu_seconds()
        result = json.loads(line)
        if result.get("name") == "end":
            baseline = collected.get("one topic", {})
            return {edge: _figures(figures, baseline) for edge, figures in collected.items()}
        if result:
            spent = now[0] - before[0], now[1] - before[1]
            _collect(collected[result["edge"]], result, spent)
            if result["name"] == "latency":
                delays = next(json.loads(line) for line in sink.stderr if line.startswith("["))
                collected[result["edge"]]["p50"] = [statistics.median(delays)]
                collected[result["edge"]]["p99"] = [statistics.quantiles(delays, n=100)[98]]
        before = now
    raise RuntimeError(f"{coordinator.kind.name}: the source ended before it had measured")


def _collect(figures: dict[str, list[float]], result: dict[str, Any], spent: tuple[float, float]) -> None:
    name, count = result["name"], result["count"]
    figures["lost"].append(result["lost"])
    figures[name].append((count - result["lost"]) / result["seconds"])
    figures[f"{name} CPU"].append(spent[0] * 20_000 / count)
    figures[f"{name} coordinator CPU"].append(spent[1] * 20_000 / count)


def _figures(collected: dict[str, list[float]], baseline: dict[str, list[float]]) -> Figures:
    """Medians; and of rates the ratios to those measured in the same turn, which vary far less than the rates do."""
    figures = {name: statistics.median(values) for name, values in collected.items()}
    for name in ("burst", "window", "groups", "100 edges"):
        ratios = [mine / theirs for mine, theirs in zip(collected[name], baseline.get(name, ()), strict=False)]
        figures |= {f"{name} / one topic": statistics.median(ratios)} if ratios else {}
    return figures | {"lost": sum(collected["lost"]), "fan-out worst": min(collected["fan-out"])}


@contextlib.contextmanager
def _running(commands: Commands, broker: Mosquitto) -> Iterator[tuple[psutil.Popen, psutil.Popen]]:
    """Start sink and source, the sink's output being the source's input."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
    environment["NODE_PATH"] = str(INTEROP / "node_modules")
    pipes = {"env": environment, "text": True, "stdout": subprocess.PIPE}
    sink = psutil.Popen([*commands[1], broker.url], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, **pipes)
    source = psutil.Popen([*commands[0], broker.url], stdin=sink.stdout, stderr=subprocess.DEVNULL, **pipes)
    try:
        yield source, sink
    finally:
        for process in (source, sink):
            process.kill()
            process.wait(10)
        for stream in (source.stdout, sink.stdout, sink.stderr):
            stream.close()


def _cpu(process: psutil.Popen) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
