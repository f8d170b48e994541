"""What a club's system takes while nothing happens: memory and CPU time of `msgflo run`, without its broker.

64 nodes: 41 foreign devices, each described by a YAML file, and 23 built-in components, each behind one and before it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from .broker import Mosquitto, free_port
from .routing import Figures

__all__ = ("measure",)

_DEVICES, _NODES, _SECONDS = 41, 64, 30
_BUILT_IN = ("core/Threshold", "core/Scale", "core/Throttle", "core/Delay", "core/Changed")
_DEVICE = """component: bench/Device{n}
label: A plug and its meter
icon: plug
inports:
  power: {{queue: "cmnd/#ROLE/POWER", type: boolean}}
outports:
  state: {{queue: "stat/#ROLE/POWER", type: string}}
  watts: {{queue: "tele/#ROLE/SENSOR", type: number}}
availability: {{topic: "tele/#ROLE/LWT", online: Online, offline: Offline}}
"""


def measure() -> Figures:
    """Memory (PSS) in MB and CPU time in % of one core, of the supervisor, the data plane and the control plane together."""
    with Mosquitto() as broker, _running(broker.url) as processes:
        time.sleep(5)  # what a start leaves to do
        before, started = _cpu_seconds(processes), time.monotonic()
        time.sleep(_SECONDS)
        percent = 100 * (_cpu_seconds(processes) - before) / (time.monotonic() - started)
        return {"memory": sum(process.memory_full_info().pss for process in processes) / 1e6, "idle": percent}


@contextmanager
def _running(broker: str) -> Iterator[list[psutil.Process]]:
    """The processes of `msgflo run`, once all edges are active."""
    folder, port = Path(tempfile.mkdtemp(prefix="bench-")), free_port()
    _write_project(folder)
    command = [str(Path(sys.executable).parent / "msgflo"), "run", str(folder), "--broker", broker, "--port", str(port)]
    with (folder / "log").open("wb") as log:
        supervisor = psutil.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_until_active(port, folder / "log")
        yield [supervisor, *supervisor.children(recursive=True)]
    finally:
        supervisor.terminate()
        supervisor.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _write_project(folder: Path) -> None:
    devices = {f"d{n}": f"bench/Device{n}" for n in range(_DEVICES)}
    built_in = {f"n{n}": _BUILT_IN[n % len(_BUILT_IN)] for n in range(_NODES - _DEVICES)}
    edges = [((f"d{n}", "watts"), (node, "in")) for n, node in enumerate(built_in)]
    edges += [((node, "out"), (f"d{n}", "power")) for n, node in enumerate(built_in)]
    graph = {
        "properties": {"name": "main", "environment": {"type": "msgflo"}},
        "processes": {node: {"component": name, "metadata": {}} for node, name in (devices | built_in).items()},
        "connections": [
            {"src": {"process": src, "port": out}, "tgt": {"process": tgt, "port": into}}
            for (src, out), (tgt, into) in edges
        ],
    }
    (folder / "graph.json").write_text(json.dumps(graph))
    for n in range(_DEVICES):
        (folder / f"device{n}.yml").write_text(_DEVICE.format(n=n))
    components = "".join(f"  bench/Device{n}: device{n}.yml\n" for n in range(_DEVICES))
    (folder / "msgflo.yaml").write_text(f"components:\n{components}")


def _wait_until_active(port: int, log: Path, timeout: float = 30) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/status.json", timeout=5) as answer:
                edges = json.load(answer)["edges"]
            if edges and all(edge["kind"] in ("direct", "forwarded") for edge in edges):
                return
        except OSError:
            pass  # its page is not there yet
        if time.monotonic() > deadline:
            raise RuntimeError(f"not all edges became active; it wrote:\n{log.read_text(errors='replace')}")
        time.sleep(0.1)


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    return float(sum(times.user + times.system for times in (process.cpu_times() for process in processes)))
