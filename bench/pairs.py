"""One participant to others, source and sinks in a process each: our library against msgflo-nodejs."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from .broker import Mosquitto
from .routers import INTEROP, NPM, OURS, Coordinator, Kind
from .routing import Figures

__all__ = ("direct", "npm", "shared")

_PROGRAMS = Path(__file__).parent / "participants"
_PYTHON = ((sys.executable, str(_PROGRAMS / "source.py")), (sys.executable, str(_PROGRAMS / "sink.py")))
_NODE = (("node", str(_PROGRAMS / "source.js")), ("node", str(_PROGRAMS / "sink.js")))
Commands = tuple[tuple[str, str], tuple[str, str]]


def shared() -> Figures:
    """Ours, with ports that are given the same topic, so that the broker joins them; no coordinator."""
    with Mosquitto() as broker:
        return _measure(_PYTHON, broker, ["shared"], lambda: 0.0)


def direct() -> Figures:
    """Ours, joined by edges of our coordinator's graph: a receiver subscribes to its sender's topic itself."""
    return _joined(OURS, _PYTHON)


def npm() -> Figures:
    """Participants of msgflo-nodejs, joined by the npm coordinator."""
    return _joined(NPM, _NODE)


def _joined(kind: Kind, commands: Commands) -> Figures:
    with Mosquitto() as broker, Coordinator(kind, broker, _graph()) as coordinator:
        coordinator.wait_until_it_listens()
        coordinator.wait_until_served()
        return _measure(commands, broker, [], coordinator.cpu_seconds)


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


def _measure(
    commands: Commands, broker: Mosquitto, options: list[str], coordinator_cpu: Callable[[], float]
) -> Figures:
    figures: Figures = {"lost": 0}
    fans: list[float] = []
    with _running(commands, broker, options) as (source, sink):
        before = 0.0, 0.0
        for line in source.stdout:
            now = _cpu(source) + _cpu(sink), coordinator_cpu()
            result = json.loads(line)
            name = result.get("name")
            if name == "end":
                break
            if name == "fan-out":
                fans.append((result["count"] - result["lost"]) / result["seconds"])
            elif name == "latency":
                figures |= _delays(sink)
            elif name:
                scale = 20_000 / result["count"]
                figures[name] = (result["count"] - result["lost"]) / result["seconds"]
                figures[f"{name} CPU"] = (now[0] - before[0]) * scale
                figures[f"{name} coordinator CPU"] = (now[1] - before[1]) * scale
            figures["lost"] += result.get("lost", 0)
            before = now
        else:
            raise RuntimeError(f"{commands[0][1]} ended before it had measured")
    return figures | {"fan-out": statistics.median(fans), "fan-out worst": min(fans)}


def _delays(sink: psutil.Popen) -> Figures:
    delays = next(json.loads(line) for line in sink.stderr if line.startswith("["))
    return {"p50": statistics.median(delays), "p99": statistics.quantiles(delays, n=100)[98]}


@contextlib.contextmanager
def _running(commands: Commands, broker: Mosquitto, options: list[str]) -> Iterator[tuple[psutil.Popen, psutil.Popen]]:
    """Start sink and source, the sink's output being the source's input."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
    environment["NODE_PATH"] = str(INTEROP / "node_modules")
    pipes = {"env": environment, "text": True, "stdout": subprocess.PIPE}
    sink = psutil.Popen([*commands[1], broker.url, *options], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, **pipes)
    source = psutil.Popen([*commands[0], broker.url, *options], stdin=sink.stdout, stderr=subprocess.DEVNULL, **pipes)
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
