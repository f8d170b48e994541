"""How the nodes are: network:icon and network:processerror tell online, asleep, lost, and what components report."""

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
"""What an editor shows in place of the icon of a component (Font Awesome 4)."""
DRAWN_S = 2.0
"""An editor has drawn a graph so long after it has asked for its status: noflo-ui shows no icon that came before."""
_BEST = ("alive", "asleep", "lost")

_Place = tuple[str, str]
"""A graph and a node of it."""


class Health:
    """Watches the participants of all nodes and what runs here, and tells of what changes."""

    def __init__(
        self, coordinator: Coordinator, components: Components, catalogue: Catalogue, replies: Replies
    ) -> None:
        self._coordinator = coordinator
        self._components = components
        self._graphs = coordinator.graphs
        self._catalogue = catalogue
        self._replies = replies
        self._known: dict[_Place, tuple[str, str]] = {}  # state and icon
        self._failed: dict[str, str] = {}  # by role, what went wrong last with one that is not there
        self._node_errors = NodeErrors()
        self._shown: dict[_Place, str] = {}  # what is wrong with those that are there, as told last
        self._doubted: set[_Place] = set()  # those that cannot be what the graph says
        self._drawing: set[tuple[ClientHandle, str]] = set()
        self._timer: asyncio.TimerHandle | None = None
        events = coordinator.events
        events.listen(GraphChanged, self._changed)
        events.listen(NodeFailed, lambda event: self.report(event.role, event.text))
        events.listen(NodePrinted, lambda event: self._output(event.role, event.text))
        events.listen(Notice, lambda event: self._replies.broadcast("network", "output", {"message": event.text}))
        events.listen(ComponentPrinted, lambda event: self._printed(event.role, event.text))
        events.listen(ComponentCrashed, self._crashed)
        events.listen(ComponentFaulty, lambda event: self._doubt(event.role, event.text))
        events.listen(ComponentRecovered, lambda event: self.look())
        events.listen(ComponentSilent, lambda event: self._fail(event.role, "it runs, and has not announced itself"))
        self.look()

    def look(self) -> None:
        """Tell of nodes whose state is another one than before, and of those that are well again."""
        now = time.monotonic()
        self._node_errors.look(self._coordinator.plan, now)
        found: dict[_Place, tuple[str, str]] = {}
        roles = set()
        for (graph, node), role, component in self._nodes():
            state, icon, reason = self._state(role, component)
            found[graph, node] = state, icon
            roles.add(role)
            before, doubt = self._known.get((graph, node)), self._coordinator.node_errors.get(role)
            if state == "alive":
                self._failed.pop(role, None)
            elif state == "lost" and (before is None or before[0] != "lost"):
                text = f"lost ({reason})" if reason else "lost"
                self._failed.setdefault(role, text)  # a crash says more
                if not doubt:
                    self._replies.broadcast("network", "processerror", _error(graph, node, text))
            if state != "alive" and before is not None and before[0] == "alive":
                self._node_errors.end(role)
            is_told = before != (state, icon) and (before is not None or state != "alive")
            if not doubt and (graph, node) in self._doubted:
                self._doubted.discard((graph, node))
                is_told = True  # the icon says that the error is over
            if is_told:
                self._replies.broadcast("network", "icon", _icon(graph, node, icon))
            if state == "alive":
                self._show((graph, node), self._node_errors.text(role) or doubt or "", icon, anew=is_told)
        self._known = found
        self._shown = {place: text for place, text in self._shown.items() if place in found}
        self._doubted &= found.keys()
        self._look_again(now)
        self._failed = {role: text for role, text in self._failed.items() if role in roles}

    def tell(self, client: ClientHandle, graph: str) -> None:
        """Tell one client of all nodes of a graph that are not as their component says, and why."""
        if self._coordinator.away and client.may_see("network", "output"):
            client.send(message("network", "output", {"message": self._coordinator.away}))
        self._tell_icons(client, graph)
        if (client, graph) not in self._drawing:
            self._drawing.add((client, graph))
            asyncio.get_running_loop().call_later(DRAWN_S, self._drawn, client, graph)
        for (id, node), (state, _) in self._known.items():
            if id != graph or not client.may_see("network", "processerror"):
                continue
            role = self._graphs.role(graph, node)
            doubt = self._coordinator.node_errors.get(role)
            text = self._node_errors.text(role) or doubt if state == "alive" else doubt or self._failed.get(role)
            if text:
                client.send(message("network", "processerror", _error(graph, node, text)))

    def _drawn(self, client: ClientHandle, graph: str) -> None:
        self._drawing.discard((client, graph))
        self._tell_icons(client, graph)

    def _tell_icons(self, client: ClientHandle, graph: str) -> None:
        for (id, node), (state, icon) in self._known.items():
            if id == graph and state != "alive" and client.may_see("network", "icon"):
                client.send(message("network", "icon", _icon(graph, node, icon)))

    def report(self, role: str, text: str) -> None:
        """Tell of something that went wrong in a node."""
        self._node_errors.report(role, text, time.monotonic())
        for place in self._graphs.desired.places_of(role):
            self._shown[place] = text
        self._say(role, text)
        self._look_again(time.monotonic())

    def _doubt(self, role: str, text: str) -> None:
        for place in self._graphs.desired.places_of(role):
            self._doubted.add(place)
            self._shown[place] = text
        self._say(role, text)

    def _say(self, role: str, text: str) -> None:
        for graph, node in self._graphs.desired.places_of(role):
            self._replies.broadcast("network", "processerror", _error(graph, node, text))

    def _output(self, role: str, text: str) -> None:
        """Show a line that a component has printed."""
        self._replies.broadcast("network", "output", {"message": f"{role}: {text}"})

    def _printed(self, role: str, text: str) -> None:
        """Show a line of a process; where it is an exception, its node is shown as one that fails.

        Not in a graph that was made for a test: there it may be what is asked for.
        """
        self._output(role, text)
        places = self._graphs.desired.places_of(role)
        is_used = any(not self._graphs.network(graph).is_temporary for graph, _ in places)
        if is_used and self._node_errors.printed(role, text, time.monotonic()):
            self.look()
        self._look_again(time.monotonic())

    def _show(self, place: _Place, text: str, icon: str, *, anew: bool) -> None:
        """Tell what is wrong with a node that is there; its icon, told anew, says that all is well."""
        before = "" if anew else self._shown.get(place, "")
        if text and text != before:
            self._replies.broadcast("network", "processerror", _error(*place, text))
        elif before and not text:
            self._replies.broadcast("network", "icon", _icon(*place, icon))
        self._shown[place] = text

    def _look_again(self, now: float) -> None:
        """Look when the first of what is wrong is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        until = self._node_errors.until
        if until is not None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, until - now), self.look)

    def _changed(self, event: GraphChanged) -> None:
        """What editors know of a node goes with its name; with other initial packets it may be well again."""
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
        """Tell of something that went wrong in a process; one that is no node's is a program."""
        if name in self._coordinator.graph.nodes:
            self._failed[name] = text
            self._say(name, text)
        else:
            self._output(name, text)

    def _nodes(self) -> list[tuple[_Place, str, str]]:
        """Place, role and component of every node, with those that are shown in the main graph by discovery."""
        nodes = [
            ((network.id, node.id), self._graphs.role(network.id, node.id), node.component)
            for network in self._graphs.all()
            for node in network.graph.nodes.values()
        ]
        return nodes + [((MAIN, role), role, node.component) for role, node in self._graphs.shown.items()]

    def _state(self, role: str, component: str) -> tuple[str, str, str]:
        """State, icon and reason of the best instance of a role."""
        entries = self._coordinator.registry.by_role(role)
        if not entries or self._components.is_due(role):  # why it has ended is known, or told by itself
            return "pending", ICONS["pending"], ""
        best = min(entries, key=lambda entry: _BEST.index(entry.state))
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
