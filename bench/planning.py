"""How long one reconciliation of a very large system takes, without anything on the wire."""

from __future__ import annotations

import gc
import statistics
import time

from msgflo_host.graph.model import Graph, PortRef
from msgflo_host.model.plan import plan
from msgflo_host.wire.discovery import Participant, Port

from .routing import Figures

__all__ = ("reconcile",)

_PARTICIPANTS, _EDGES, _PORTS = 10_000, 30_000, 3


def reconcile() -> Figures:
    """Seconds to compute the bindings of 10 000 participants and 30 000 edges: all direct, and all forwarded."""
    return {"direct": _time(bind=True), "forwarded": _time(bind=False)}


def _time(*, bind: bool, tries: int = 5) -> float:
    graph, participants = _system(bind=bind)
    times = []
    for _ in range(tries):
        gc.collect()
        started = time.perf_counter()
        result = plan(graph, participants)
        times.append(time.perf_counter() - started)
    lists = [*(sources for each in result.direct.values() for sources in each.values()), *result.forwarded.values()]
    bound = sum(map(len, lists))
    if bound != _EDGES:
        raise RuntimeError(f"{bound} of {_EDGES} edges were bound")
    return statistics.median(times)


def _system(*, bind: bool) -> tuple[Graph, dict[str, list[Participant]]]:
    """Participants with three inports and outports each, every outport joined to an inport of another participant."""
    graph, participants = Graph("main"), {}
    for i in range(_PARTICIPANTS):
        role = f"p{i}"
        graph.add_node(role, "bench/Device")
        participants[role] = [
            Participant(
                id=role,
                role=role,
                component="bench/Device",
                inports=tuple(Port(id=f"in{k}", queue=f"{role}/in{k}") for k in range(_PORTS)),
                outports=tuple(Port(id=f"out{k}", queue=f"{role}/out{k}") for k in range(_PORTS)),
                bind=f"fbp/bind/{role}" if bind else None,
            )
        ]
    for i in range(_EDGES):
        source, target = i % _PARTICIPANTS, (7919 * i + 1) % _PARTICIPANTS
        port = i // _PARTICIPANTS
        graph.add_edge(PortRef(f"p{source}", f"out{port}"), PortRef(f"p{target}", f"in{port}"))
    return graph, participants
