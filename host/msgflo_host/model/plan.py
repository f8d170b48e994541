"""Plans the bindings that carry packets from outports to inports, given the desired graph and the participants. Pure.

Every pair of topics (S of an outport, T of an inport) of an edge has one kind of binding:

- same: S is T, and nothing is to be done.
- direct: the participant of the inport subscribes to S itself. Only where every known participant that has an inport
  on T can do so, and takes JSON there; otherwise a packet that is forwarded to T for one of them would reach the others twice.
- forwarded: the forwarder publishes what comes on S on T, with the QoS, the retain flag and the kind of payload of the
  inport's `options` (where several inports have T: the highest QoS, retained if one of them asks for it, text likewise), once
  for each pair.

An edge is refused where a port does not exist or has no topic, where S is a filter that matches T, where it leads from a
foreign device to itself, and where a forward would close a cycle with those of earlier edges. Lost participants count
as there: their bindings wait for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from msgflo.topics import is_filter, matches

from ..graph.model import Edge, Graph
from ..util.quoting import quoted
from ..wire.discovery import Participant, foreign_connection
from ..wire.forward_list import Forward
from ..wire.topic_cycles import covers, find_cycles
from .initial_packets import InitialPacket, initial_packets
from .role_ports import Place, Ports, Refused

__all__ = [
    "STOPPED",
    "EdgeState",
    "Forward",
    "InitialPacket",
    "Lists",
    "Plan",
    "Planner",
    "initial_packets",
    "plan",
    "refusal",
]

_STEP = 200  # edges
STOPPED = "the network is stopped; ▷ on the page starts it"

Lists = dict[str, tuple[str, ...]]
"""The source topics of each inport of one participant, sorted; at "", if it confirms lists, those of them that hold states."""
Pair = tuple[str, str]
"""The topics of an outport and of an inport."""


class EdgeState(msgspec.Struct, frozen=True, gc=False):
    """The state of an edge: `kind` is same, direct, forwarded, pending or refused, `reason` why for the last two.

    Where instances of a role differ, `kind` is that of the pair that needs most: forwarded, then direct, then same.
    """

    kind: str
    reason: str
    pairs: tuple[Pair, ...]


def refusal(edge: Edge, state: EdgeState) -> str:
    """Return a sentence that names a refused edge and the reason."""
    return f"edge {edge.src} → {edge.tgt} is refused: {state.reason}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All bindings: the lists of each participant that has one, the forwards to each, and the state of every edge."""

    direct: dict[str, Lists]
    forwarded: dict[str, frozenset[Forward]]
    edges: list[tuple[Edge, EdgeState]]


def plan(
    graph: Graph,
    participants: Mapping[str, Sequence[Participant]],
    is_started: Callable[[Edge], bool] = lambda edge: True,
) -> Plan:
    """Return the bindings that a graph needs with these participants, which are given by role.

    An edge that is not `is_started` has none, and is pending where it needs one.
    """
    return next(filter(None, Planner().steps(graph, participants, is_started)))


class _Topics:
    """The needs of inports by topic; only uncommon ones are stored, for there are many."""

    def __init__(self, participants: Mapping[str, Sequence[Participant]]) -> None:
        self.unable: set[str] = set()  # some participant that has an inport on it takes no direct bindings
        self.states: set[str] = set()
        self.confirming: set[str] = set()  # the ids of participants that confirm their lists
        self._options: dict[str, tuple[int, bool, bool]] = {}
        for instances in participants.values():
            for participant in instances:
                if participant.confirms:
                    self.confirming.add(participant.id)
                self.states.update(port.queue for port in participant.outports if port.retain and port.queue)
                for port in participant.inports:
                    if port.queue is None:
                        continue
                    if participant.bind is None or port.text:
                        self.unable.add(port.queue)
                    if port.qos or port.retain or port.text:
                        qos, retain, text = self.options(port.queue)
                        self._options[port.queue] = (max(qos, port.qos), retain or port.retain, text or port.text)

    def options(self, topic: str) -> tuple[int, bool, bool]:
        """Return QoS and retain flag of packets that are forwarded to a topic, and whether texts are sent bare."""
        return self._options.get(topic, (0, False, False))


_Key = tuple[list[Edge], Sequence[Participant], list[Sequence[Participant] | None], list[bool], list[object]]
"""What all about the edges to a role follows from: they, participants of it and of their sources, whether each is started,
and the needs of its inports.
"""
_Bindings = tuple[dict[str, Lists], dict[str, frozenset[Forward]]]


@dataclass(slots=True)
class _Inlets:
    """The edges to the inports of one role, the state of each, and the bindings of its instances."""

    key: _Key
    states: list[EdgeState]
    targets: list[tuple[Place, ...]]
    bindings: _Bindings


