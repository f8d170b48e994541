"""How the nodes are: network:icon and network:processerror tell online, asleep, lost, and what components report."""

from __future__ import annotations

from ..catalogue import Catalogue
from ..components import Components
from ..coordinator import Coordinator
from ..graphs import MAIN
from .client_list import ClientHandle
from .dispatch import Replies
from .envelope import message

__all__ = ["ICONS", "Health"]

ICONS = {"pending": "hourglass-o", "asleep": "moon-o", "lost": "chain-broken"}
"""What an editor shows in place of the icon of a component (Font Awesome 4)."""
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
        coordinator.on_trouble.append(self.report)
        coordinator.on_news.append(self._news)
        coordinator.on_waiting.append(self.look)
        engine = coordinator.builtin.engine
        engine.on_error.append(self.report)
        engine.on_log.append(self.output)
        components.on_output.append(self.output)
        components.on_crash.append(
            lambda name, how, delay: self._fail(name, f"{how}; it is started again in {delay:g} s")
        )
        components.on_doubt.append(self.report)
        components.on_silent.append(lambda name: self._fail(name, "it runs, and has not announced itself"))
        self.look()

    def look(self) -> None:
        """Tell of nodes whose state is another one than before."""
        found: dict[_Place, tuple[str, str]] = {}
        roles = set()
        for (graph, node), role, component in self._nodes():
            state, icon, reason = self._state(role, component)
            found[graph, node] = state, icon
            roles.add(role)
            before = self._known.get((graph, node))
            if state == "alive":
                self._failed.pop(role, None)
            elif state == "lost" and (before is None or before[0] != "lost"):
                text = f"lost ({reason})" if reason else "lost"
                self._failed.setdefault(role, text)  # a crash says more
                self._replies.tell("network", "processerror", _error(graph, node, text))
            if before != (state, icon) and (before is not None or state != "alive"):
                self._replies.tell("network", "icon", _icon(graph, node, icon))
        self._known = found
        self._failed = {role: text for role, text in self._failed.items() if role in roles}

    def tell(self, client: ClientHandle, graph: str) -> None:
        """Tell one client of all nodes of a graph that are not as their component says, and why."""
        if self._coordinator.away and client.may_see("network", "output"):
            client.send(message("network", "output", {"message": self._coordinator.away}))
        for (id, node), (state, icon) in self._known.items():
            if id != graph:
                continue
            if state != "alive" and client.may_see("network", "icon"):
                client.send(message("network", "icon", _icon(graph, node, icon)))
            role = self._graphs.role(graph, node)
            text = (self._failed.get(role) if state != "alive" else None) or self._components.doubt(role)
            if text is not None and client.may_see("network", "processerror"):
                client.send(message("network", "processerror", _error(graph, node, text)))

    def report(self, role: str, text: str) -> None:
        """Tell of something that went wrong in a node."""
        for graph, node in self._graphs.wanted.places_of(role):
            self._replies.tell("network", "processerror", _error(graph, node, text))

    def output(self, role: str, text: str) -> None:
        """Show a line that a component has printed."""
        self._replies.tell("network", "output", {"message": f"{role}: {text}"})

    def _news(self, text: str) -> None:
        self._replies.tell("network", "output", {"message": text})

    def _fail(self, name: str, text: str) -> None:
        """Tell of something that went wrong in a process; one that is no node's is a program."""
        if name in self._coordinator.graph.nodes:
            self._failed[name] = text
            self.report(name, text)
        else:
            self.output(name, text)

    def _nodes(self) -> list[tuple[_Place, str, str]]:
        """Place, role and component of every node, with those that are shown in the main graph by discovery."""
        nodes = [
            ((network.id, node.id), self._graphs.role(network.id, node.id), node.component)
            for network in self._graphs.all()
            for node in network.graph.nodes.values()
        ]
        return nodes + [((MAIN, role), role, component) for role, component in self._graphs.found.items()]

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


def _icon(graph: str, node: str, icon: str) -> dict[str, str]:
    return {"id": node, "icon": icon, "graph": graph}


def _error(graph: str, node: str, text: str) -> dict[str, str]:
    return {"id": node, "error": text, "graph": graph}
