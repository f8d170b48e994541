"""The graphs that people edit: several at a time, each with its own nodes and edges, and the desired graph of all together.

The graph `default/main` is the one in the file; its node ids are roles, so a node stands for all participants of that role.
Others are made by clients. Their nodes mean the same participants, except for components that run here: each such node is
an instance of its own, with the role `<graph>/<node>`.

A graph besides the main one stays as long as it holds a node, so that nobody's work is lost. An empty one whose maker has
left is removed when the next client leaves, or for a new graph. A graph for a test, whose id begins with `fixture.`, goes
with its client.

    graphs = Graphs(load(path), time.monotonic)
    graphs.events.listen(GraphChanged, lambda event: …)  # for editors
    graphs.edit(MAIN, "addnode", {"id": "lamp", "component": "demo/Lamp"})
    plan(graphs.desired.graph, participants, graphs.desired.is_started)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from msgflo.topics import escape

from ..errors import GraphError
from ..graph.auto_layout import free_places, place_of
from ..graph.changes import added, changed
from ..graph.commands import Change, apply, named_nodes
from ..graph.difference import difference
from ..graph.editor_layout import drawn
from ..graph.elements import Initial, Node, PortRef
from ..graph.model import Graph
from .desired import MAIN, Desired, Network, as_roles, merge
from .events import DesiredChanged, Events, GraphChanged, GraphEdited, GraphEnded, NodeRenamed

__all__ = ["MAIN", "MOST_EDGES", "MOST_FIXTURES", "MOST_GRAPHS", "MOST_NODES", "Desired", "Graphs", "Network"]

MOST_NODES = 10_000
"""In all graphs but the main one, because an edit of one counts the parts of all."""
MOST_EDGES = 50_000
MOST_GRAPHS = 1000
MOST_FIXTURES = 1000
"""The limit of graphs for tests, which do not count as others."""


class Graphs:
    """All graphs by id; every change goes through here, and is emitted as an event.

    `is_own(component)` is true where the nodes of a component run here. `clock` returns monotonic seconds.
    """

    def __init__(self, main: Graph, clock: Callable[[], float], events: Events | None = None) -> None:
        self._clock = clock
        self.events = events or Events()
        self.is_own: Callable[[str], bool] = lambda component: False
        self._networks = {MAIN: Network(MAIN, main, started=True, started_at=clock())}
        self._desired: Desired | None = None
        self._participants: Mapping[str, str] = {}  # role -> component, all of them
        self._shown: dict[str, Node] = {}  # those that are shown as nodes of the main graph
        # By graph, the nodes as editors draw them, where that differs.
        self._drawn: dict[str, dict[str, Node]] = {}
        self._leaving: set[tuple[str, str]] = set()  # role and component of nodes that ran here and are being stopped

    # -- what is there --

    @property
    def main(self) -> Network:
        """The graph of the file."""
        return self._networks[MAIN]

    def network(self, id: str) -> Network:
        """Return a graph by its id; raises GraphError, whose text noflo-ui knows, if there is none."""
        found = self._networks.get(id)
        if found is None:
            raise GraphError("Requested graph not found")
        return found

    def has(self, id: str) -> bool:
        """Whether there is a graph of that id."""
        return id in self._networks

    def all(self) -> list[Network]:
        """Return every graph, the main one first."""
        return list(self._networks.values())

    def role(self, id: str, node: str) -> str:
        """Return the role that a node of a graph stands for."""
        network = self._networks[id]
        found = network.graph.nodes.get(node)
        if id == MAIN or found is None or not self.is_own(found.component):
            return node
        return f"{escape(id)}/{escape(node)}"

    @property
    def desired(self) -> Desired:
        """The desired graph of all graphs together."""
        if self._desired is None:
            self._desired = merge(self.main, self.all()[1:], self.role)
        return self._desired

    # -- changes --

    def edit(self, id: str, command: str, payload: Mapping[str, Any], by: Any = None) -> list[Change]:
        """Carry out a graph command of the FBP protocol and return its changes; after a GraphError there are none.

        `clear` makes the graph if there is none. The event passes `by` on.
        """
        if command == "clear":
            return self._clear(id, payload, by)
        network = self.network(id)
        named = named_nodes(command, payload)
        own = self._own_roles(network, named) if command in ("removenode", "renamenode") else {}
        joined = self._add_shown(network.graph, named) if id == MAIN else []
        try:
            changes = [*joined, *apply(network.graph, command, payload)]
        except GraphError:
            for change in joined:
                network.graph.remove_node(change.payload["id"])
            raise
        if id != MAIN:
            self._keep_bounds(network, changes)
        self._leaving.update(own.items())
        for old in own if command == "renamenode" else ():
            self.events.emit(NodeRenamed(old, self.role(id, changes[-1].payload["to"])))
        self.events.emit(GraphEdited(id))
        self._emit_changes(network, changes, by)
        self._show(network, changes)
        return changes

    def replace_main(self, graph: Graph) -> None:
        """Replace the main graph, as after an edit of its file."""
        network = self.main
        self._note_leaving(network)
        changes = difference(network.graph, graph)
        network.graph = graph
        self._emit_changes(network, changes)
        self._show(network, changes)

    def discovered(self, participants: Mapping[str, str]) -> None:
        """Take all participants (role → component); those that the main graph does not name are shown as its nodes."""
        self._participants = dict(participants)
        self._leaving &= participants.items()
        self._refresh_shown()

    @property
    def shown(self) -> Mapping[str, Node]:
        """Participants that are shown as nodes of the main graph, which does not name them, by role."""
        return self._shown

    @property
    def found(self) -> dict[str, str]:
        """The same, as role → component."""
        return {role: node.component for role, node in self._shown.items()}

    def drawn(self, id: str) -> Mapping[str, Node]:
        """Return the nodes of a graph that editors draw with other metadata than its own, and those that are only shown."""
        graph = self.network(id).graph
        shown = {role: node for role, node in self._shown.items() if role not in graph.nodes} if id == MAIN else {}
        self._drawn[id] = drawn(graph, self._drawn.get(id, {}), shown)
        return shown | self._drawn[id]

    def move_shown(self, role: str, place: Mapping[str, float], by: Any = None) -> None:
        """Move a participant that the main graph does not name; it does not become a part of the graph."""
        node = self._shown[role]
        metadata = {**node.metadata, **{key: round(value) for key, value in place.items()}}
        self._shown[role] = replace(node, metadata=metadata)
        self.events.emit(GraphChanged(MAIN, [changed(self._shown[role])], by))

    def remove(self, id: str) -> None:
        """Remove a graph; GraphError where there is none, and for the main one."""
        if id == MAIN:
            raise GraphError(f"the graph {MAIN!r} cannot be removed")
        network = self.network(id)
        self._note_leaving(network)
        del self._networks[id]
        self._drawn.pop(id, None)
        self._emit_desired([])
        self.events.emit(GraphEnded(network.id))

    def orphan(self, id: str) -> None:
        """Note that the maker of a graph has left: remove it if it is for a test, and all empty graphs without a maker."""
        network = self.network(id)
        network.is_orphan = True
        if network.is_temporary:
            self.remove(id)
        self.sweep()

    def sweep(self) -> None:
        """Remove the empty graphs whose makers have left."""
        for network in self.all():
            if network.is_orphan and network.id != MAIN and not network.graph.nodes:
                self.remove(network.id)

    def start(self, id: str) -> None:
        """Start a graph and send its initial packets, also where it was started already."""
        network = self.network(id)
        if not network.started:
            network.started, network.started_at = True, self._clock()
        self._emit_desired(as_roles(network, network.graph.initials, self.role))

    def stop(self, id: str) -> None:
        """Stop a graph: its edges are no longer applied."""
        self.network(id).started = False
        self._emit_desired([])

    def touch(self) -> None:
        """Note that other components run here now, so that nodes may have other roles."""
        self._emit_desired([])

    # -- inside --

    def _clear(self, id: str, payload: Mapping[str, Any], by: Any) -> list[Change]:
        network = self._networks.get(id)
        if network is None:
            network = Network(id, Graph())
            self._check_number(network)
        self._note_leaving(network)
        changes = apply(network.graph, "clear", payload)
        if id not in self._networks:
            self._networks[id] = network
        elif id != MAIN:
            network.started = False
        network.is_orphan = False
        self.events.emit(GraphEdited(id))
        self._emit_changes(network, changes, by)
        if id == MAIN:
            self._shown = {}  # every copy is empty now
        self._show(network, changes)
        return changes

    def _keep_bounds(self, network: Network, changes: list[Change]) -> None:
        """Undo changes that exceed the limits of the graphs besides the main one, and raise GraphError."""
        others = [other.graph for other in self.all()[1:]]
        for change in changes:
            if change.command == "addnode" and sum(len(graph.nodes) for graph in others) > MOST_NODES:
                network.graph.remove_node(change.payload["id"])
                raise GraphError(f"the graphs besides {MAIN!r} have {MOST_NODES} nodes, and no more are kept")
            if change.command == "addedge" and sum(graph.edge_count for graph in others) > MOST_EDGES:
                src, tgt = (PortRef(**change.payload[end]) for end in ("src", "tgt"))
                network.graph.remove_edge(src, tgt)
                raise GraphError(f"the graphs besides {MAIN!r} have {MOST_EDGES} edges, and no more are kept")

    def _check_number(self, network: Network) -> None:
        """Raise GraphError where there are too many graphs to add one, even without those that `sweep` removes."""
        most = MOST_FIXTURES if network.is_temporary else MOST_GRAPHS
        for action in (self.sweep, lambda: None):
            if sum(other.is_temporary == network.is_temporary for other in self._networks.values()) < most:
                return
            action()
        kind = "graphs for tests" if network.is_temporary else "graphs"
        raise GraphError(f"there are {most} {kind} already; no more are kept")

    def _show(self, network: Network, changes: list[Change]) -> None:
        """Show participants as nodes of the main graph where it does not name them any more."""
        if network.id != MAIN:
            return
        added = {change.payload["id"] for change in changes if change.command == "addnode"}
        if added & self._shown.keys():
            self._shown = {role: node for role, node in self._shown.items() if role not in added}
        if any(change.command in ("removenode", "renamenode", "clear") for change in changes):
            self._refresh_shown()

    def _refresh_shown(self) -> None:
        """Compare the participants that the main graph does not name with those that are shown, and emit the changes."""
        others = (network for network in self._networks.values() if network.id != MAIN)
        named = set().union(self.main.graph.nodes, *map(self._own_roles, others))
        new = {
            role: component
            for role, component in self._participants.items()
            if role not in named and (role, component) not in self._leaving
        }
        gone = [role for role in self._shown if role not in new and role not in self.main.graph.nodes]
        stay = {role: node for role, node in self._shown.items() if role in new}
        come = {role: new[role] for role in new if role not in stay or stay[role].component != new[role]}
        shown = [replace(stay[role], component=come[role]) for role in come if role in stay]
        shown += self._placed({role: come[role] for role in sorted(come) if role not in stay}, stay)
        self._shown = stay | {node.id: node for node in shown}
        changes = [Change("removenode", {"id": role}) for role in gone]
        changes += [
            Change("addnode", {"id": node.id, "component": node.component, "metadata": node.metadata}) for node in shown
        ]
        if changes:
            self.events.emit(GraphChanged(MAIN, changes))

    def _placed(self, found: Mapping[str, str], others: Mapping[str, Node]) -> list[Node]:
        """Return nodes for participants, beside the graph and the others that are shown."""
        if not found:
            return []
        taken = [(node.metadata["x"], node.metadata["y"]) for node in others.values()]
        self._drawn[MAIN] = drawn(self.main.graph, self._drawn.get(MAIN, {}), others)
        nodes = {**self.main.graph.nodes, **self._drawn[MAIN]}.values()
        places = free_places([place for node in nodes if (place := place_of(node))], taken, len(found))
        marks = [{"discovered": True, "x": x, "y": y} for x, y in places]
        return [Node(role, found[role], metadata) for role, metadata in zip(found, marks, strict=True)]

    def _own_roles(self, network: Network, names: Iterable[str] | None = None) -> dict[str, str]:
        """Return role and component of the nodes that run here; of those with these `names`, or of all."""
        nodes = network.graph.nodes
        named = nodes.values() if names is None else [nodes[name] for name in names if name in nodes]
        return {self.role(network.id, node.id): node.component for node in named if self.is_own(node.component)}

    def _note_leaving(self, network: Network) -> None:
        """Note that the nodes of a graph that run here may be stopped now."""
        self._leaving.update(self._own_roles(network).items())

    def _add_shown(self, graph: Graph, names: Iterable[str]) -> list[Change]:
        """Make nodes of the shown participants with these names; each stays where it was shown.

        The place becomes a part of the graph only if other nodes of it have one.
        """
        taken = []
        for name in names:
            shown = self._shown.get(name)
            if shown is not None and name not in graph.nodes:
                place = {key: shown.metadata[key] for key in ("x", "y")}
                is_placed = any(place_of(node) is not None for node in graph.nodes.values())
                graph.add_node(name, shown.component, place if is_placed else {})
                taken.append(added(graph.nodes[name]))
                if not is_placed:
                    self._drawn.setdefault(MAIN, {})[name] = replace(shown, metadata={"unplaced": True, **place})
        return taken

    def _emit_changes(self, network: Network, changes: list[Change], by: Any = None) -> None:
        if changes:
            self.events.emit(GraphChanged(network.id, changes, by))
        fresh = [initial for change in changes for initial in self._fresh(network.graph, change)]
        self._emit_desired(as_roles(network, fresh, self.role) if network.started else [])

    def _fresh(self, graph: Graph, change: Change) -> list[Initial]:
        """Return the initial packets to send after a change; a renamed node that runs here has them already."""
        if change.command == "renamenode":
            node = graph.nodes[change.payload["to"]]
            return [] if self.is_own(node.component) else graph.initials_at(node.id)
        if change.command != "addinitial":
            return []
        tgt = change.payload["tgt"]
        return graph.initials_like(tgt["node"], tgt["port"], change.payload["src"]["data"])

    def _emit_desired(self, fresh: list[Initial]) -> None:
        self._desired = None
        self.events.emit(DesiredChanged(fresh))