class Planner:
    """Plans as `plan` does, again and again: what a change does not concern is taken from the plan before."""

    def __init__(self) -> None:
        self._participants: dict[str, list[Participant]] = {}
        self._case_sensitive = False
        self._topics = _Topics({})
        self._outports = self._inports = Ports("", {}, case_sensitive=False)
        self._inlets: dict[str, _Inlets] = {}
        self._forwarding: list[list[Pair]] = []
        self._cycles: dict[int, list[str]] = {}

    def steps(
        self, graph: Graph, participants: Mapping[str, Sequence[Participant]], is_started: Callable[[Edge], bool]
    ) -> Iterator[Plan | None]:
        """Plan in steps, each for some edges only; the last gives the plan, the others None.

        Changes of the graph meanwhile are not in the plan.
        """
        edges = graph.edges
        self._take(participants, graph.case_sensitive)
        yield None
        incoming: dict[str, list[Edge]] = {}
        for edge in edges:
            incoming.setdefault(edge.tgt.node, []).append(edge)
        before, self._inlets = self._inlets, {}
        planned = 0
        for role, its in incoming.items():
            key = self._key(role, its, is_started)
            known = before.get(role)
            self._inlets[role] = known if known is not None and known.key == key else self._plan_role(key)
            planned += len(its)
            if planned >= _STEP:
                planned = 0
                yield None
        yield None
        following = {role: iter(inlets.states) for role, inlets in self._inlets.items()}
        states = [next(following[edge.tgt.node]) for edge in edges]
        refused = {edges[i].tgt.node: list[EdgeState]() for i in self._refuse_cycles(states)}
        for edge, state in zip(edges, states, strict=True) if refused else ():
            if edge.tgt.node in refused:
                refused[edge.tgt.node].append(state)
        yield None
        direct: dict[str, Lists] = {}
        forwarded: dict[str, frozenset[Forward]] = {}
        for role, inlets in self._inlets.items():
            bindings = inlets.bindings
            if role in refused:
                bindings = self._bindings(refused[role], inlets.targets)
            direct.update(bindings[0])
            forwarded.update(bindings[1])
        yield Plan(dict(sorted(direct.items())), forwarded, list(zip(edges, states, strict=True)))

    def _take(self, participants: Mapping[str, Sequence[Participant]], case_sensitive: bool) -> None:
        """Take the participants; tables of ports and topics serve until others come."""
        present = {role: list(instances) for role, instances in participants.items() if instances}
        if present == self._participants and case_sensitive == self._case_sensitive:
            return
        topics = _Topics(present)
        if case_sensitive != self._case_sensitive or topics.states != self._topics.states:
            self._inlets.clear()
        self._participants, self._case_sensitive, self._topics = present, case_sensitive, topics
        self._outports = Ports("outport", present, case_sensitive=case_sensitive)
        self._inports = Ports("inport", present, case_sensitive=case_sensitive)

    def _key(self, role: str, edges: list[Edge], is_started: Callable[[Edge], bool]) -> _Key:
        instances, topics = self._participants.get(role, ()), self._topics
        needs: list[object] = [
            (port.queue in topics.unable, topics.options(port.queue))
            for instance in instances
            for port in instance.inports
            if port.queue is not None
        ]
        sources: list[Sequence[Participant] | None] = [self._participants.get(edge.src.node) for edge in edges]
        return edges, instances, sources, [is_started(edge) for edge in edges], needs

    def _plan_role(self, key: _Key) -> _Inlets:
        states, found = [], []
        for edge, is_started in zip(key[0], key[3], strict=True):
            try:
                state, targets = self._state_of(edge)
            except Refused as refused:
                state, targets = EdgeState("refused", str(refused), ()), ()
            states.append(state if is_started else _stopped(state))
            found.append(targets)
        return _Inlets(key, states, found, self._bindings(states, found))

    def _bindings(self, states: Iterable[EdgeState], targets: Iterable[tuple[Place, ...]]) -> _Bindings:
        """Return the lists and the forwards of each instance of a role, from the states of the edges to it."""
        sources: dict[str, dict[str, set[str]]] = {}  # participant -> inport -> sources
        forwarded: dict[str, set[Pair]] = {}
        for state, places in zip(states, targets, strict=True):
            for pair in state.pairs if state.kind in ("direct", "forwarded") else ():
                source, target = pair
                for place in places:
                    if source == target or place.topic != target:
                        continue
                    if target in self._topics.unable:
                        forwarded.setdefault(place.participant, set()).add(pair)
                    else:
                        sources.setdefault(place.participant, {}).setdefault(place.port, set()).add(source)
        return (
            {id: self._lists(id, inports) for id, inports in sources.items()},
            {id: frozenset(map(self._forward, pairs)) for id, pairs in forwarded.items()},
        )

    def _state_of(self, edge: Edge) -> tuple[EdgeState, tuple[Place, ...]]:
        """Return the state of an edge by itself, and the inports that it goes to; raises Refused."""
        # A port that does not exist is a mistake, even while the other end is absent.
        sources, targets = self._outports.find(*edge.src), self._inports.find(*edge.tgt)
        if not sources or not targets:
            return _pending(edge, not sources, not targets), ()
        if len(sources) == 1 and len(targets) == 1:
            pairs: tuple[Pair, ...] = ((sources[0].topic, targets[0].topic),)
        else:
            topics = sorted({target.topic for target in targets})
            pairs = tuple((source, topic) for source in sorted({s.topic for s in sources}) for topic in topics)
        kind = self._kind(pairs)
        if (
            kind == "forwarded"
            and edge.src.node == edge.tgt.node
            and any(map(_is_foreign, self._participants[edge.src.node]))
        ):
            raise Refused(
                f"it leads from the foreign device {quoted(edge.src.node)} back to it: what it sends would be sent to it "
                "without end; put a component between that decides what is passed on"
            )
        return EdgeState(kind, "", pairs), targets

    def _kind(self, pairs: Iterable[Pair]) -> str:
        kind = "same"
        for source, target in pairs:
            if source == target:
                continue
            if is_filter(source) and matches(source, target):
                raise Refused(
                    f"{quoted(source)} matches the edge's own target {quoted(target)}: each packet would come back"
                )
            if target in self._topics.unable:
                kind = "forwarded"
            elif kind == "same":
                kind = "direct"
        return kind

    def _refuse_cycles(self, states: list[EdgeState]) -> list[int]:
        """Mark the edges that would close a cycle; returns their places."""
        places = [i for i, state in enumerate(states) if state.kind == "forwarded"]
        forwarding = [[pair for pair in states[i].pairs if self._is_forwarded(pair)] for i in places]
        if forwarding != self._forwarding:
            self._forwarding, self._cycles = forwarding, find_cycles(forwarding)
        for i, cycle in self._cycles.items():
            reason = f"it would close a cycle of forwarded topics: {_way(cycle)}"
            states[places[i]] = EdgeState("refused", reason, states[places[i]].pairs)
        return [places[i] for i in self._cycles]

    def _is_forwarded(self, pair: Pair) -> bool:
        return pair[0] != pair[1] and pair[1] in self._topics.unable

    def _lists(self, id: str, inports: Mapping[str, set[str]]) -> Lists:
        lists = {port: _sorted(sources) for port, sources in sorted(inports.items())}
        if id in self._topics.confirming:
            bound = (source for sources in lists.values() for source in sources)
            lists[""] = tuple(sorted(self._topics.states.intersection(bound)))
        return lists

    def _forward(self, pair: Pair) -> Forward:
        qos, retain, text = self._topics.options(pair[1])
        return Forward(*pair, qos, retain, text)


