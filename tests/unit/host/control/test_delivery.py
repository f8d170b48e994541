"""Every packet arrives once: plans of random systems, tried on a model of MQTT."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st

from fuzz import fuzzed_tenth
from msgflo.topics import is_filter, matches
from msgflo_host.graph.model import Graph, PortRef
from msgflo_host.model.plan import Forward, Plan, plan
from msgflo_host.wire.discovery import Participant, Port

Handler = tuple[str, str]  # participant, inport


def fits(topic_filter: str, topic: str) -> bool:
    return topic_filter == topic or matches(topic_filter, topic)


def forwards(bindings: Plan) -> frozenset[Forward]:
    """All of them; participants that share a topic have them in common."""
    return frozenset().union(*bindings.forwarded.values())


@dataclass
class Network:
    """A broker with the participants' libraries and the forwarder, all as simple as they can be."""

    participants: list[Participant]
    bindings: Plan
    received: Counter[Handler] = field(default_factory=Counter)
    published: int = 0

    def publish(self, topic: str, hops: int = 0) -> None:
        assert hops <= len(forwards(self.bindings)), "a packet goes round for ever"
        self.published += 1
        for participant in self.participants:
            lists = self.bindings.direct.get(participant.id, {}) if participant.bind else {}
            for port in participant.inports:
                # A library hands a packet to an inport once, for whatever reason it has subscribed.
                if port.queue == topic or any(fits(source, topic) for source in lists.get(port.id, ())):
                    self.received[participant.id, port.id] += 1
        for target in {forward.target for forward in forwards(self.bindings) if fits(forward.source, topic)}:
            self.publish(target, hops + 1)


# -- random systems: few topics, so that they are shared in all ways --

INPORT_TOPICS = ["i/1", "i/2", "i/3", "s/1", "s/2"]
OUTPORT_TOPICS = ["o/1", "o/2", "s/1", "s/2", "i/1", "o/+", "+/1", "s/#"]
SHARED_TOPICS = ["i/1", "i/2", "s/1"]
ROLES = ["a", "b", "c", "d"]


def ports(name: str, topics: list[str]) -> st.SearchStrategy[tuple[Port, ...]]:
    return st.tuples(*(st.builds(Port, st.just(f"{name}{i}"), st.sampled_from(topics)) for i in (1, 2)))


@st.composite
def systems(
    draw: Any, inport_topics: list[str] = INPORT_TOPICS, outport_topics: list[str] = OUTPORT_TOPICS
) -> tuple[Graph, list[Participant]]:
    participants = []
    for i in range(draw(st.integers(2, 6))):
        id = f"p{i}"
        participants.append(
            Participant(
                id,
                ROLES[i] if i < 3 else draw(st.sampled_from(ROLES)),
                "demo/X",
                inports=draw(ports("in", inport_topics)),
                outports=draw(ports("out", outport_topics)),
                bind=draw(st.sampled_from([None, f"fbp/bind/{id}"])),
            )
        )
    graph = Graph("main")
    for role in ROLES:
        graph.add_node(role, "demo/X")
    end = st.tuples(st.sampled_from(ROLES), st.sampled_from(["1", "2"]))
    for (source, out), (target, inport) in draw(st.lists(st.tuples(end, end), min_size=1, max_size=8)):
        graph.add_edge(PortRef(source, f"OUT{out}"), PortRef(target, f"in{inport}"))
    return graph, participants


def planned(graph: Graph, participants: list[Participant], *, started: bool = True) -> Plan:
    by_role: dict[str, list[Participant]] = {}
    for participant in participants:
        by_role.setdefault(participant.role, []).append(participant)
    return plan(graph, by_role, lambda edge: started)


def topics_of(source: str) -> list[str]:
    """Topics on which an outport may send."""
    pool = {topic for topic in INPORT_TOPICS + OUTPORT_TOPICS if not is_filter(topic)} | {"o/9"}
    return sorted(topic for topic in pool if fits(source, topic))


def reached(result: Plan, participants: list[Participant]) -> dict[str, set[Handler]]:
    """Return for each source topic or filter of an active edge the inports that the graph names as its ends."""
    by_id: dict[str, set[Handler]] = {}
    for edge, state in result.edges:
        if state.kind not in ("same", "direct", "forwarded"):
            continue
        sources = {source for source, _ in state.pairs}
        for participant in participants:
            port = participant.inport(edge.tgt.port)
            if participant.role == edge.tgt.node and port is not None and port.queue is not None:
                for source in sources:
                    by_id.setdefault(source, set()).add((participant.id, port.id))
    return by_id


@fuzzed_tenth
@given(systems() | systems(SHARED_TOPICS, [*SHARED_TOPICS, "+/1"]))
def test_every_packet_arrives_and_none_goes_round(system: tuple[Graph, list[Participant]]) -> None:
    graph, participants = system
    result = planned(graph, participants)
    for source, handlers in reached(result, participants).items():
        for topic in topics_of(source):
            network = Network(participants, result)
            network.publish(topic)
            assert handlers <= network.received.keys()


@fuzzed_tenth
@given(systems())
def test_every_packet_arrives_exactly_once(system: tuple[Graph, list[Participant]]) -> None:
    graph, participants = system
    result = planned(graph, participants)
    # Where an inport's topic is also what others send on, a packet that was forwarded to it is theirs as well, and may
    # have a second way by their edges. Everywhere else there is one way only.
    listened = [forward.source for forward in forwards(result)]
    listened += [source for lists in result.direct.values() for sources in lists.values() for source in sources]
    assume(not any(fits(source, forward.target) for source in listened for forward in forwards(result)))
    for kind in {state.kind for _, state in result.edges}:
        event(kind)
    for source, handlers in reached(result, participants).items():
        for topic in topics_of(source):
            network = Network(participants, result)
            network.publish(topic)
            assert all(network.received[handler] == 1 for handler in handlers)
            assert max(network.received.values()) == 1


@fuzzed_tenth
@given(systems())
def test_a_direct_packet_reaches_only_the_inports_that_are_meant(system: tuple[Graph, list[Participant]]) -> None:
    graph, participants = system
    able = [p for p in participants if p.bind is not None]
    result = planned(graph, able)
    assert forwards(result) == frozenset()
    meant = reached(result, able)
    for topic in topics_of("#"):
        network = Network(able, result)
        network.publish(topic)
        on_topic = {(p.id, port.id) for p in able for port in p.inports if port.queue == topic}
        by_edges = {handler for source, handlers in meant.items() if fits(source, topic) for handler in handlers}
        assert network.received.keys() == on_topic | by_edges
        assert set(network.received.values()) <= {1}
