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
from ..util.text_checks import quoted
from ..wire.discovery import Participant, foreign_connection
from ..wire.forward_list import Forward
from ..wire.topic_cycles import covers, find_cycles
from .initial_packets import InitialPacket, initial_packets
from .role_ports import Place, Ports, Refused

__all__ = [
    "EdgeState",
    "Forward",
    "InitialPacket",
    "Lists",
    "Plan",
    "initial_packets",
    "plan",
    "refusal",
    "steps",
]

_STEP = 200  # edges

Lists = dict[str, tuple[str, ...]]
"""The source topics of each inport of one participant, sorted; at "" those of them that hold states, if there are any."""
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
    return next(filter(None, steps(graph, participants, is_started)))


def steps(
    graph: Graph, participants: Mapping[str, Sequence[Participant]], is_started: Callable[[Edge], bool]
) -> Iterator[Plan | None]:
    """Do the same in steps, each for some edges only; the last gives the plan, the others None.

    Changes of the graph meanwhile are not in the plan.
    """
    return _Planner(graph, participants, is_started).steps()


class _Topics:
    """The needs of inports by topic; only uncommon ones are stored, for there are many."""

    def __init__(self, participants: Mapping[str, Sequence[Participant]]) -> None:
        self.unable: set[str] = set()  # some participant that has an inport on it takes no direct bindings
        self.states: set[str] = set()
        self._options: dict[str, tuple[int, bool, bool]] = {}
        for instances in participants.values():
            for participant in instances:
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


class _Planner:
    """One planning; its tables of roles and topics serve all edges."""

    def __init__(
        self, graph: Graph, participants: Mapping[str, Sequence[Participant]], is_started: Callable[[Edge], bool]
    ) -> None:
        present = {role: instances for role, instances in participants.items() if instances}
        self._present = present
        self._edges = graph.edges
        self._is_started = is_started
        self._topics = _Topics(participants)
        self._outports = Ports("outport", present, case_sensitive=graph.case_sensitive)
        self._inports = Ports("inport", present, case_sensitive=graph.case_sensitive)
        self._sources: dict[str, dict[str, set[str]]] = {}  # participant -> inport -> sources
        self._forwarded: dict[str, set[Pair]] = {}  # participant -> what is forwarded to it

    def steps(self) -> Iterator[Plan | None]:
        states: list[EdgeState] = []
        found: dict[int, tuple[Place, ...]] = {}  # targets of edges that have forwards, by place
        for edge in self._edges:
            try:
                state, targets = self._state_of(edge)
            except Refused as refused:
                state = EdgeState("refused", str(refused), ())
            if not self._is_started(edge):
                state = _stopped(state)
            if state.kind == "forwarded":
                found[len(states)] = targets
            elif state.kind == "direct":
                self._bind(state.pairs, targets)
            states.append(state)
            if len(states) % _STEP == 0:
                yield None
        yield None
        self._refuse_cycles(states, list(found))
        yield None
        for i, targets in found.items():
            if states[i].kind == "forwarded":
                self._bind(states[i].pairs, targets)
        yield None
        direct = {id: _lists(inports, self._topics.states) for id, inports in sorted(self._sources.items())}
        forwarded = {id: frozenset(map(self._forward, pairs)) for id, pairs in self._forwarded.items()}
        yield Plan(direct, forwarded, list(zip(self._edges, states, strict=True)))

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
            and any(map(_is_foreign, self._present[edge.src.node]))
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

    def _refuse_cycles(self, states: list[EdgeState], places: list[int]) -> None:
        """Mark the edges, of those at `places`, that would close a cycle."""
        edges = [[pair for pair in states[i].pairs if self._is_forwarded(pair)] for i in places]
        for i, cycle in find_cycles(edges).items():
            pairs = states[places[i]].pairs
            reason = f"it would close a cycle of forwarded topics: {_way(cycle)}"
            states[places[i]] = EdgeState("refused", reason, pairs)

    def _is_forwarded(self, pair: Pair) -> bool:
        return pair[0] != pair[1] and pair[1] in self._topics.unable

    def _bind(self, pairs: tuple[Pair, ...], targets: tuple[Place, ...]) -> None:
        """Note the bindings of an active edge."""
        for pair in pairs:
            source, target = pair
            if source == target:
                continue
            for place in targets:
                if place.topic != target:
                    continue
                if target in self._topics.unable:
                    self._forwarded.setdefault(place.participant, set()).add(pair)
                else:
                    self._sources.setdefault(place.participant, {}).setdefault(place.port, set()).add(source)

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
        return EdgeState("pending", "the network is stopped", state.pairs)
    return state


def _lists(inports: Mapping[str, set[str]], states: set[str]) -> Lists:
    lists = {port: _sorted(sources) for port, sources in sorted(inports.items())}
    if held := states.intersection(source for sources in lists.values() for source in sources):
        lists[""] = tuple(sorted(held))
    return lists


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