def _pending(edge: Edge, source_absent: bool, target_absent: bool) -> EdgeState:
    absent = [ref.node for ref, is_absent in ((edge.src, source_absent), (edge.tgt, target_absent)) if is_absent]
    names = " and ".join(quoted(node) for node in dict.fromkeys(absent))
    return EdgeState("pending", f"{names} {'are' if ' and ' in names else 'is'} absent", ())


def _is_foreign(participant: Participant) -> bool:
    """Return whether somebody else announces it, as `foreign` does."""
    return participant.extra.get("liveness") == "traffic" or participant.connection == foreign_connection(
        participant.id
    )


def _stopped(state: EdgeState) -> EdgeState:
    """Return the state of an edge while the network is stopped; edges of kind same flow nevertheless.

    Nor does an edge wait for anybody then: built-in nodes are absent because they rest.
    """
    if state.kind in ("direct", "forwarded", "pending"):
        return EdgeState("pending", STOPPED, state.pairs)
    return state


def _sorted(sources: set[str]) -> tuple[str, ...]:
    if len(sources) > 1:
        # Not every broker sends a packet only once to one who subscribed to it twice.
        filters = [source for source in sources if is_filter(source)]
        if filters:
            sources = {s for s in sources if not any(f != s and covers(f, s) for f in filters)}
    return tuple(sorted(sources))


def _way(cycle: list[str]) -> str:
    shown = cycle if len(cycle) <= 20 else [*cycle[:10], "…", *cycle[-9:]]
    text = " → ".join(shown)
    return text if cycle[0] == cycle[-1] else f"{text}, which matches {cycle[0]}"
