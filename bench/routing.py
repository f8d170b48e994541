"""An edge between two devices, routed by a coordinator, beside the same load on the broker alone."""

from __future__ import annotations

import statistics

from . import loads
from .broker import Mosquitto
from .routers import Coordinator, Kind, Wiring, announce

__all__ = ("BROKER", "Figures", "broker_alone", "measure", "no_loss")

Figures = dict[str, float]
BROKER = "broker alone"

_EDGE = ("bench/a", "bench/b")
_FAN = [("bench/f", f"bench/f{i}") for i in range(10)]
_HUNDRED = [(f"bench/s{i:02}", f"bench/t{i:02}") for i in range(100)]
_BURST, _WINDOW, _MANY, _FANNED = 100_000, 50_000, 50_000, 2_000
_FAN_BURSTS = 10


def broker_alone() -> Figures:
    """The loads with source and target on one topic: what the broker does by itself on this machine, now."""
    with Mosquitto() as broker:
        return _loads(broker.port, [(_EDGE[0], _EDGE[0])], [("bench/f", "bench/f")] * 10, [(s, s) for s, _ in _HUNDRED])


def measure(kind: Kind) -> Figures:
    """The same loads through the edges of a fresh coordinator on a fresh broker, with its CPU time and memory."""
    wiring = Wiring((_EDGE, *_FAN, *_HUNDRED))
    with Mosquitto() as broker, Coordinator(kind, broker, wiring.graph()) as coordinator:
        _bind(broker, coordinator, wiring)
        figures = {"memory idle": coordinator.memory()}
        figures |= _loads(broker.port, [_EDGE], _FAN, _HUNDRED, coordinator)
        figures["memory after"] = coordinator.memory()
        return figures


def no_loss(kind: Kind, count: int = 200_000) -> Figures:
    """One long burst: how many of its messages are missing at the end."""
    wiring = Wiring((_EDGE,))
    with Mosquitto() as broker, Coordinator(kind, broker, wiring.graph()) as coordinator:
        _bind(broker, coordinator, wiring)
        return {"lost in long burst": loads.burst(broker.port, [_EDGE[0]], [_EDGE[1]], count).lost}


def _bind(broker: Mosquitto, coordinator: Coordinator, wiring: Wiring) -> None:
    coordinator.wait_until_it_listens()
    announce(broker.port, wiring.participants())
    try:
        loads.wait_until_routed(broker.port, *_topics(wiring.pairs))
    except TimeoutError as error:
        raise RuntimeError(f"{coordinator.kind.name}: {error}; it wrote:\n{coordinator.output()}") from None
    coordinator.wait_until_served()
    coordinator.wait_until_unwatched()


def _loads(
    port: int,
    edge: list[tuple[str, str]],
    fan: list[tuple[str, str]],
    hundred: list[tuple[str, str]],
    coordinator: Coordinator | None = None,
) -> Figures:
    [(source, target)] = edge
    figures: Figures = {}

    def timed(name: str, count: int, flow: loads.Flow, before: float) -> None:
        figures[name] = flow.rate
        figures["lost"] = figures.get("lost", 0) + flow.lost
        if coordinator:
            figures[f"{name} CPU"] = (coordinator.cpu_seconds() - before) * 100_000 / count

    before = coordinator.cpu_seconds() if coordinator else 0
    timed("burst", _BURST, loads.burst(port, [source], [target], _BURST), before)
    before = coordinator.cpu_seconds() if coordinator else 0
    timed("window", _WINDOW, loads.window(port, source, target, _WINDOW), before)
    delays = loads.latency(port, source, target)
    figures |= {"p50": delays.p50, "p99": delays.p99, "lost": figures["lost"] + delays.lost}
    before = coordinator.cpu_seconds() if coordinator else 0
    timed("100 edges", _MANY, loads.burst(port, *_topics(hundred), _MANY), before)
    return figures | _fan_out(port, fan)


def _fan_out(port: int, fan: list[tuple[str, str]]) -> Figures:
    """Bursts in a row; the series ends at the first that does not come through in time."""
    rates = []
    for _ in range(_FAN_BURSTS):
        flow = loads.fan_out(port, fan[0][0], [target for _, target in fan], _FANNED)
        rates.append(flow.rate)
        if flow.lost:
            break
    return {"fan-out": statistics.median(rates), "fan-out worst": min(rates)}


def _topics(pairs: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> tuple[list[str], list[str]]:
    return list(dict.fromkeys(source for source, _ in pairs)), [target for _, target in pairs]
