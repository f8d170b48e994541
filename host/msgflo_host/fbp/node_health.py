"""The states of nodes: network:icon and network:processerror show online, asleep, lost, and errors of components."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ..control.component_catalogue import Catalogue
from ..control.component_processes import Components
from ..control.coordinator import Coordinator
from ..model.events import (
    ComponentCrashed,
    ComponentFaulty,
    ComponentPrinted,
    ComponentRecovered,
    ComponentSilent,
    GraphChanged,
    NodeFailed,
    NodePrinted,
    Notice,
)
from ..model.graphs import MAIN
from .client_list import ClientHandle
from .dispatch import Replies
from .envelope import message
from .node_errors import NodeErrors

__all__ = ["DRAWN_S", "ICONS", "Health"]

ICONS = {"pending": "hourglass-o", "asleep": "moon-o", "lost": "chain-broken"}
"""Icons in place of the icon of a component (Font Awesome 4)."""
DRAWN_S = 2.0
"""Time for an editor to draw a graph after it has asked for its status: noflo-ui ignores earlier icons."""
_BEST = ("alive", "asleep", "lost")

_Place = tuple[str, str]
"""A graph and a node of it."""


class Health:
    """Watches the participants of all nodes and the processes here, and sends the changes."""

    def __init__(
        self, coordinator: Coordinator, components: Components, catalogue: Catalogue, replies: Replies
    ) -> None:
        self._coordinator = coordinator
        self._components = components
        self._graphs = coordinator.graphs
        self._catalogue = catalogue
        self._replies = replies
        self._known: dict[_Place, tuple[str, str]] = {}  # state and icon
        self._failed: dict[str, str] = {}  # by role, the last error of an absent one
        self._node_errors = NodeErrors()
        self._shown: dict[_Place, str] = {}  # the errors of present ones, as sent last
        self._faulty: set[_Place] = set()  # those whose component cannot run
        self._drawing: set[tuple[ClientHandle, str]] = set()
        self._timer: asyncio.TimerHandle | None = None
        events = coordinator.events
        events.listen(GraphChanged, self._changed)
        events.listen(NodeFailed, lambda event: self.report(event.role, event.text))
        events.listen(NodePrinted, lambda event: self._output(event.role, event.text))
        events.listen(Notice, lambda event: self._replies.broadcast("network", "output", {"message": event.text}))
        events.listen(ComponentPrinted, lambda event: self._printed(event.role, event.text))
        events.listen(ComponentCrashed, self._crashed)
        events.listen(ComponentFaulty, lambda event: self._mark_faulty(event.role, event.text))
        events.listen(ComponentRecovered, lambda event: self.refresh())
        events.listen(ComponentSilent, lambda event: self._fail(event.role, "it runs, and has not announced itself"))
        self.refresh()

    def refresh(self) -> None:
        """Send the nodes whose state has changed, and those whose error is over."""
        now = time.monotonic()
        self._node_errors.refresh(self._coordinator.plan, now)
        found: dict[_Place, tuple[str, str]] = {}
        roles = set()
        for (graph, node), role, component in self._nodes():
            state, icon, reason = self._state(role, component)
            found[graph, node] = state, icon
            roles.add(role)
            before, fault = self._known.get((graph, node)), self._coordinator.node_errors.get(role)
            if state == "alive":
                self._failed.pop(role, None)
            elif state == "lost" and (before is None or before[0] != "lost"):
                text = f"lost ({reason})" if reason else "lost"
                self._failed.setdefault(role, text)  # a crash explains more
                if not fault:
                    self._replies.broadcast("network", "processerror", _error(graph, node, text))
            if state != "alive" and before is not None and before[0] == "alive":
                self._node_errors.end(role)
            has_changed = before != (state, icon) and (before is not None or state != "alive")
            if not fault and (graph, node) in self._faulty:
                self._faulty.discard((graph, node))
                has_changed = True  # the icon ends the error
            if has_changed:
                self._replies.broadcast("network", "icon", _icon(graph, node, icon))
            if state == "alive":
                self._show((graph, node), self._node_errors.text(role) or fault or "", icon, again=has_changed)
        self._known = found
        self._shown = {place: text for place, text in self._shown.items() if place in found}
        self._faulty &= found.keys()
        self._schedule(now)
        self._failed = {role: text for role, text in self._failed.items() if role in roles}

    def send_all(self, client: ClientHandle, graph: str) -> None:
        """Send one client the nodes of a graph that are not alive, and the errors."""
        if self._coordinator.away and client.may_see("network", "output"):
            client.send(message("network", "output", {"message": self._coordinator.away}))
        self._send_icons(client, graph)
        if (client, graph) not in self._drawing:
            self._drawing.add((client, graph))
            asyncio.get_running_loop().call_later(DRAWN_S, self._drawn, client, graph)
        for (id, node), (state, _) in self._known.items():
            if id != graph or not client.may_see("network", "processerror"):
                continue
            role = self._graphs.role(graph, node)
            fault = self._coordinator.node_errors.get(role)
            text = self._node_errors.text(role) or fault if state == "alive" else fault or self._failed.get(role)
            if text:
                client.send(message("network", "processerror", _error(graph, node, text)))

    def _drawn(self, client: ClientHandle, graph: str) -> None:
        self._drawing.discard((client, graph))
        self._send_icons(client, graph)

    def _send_icons(self, client: ClientHandle, graph: str) -> None:
        for (id, node), (state, icon) in self._known.items():
            if id == graph and state != "alive" and client.may_see("network", "icon"):
                client.send(message("network", "icon", _icon(graph, node, icon)))

    def report(self, role: str, text: str) -> None:
        """Show an error of a node."""
        self._node_errors.report(role, text, time.monotonic())
        for place in self._graphs.desired.places_of(role):
            self._shown[place] = text
        self._send_error(role, text)
        self._schedule(time.monotonic())

    def _mark_faulty(self, role: str, text: str) -> None:
        for place in self._graphs.desired.places_of(role):
            self._faulty.add(place)
            self._shown[place] = text
        self._send_error(role, text)

    def _send_error(self, role: str, text: str) -> None:
        for graph, node in self._graphs.desired.places_of(role):
            self._replies.broadcast("network", "processerror", _error(graph, node, text))

    def _output(self, role: str, text: str) -> None:
        """Show a line that a component has printed."""
        self._replies.broadcast("network", "output", {"message": f"{role}: {text}"})

    def _printed(self, role: str, text: str) -> None:
        """Show a line of a process; an exception is an error of its node.

        Not in a graph that was made for a test, which may provoke it.
        """
        self._output(role, text)
        places = self._graphs.desired.places_of(role)
        is_used = any(not self._graphs.network(graph).is_temporary for graph, _ in places)
        if is_used and self._node_errors.printed(role, text, time.monotonic()):
            self.refresh()
        self._schedule(time.monotonic())

    def _show(self, place: _Place, text: str, icon: str, *, again: bool) -> None:
        """Show the error of a present node; its icon, sent again, ends the error."""
        before = "" if again else self._shown.get(place, "")
        if text and text != before:
            self._replies.broadcast("network", "processerror", _error(*place, text))
        elif before and not text:
            self._replies.broadcast("network", "icon", _icon(*place, icon))
        self._shown[place] = text

    def _schedule(self, now: float) -> None:
        """Refresh when the first of the errors expires."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        until = self._node_errors.until
        if until is not None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, until - now), self.refresh)

    def _changed(self, event: GraphChanged) -> None:
        """Rename what is known of a node; with other initial packets its error may be over."""
        graph = event.graph
        for change in event.changes:
            if change.command == "renamenode":
                old, new = change.payload["from"], change.payload["to"]
                _move(self._known, (graph, old), (graph, new))
                _move(self._shown, (graph, old), (graph, new))
                if graph == MAIN:
                    self._node_errors.rename(old, new)
            elif change.command == "removenode":
                self._known.pop((graph, change.payload["id"]), None)
            elif change.command in ("addinitial", "removeinitial"):
                self._node_errors.end(self._graphs.role(graph, change.payload["tgt"]["node"]))

    def _crashed(self, event: ComponentCrashed) -> None:
        self._fail(event.role, f"{event.how}; it is started again in {event.delay_s:g} s")

    def _fail(self, name: str, text: str) -> None:
        """Show an error of a process; one without a node is a program."""
        if name in self._coordinator.graph.nodes:
            self._failed[name] = text
            self._send_error(name, text)
        else:
            self._output(name, text)

    def _nodes(self) -> list[tuple[_Place, str, str]]:
        """Return place, role and component of every node, and of those that discovery adds to the main graph."""
        nodes = [
            ((network.id, node.id), self._graphs.role(network.id, node.id), node.component)
            for network in self._graphs.all()
            for node in network.graph.nodes.values()
        ]
        return nodes + [((MAIN, role), role, node.component) for role, node in self._graphs.shown.items()]

    def _state(self, role: str, component: str) -> tuple[str, str, str]:
        """Return state, icon and reason of the best instance of a role."""
        entries = self._coordinator.registry.by_role(role)
        if not entries or self._components.is_due(role):  # the reason of its end is shown elsewhere
            return "pending", ICONS["pending"], ""
        best = entries[0] if len(entries) == 1 else min(entries, key=lambda entry: _BEST.index(entry.state))
        icon = ICONS.get(best.state) or best.participant.icon or self._icon(component)
        return best.state, icon.removeprefix("fa-"), best.reason

    def _icon(self, component: str) -> str:
        definition = self._catalogue.definition(component)
        return str(definition.get("icon", "cog")) if definition is not None else "cog"


def _move(known: dict[_Place, Any], old: _Place, new: _Place) -> None:
    if old in known:
        known[new] = known.pop(old)


def _icon(graph: str, node: str, icon: str) -> dict[str, str]:
    return {"id": node, "icon": icon, "graph": graph}


def _error(graph: str, node: str, text: str) -> dict[str, str]:
    return {"id": node, "error": text, "graph": graph}
