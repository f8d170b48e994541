"""The state of the system as plain data: what the page, the live view and `msgflo list` show."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..graph.elements import Edge, Node
from ..model.participants import Entry
from ..model.plan import EdgeState
from ..util.quoting import quoted
from ..wire.discovery import Port

if TYPE_CHECKING:
    from .coordinator import Coordinator

__all__ = ["node_status", "snapshot"]

Status = dict[str, Any]

NO_FORWARDER = "no forwarder is there (`msgflo forward`)"


def snapshot(coordinator: Coordinator) -> Status:
    """Nodes with their state and ports, and edges with their binding and rate.

    A node's `state` is that of its best instance: alive, asleep, lost, or pending when nobody has announced its role.
    Its `error` is a sentence without a subject, such as that nobody knows its component; its edges have it in their `reason`.
    `listed` is false for a node that the graph does not name: its participant was discovered. One that has been announced
    since the last reconciliation is missing until the next: all nodes here can be edited.
    """
    graph, graphs = coordinator.graph, coordinator.graphs
    now = time.monotonic()
    others = dict.fromkeys(entry.participant.role for entry in coordinator.registry.all())
    nodes = graphs.shown.keys() | graphs.desired.graph.nodes.keys()
    names = [*graph.nodes, *(role for role in others if role in nodes and role not in graph.nodes)]
    return {
        "broker": str(coordinator.broker),
        "connected": coordinator.connected,
        "broker_trouble": None if coordinator.connected else coordinator.trouble,
        "started": coordinator.started,
        "nodes": [_node(name, coordinator, now) for name in names],
        "edges": [
            {
                # For people, who see what it means; names may hold dots, so that programs read `ends`.
                "src": str(edge.src),
                "tgt": str(edge.tgt),
                "ends": {"src": edge.src.as_end(), "tgt": edge.tgt.as_end()},
                "kind": state.kind,
                "reason": _reason(edge, state, coordinator),
                "topics": [list(pair) for pair in state.pairs],
                "rate": round(coordinator.meter.rate(state), 2),
                "packets": coordinator.meter.packets(state),
            }
            for edge, state in coordinator.plan.edges
        ],
    }


RANK = ("alive", "asleep", "lost")


def _node(name: str, coordinator: Coordinator, now: float) -> Status:
    listed = coordinator.graph.nodes.get(name)
    error = coordinator.node_errors.get(name, "")
    return node_status(name, coordinator.registry.by_role(name), now, listed=listed, error=error)


def node_status(name: str, entries: Iterable[Entry], now: float, *, listed: Node | None, error: str = "") -> Status:
    """Return the status of a node by its instances; `listed` is the graph's node."""
    entries = sorted(entries, key=lambda entry: RANK.index(entry.state))
    if not entries:
        component = listed.component if listed else ""
        return {
            "id": name,
            "component": component,
            "state": "pending",
            "reason": "not announced yet",
            "error": error,
            "listed": True,
            "instances": [],
            "inports": [],
            "outports": [],
        }
    best = entries[0]
    return {
        "id": name,
        "component": best.participant.component,
        "label": best.participant.label,
        "icon": best.participant.icon,
        "state": best.state,
        "reason": best.reason,
        "error": error,
        "last_packet_s": _ago(best.last_packet, now),
        "listed": listed is not None,
        "instances": [_instance(entry, now) for entry in entries],
        "inports": [_port(port) for port in best.participant.inports],
        "outports": [_port(port) for port in best.participant.outports],
    }


def _reason(edge: Edge, state: EdgeState, coordinator: Coordinator) -> str:
    errors = coordinator.node_errors
    reasons = [state.reason] if state.reason else []
    if state.kind == "forwarded" and not coordinator.has_forwarder:
        reasons.append(NO_FORWARDER)
    ends = dict.fromkeys((edge.src.node, edge.tgt.node))
    return "; ".join([*reasons, *(f"{quoted(end)} {errors[end]}" for end in ends if end in errors)])


def _instance(entry: Entry, now: float) -> Status:
    return {
        "id": entry.participant.id,
        "state": entry.state,
        "reason": entry.reason,
        "since_s": _ago(entry.since, now),
        "heard_s": _ago(entry.heard, now),
        "last_packet_s": _ago(entry.last_packet, now),
    }


def _port(port: Port) -> Status:
    return {"id": port.id, "type": port.type, "topic": port.queue, "description": port.description}


def _ago(then: float | None, now: float) -> float | None:
    return None if then is None else round(now - then, 1)
