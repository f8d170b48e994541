"""From the wanted graph and those who are there to the bindings."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from msgflo_host.components.foreign.foreign_file import load
from msgflo_host.graph.model import Edge, Graph, PortRef
from msgflo_host.model.plan import EdgeState, Forward, Plan, Planner, plan
from msgflo_host.wire.discovery import Participant, Port

ROLES = ("a", "b", "c", "d")


def one(role: str, *, ins: dict[str, str | None] | None = None, outs: dict[str, str | None] | None = None,
        bind: bool = False, confirms: bool = False, id: str | None = None, **options: Any) -> Participant:  # fmt: skip
    """A participant of a role with these ports and topics."""
    id = id or role
    return Participant(
        id,
        role,
        "demo/X",
        inports=tuple(Port(port, topic, **options) for port, topic in (ins or {}).items()),
        outports=tuple(Port(port, topic) for port, topic in (outs or {}).items()),
        bind=f"fbp/bind/{id}" if bind else None,
        confirms=confirms,
    )


def planned(edges: str, *participants: Participant, started: bool = True, case_sensitive: bool = False) -> Plan:
    """Plan a graph with edges such as `a.out -> b.in, b.out -> c.in`."""
    graph = Graph("main", case_sensitive=case_sensitive)
    for role in ROLES:
        graph.add_node(role, "demo/X")
    for edge in edges.split(","):
        source, target = (end.strip().split(".") for end in edge.split("->"))
        graph.add_edge(PortRef(source[0], source[1]), PortRef(target[0], target[1]))
    by_role: dict[str, list[Participant]] = {}
    for participant in participants:
        by_role.setdefault(participant.role, []).append(participant)
    return plan(graph, by_role, lambda edge: started)


def forwards(result: Plan) -> frozenset[Forward]:
    """All of them; participants that share a topic have them in common."""
    return frozenset().union(*result.forwarded.values())


def state(result: Plan, at: int = 0) -> EdgeState:
    return result.edges[at][1]


A = one("a", outs={"out": "a/out"})
B = one("b", ins={"in": "b/in"}, outs={"out": "b/out"})
B_BINDS = one("b", ins={"in": "b/in"}, bind=True)


# -- the kinds --


def test_an_edge_to_one_who_can_bind_is_direct() -> None:
    result = planned("a.out -> b.in", A, B_BINDS)
    assert state(result) == EdgeState("direct", "", (("a/out", "b/in"),))
    assert (result.direct, forwards(result)) == ({"b": {"in": ("a/out",)}}, frozenset())


def test_an_edge_to_one_who_cannot_bind_is_forwarded() -> None:
    result = planned("a.out -> b.in", A, B)
    assert state(result) == EdgeState("forwarded", "", (("a/out", "b/in"),))
    assert (result.direct, forwards(result)) == ({}, {Forward("a/out", "b/in")})


def test_ports_that_share_a_topic_are_joined_already() -> None:
    result = planned("a.out -> b.in", A, one("b", ins={"in": "a/out"}))
    assert state(result) == EdgeState("same", "", (("a/out", "a/out"),))
    assert (result.direct, forwards(result)) == ({}, frozenset())


@pytest.mark.parametrize(
    ("present", "reason"),
    [((A,), '"b" is absent'), ((B,), '"a" is absent'), ((), '"a" and "b" are absent')],
)
def test_an_edge_waits_for_its_ends(present: tuple[Participant, ...], reason: str) -> None:
    result = planned("a.out -> b.in", *present)
    assert state(result) == EdgeState("pending", reason, ())


def test_a_stopped_network_has_no_bindings() -> None:
    parts = (A, B_BINDS, one("c", ins={"in": "c/in"}), one("d", ins={"in": "a/out"}))
    result = planned("a.out -> b.in, a.out -> c.in, a.out -> d.in, a.nowhere -> d.in", *parts, started=False)
    assert (result.direct, forwards(result)) == ({}, frozenset())
    assert [edge_state.kind for _, edge_state in result.edges] == ["pending", "pending", "same", "refused"]
    assert state(result).reason.startswith("the network is stopped")


# -- topics that several use --


def test_where_one_user_of_a_topic_cannot_bind_all_get_forwarded_packets() -> None:
    # `c` has the topic too: what is forwarded to it reaches `b` by itself.
    c = one("c", ins={"other": "b/in"})
    result = planned("a.out -> b.in, a.out -> c.other", A, B_BINDS, c)
    assert [edge_state.kind for _, edge_state in result.edges] == ["forwarded", "forwarded"]
    assert (result.direct, forwards(result)) == ({}, {Forward("a/out", "b/in")})


def test_instances_share_a_forward_and_have_lists_of_their_own() -> None:
    first, second = (one("b", ins={"in": "b/in"}, bind=True, id=f"b-{i}") for i in (1, 2))
    assert planned("a.out -> b.in", A, first, second).direct == {
        "b-1": {"in": ("a/out",)},
        "b-2": {"in": ("a/out",)},
    }
    foreign = [one("b", ins={"in": "b/in"}, id=f"b-{i}") for i in (1, 2)]
    assert forwards(planned("a.out -> b.in", A, *foreign)) == {Forward("a/out", "b/in")}


def test_instances_with_other_topics_are_bound_each() -> None:
    sources = [one("a", outs={"out": f"a/{i}"}, id=f"a-{i}") for i in (1, 2)]
    targets = [one("b", ins={"in": "b/1"}, id="b-1"), one("b", ins={"in": "b/2"}, bind=True, id="b-2")]
    result = planned("a.out -> b.in", *sources, *targets)
    assert state(result).kind == "forwarded"
    assert state(result).pairs == (("a/1", "b/1"), ("a/1", "b/2"), ("a/2", "b/1"), ("a/2", "b/2"))
    assert forwards(result) == {Forward("a/1", "b/1"), Forward("a/2", "b/1")}
    assert result.direct == {"b-2": {"in": ("a/1", "a/2")}}


def test_a_list_names_the_states_in_it_where_the_participant_confirms_lists() -> None:
    heater = Participant("a", "a", "demo/X", outports=(Port("out", "a/out"), Port("heat", "a/heat", retain=True)))
    new = one("b", ins={"in": "b/in"}, bind=True, confirms=True)
    assert planned("a.out -> b.in", heater, new).direct == {"b": {"in": ("a/out",), "": ()}}
    assert planned("a.heat -> b.in", heater, new).direct == {"b": {"in": ("a/heat",), "": ("a/heat",)}}
    assert planned("a.heat -> b.in", heater, B_BINDS).direct == {"b": {"in": ("a/heat",)}}


def test_an_instance_without_the_port_is_passed_over() -> None:
    result = planned("a.out -> b.in", A, B_BINDS, one("b", id="b-2"), one("b", ins={"in": None}, id="b-3"))
    assert result.direct == {"b": {"in": ("a/out",)}}


def test_forwarded_packets_have_the_options_of_the_inport() -> None:
    assert forwards(planned("a.out -> b.in", A, one("b", ins={"in": "b/in"}, qos=1, retain=True))) == {
        Forward("a/out", "b/in", 1, True)
    }
    both = one("b", ins={"in": "b/in"}, qos=1), one("c", ins={"in": "b/in"}, retain=True)
    assert forwards(planned("a.out -> b.in", A, *both)) == {Forward("a/out", "b/in", 1, True)}


def test_an_edge_to_an_inport_of_bare_text_is_forwarded_also_to_one_who_can_bind() -> None:
    bare = one("b", ins={"in": "b/in"}, bind=True, text=True)
    for targets in ([bare], [bare, one("c", ins={"in": "b/in"}, bind=True)]):
        result = planned("a.out -> b.in", A, *targets)
        assert (result.direct, forwards(result)) == ({}, {Forward("a/out", "b/in", text=True)})


# -- names of ports --


@pytest.mark.parametrize("name", ["in", "IN", "In"])
def test_case_of_ports_does_not_matter(name: str) -> None:
    assert planned(f"a.OUT -> b.{name}", A, B_BINDS).direct == {"b": {"in": ("a/out",)}}


def test_an_ambiguous_name_is_refused() -> None:
    both = one("b", ins={"IN": "upper", "in": "lower", "x": "x"})
    reason = '"b" has more than one inport "In"; it has "IN", "in"'
    assert state(planned("a.out -> b.In", A, both)) == EdgeState("refused", reason, ())


def test_case_matters_where_the_graph_says_so() -> None:
    result = planned("a.OUT -> b.in", A, B, case_sensitive=True)
    assert state(result) == EdgeState("refused", '"a" has no outport "OUT"; it has "out"', ())


@pytest.mark.parametrize(
    ("edge", "reason"),
    [
        ("a.out -> b.inn", '"b" has no inport "inn"; it has "in"'),
        ("a.aus -> b.in", '"a" has no outport "aus"; it has "out"'),
        ("a.out -> a.in", '"a" has no inport "in"; it has none'),
        ("a.out -> c.in", 'inport "in" of "c" has no topic, so it cannot be bound'),
        ("a.aus -> d.in", '"a" has no outport "aus"; it has "out"'),
    ],
)
def test_a_port_that_cannot_be_bound_is_named_with_those_that_exist(edge: str, reason: str) -> None:
    result = planned(edge, A, B, one("c", ins={"in": None}))
    assert state(result) == EdgeState("refused", reason, ())


def test_ports_have_no_index() -> None:
    graph = Graph("main")
    for role in "ab":
        graph.add_node(role, "demo/X")
    graph.add_edge(PortRef("a", "out"), PortRef("b", "in", 1))
    (found,) = plan(graph, {"a": [A], "b": [B]}).edges
    assert found[1] == EdgeState("refused", 'inport "in" of "b" has no index [1]; no port has one', ())


# -- wildcards and cycles --


def test_an_outport_with_wildcards_is_bound() -> None:
    many = one("a", outs={"out": "home/+/state"})
    assert forwards(planned("a.out -> b.in", many, B)) == {Forward("home/+/state", "b/in")}
    assert planned("a.out -> b.in", many, B_BINDS).direct == {"b": {"in": ("home/+/state",)}}


@pytest.mark.parametrize("bind", [False, True])
def test_wildcards_that_match_their_own_target_are_refused(bind: bool) -> None:
    result = planned("a.out -> b.in", one("a", outs={"out": "b/#"}), one("b", ins={"in": "b/in"}, bind=bind))
    assert state(result).kind == "refused"
    assert state(result).reason == '"b/#" matches the edge\'s own target "b/in": each packet would come back'
    assert (result.direct, forwards(result)) == ({}, frozenset())


def test_sources_that_another_one_covers_are_not_subscribed_to_twice() -> None:
    all_of = one("a", outs={"out": "home/#"})
    some = one("c", outs={"out": "home/+/state", "one": "home/x"})
    result = planned("a.out -> b.in, c.out -> b.in, c.one -> b.in", all_of, some, B_BINDS)
    assert result.direct == {"b": {"in": ("home/#",)}}
    assert [edge_state.kind for _, edge_state in result.edges] == ["direct"] * 3


def test_a_cycle_of_forwarded_topics_is_refused_and_named() -> None:
    x = one("a", ins={"in": "x"}, outs={"out": "x"})
    y = one("b", ins={"in": "y"}, outs={"out": "y"})
    result = planned("a.out -> b.in, b.out -> a.in", x, y)
    assert [edge_state.kind for _, edge_state in result.edges] == ["forwarded", "refused"]
    assert state(result, 1).reason == "it would close a cycle of forwarded topics: y → x → y"
    assert forwards(result) == {Forward("x", "y")}


def test_a_circle_of_participants_is_no_cycle_of_topics() -> None:
    c = one("c", ins={"in": "c/in"}, outs={"out": "c/out"})
    result = planned("b.out -> c.in, c.out -> b.in", B, c)
    assert [edge_state.kind for _, edge_state in result.edges] == ["forwarded", "forwarded"]


@pytest.mark.parametrize("availability", ["", "availability: {topic: plug/online, online: yes, offline: no}\n"])
def test_an_edge_from_a_foreign_device_to_itself_is_refused(tmp_path: Path, availability: str) -> None:
    file = tmp_path / "plug.yml"
    file.write_text(
        "component: x/Plug\ninports: {power: {queue: plug/set}}\noutports: {state: {queue: plug/state}}\n"
        + availability
    )
    plug = load(file, role="a").participant
    result = planned("a.state -> a.power, a.state -> b.in", plug, B)
    assert [edge_state.kind for _, edge_state in result.edges] == ["refused", "forwarded"]
    assert state(result).reason.startswith('it leads from the foreign device "a" back to it: ')
    assert forwards(result) == {Forward("plug/state", "b/in")}


def test_a_program_may_be_joined_to_itself() -> None:
    assert state(planned("b.out -> b.in", B)).kind == "forwarded"


# -- size --


def test_what_is_taken_from_the_plan_before_is_as_if_planned_anew() -> None:
    rng, planner = random.Random(35), Planner()
    graphs = [Graph("main", case_sensitive=sensitive) for sensitive in (False, True)]
    there: dict[str, list[Participant]] = {}
    for graph in graphs:
        for role in ROLES:
            graph.add_node(role, "demo/X")
    kinds, reasons = set(), set()

    def some_participant(role: str, id: str) -> Participant:
        sources = ["out", "out", f"{role}/out", "a/in", "b/in", "+/in", "c/#"]
        return Participant(
            id,
            role,
            "demo/X",
            inports=(
                Port("in", rng.choice([f"{role}/in", "shared"]), retain=rng.random() < 0.2),
                Port("in2", f"{role}/in2", qos=rng.choice([0, 1])),
            ),
            outports=(Port("out", rng.choice(sources), retain=rng.random() < 0.3),),
            bind=f"fbp/bind/{id}" if rng.random() < 0.6 else None,
            confirms=rng.random() < 0.7,
        )

    for _ in range(2000):
        graph = graphs[rng.random() < 0.05]
        ref = PortRef(rng.choice(ROLES), "out"), PortRef(rng.choice(ROLES), rng.choice(["in", "IN2", "absent"]))
        changes = rng.random()
        if changes < 0.1:
            for each in graphs:
                each.add_edge(*ref)
        elif changes < 0.2 and any((edge.src, edge.tgt) == ref for edge in graph.edges):
            graph.remove_edge(*ref)
        role = rng.choice(ROLES)
        if rng.random() < 0.3:
            ids = rng.choice([[], [role], [role], [role, f"{role}-2"]])
            there[role] = [some_participant(role, id) for id in ids]
        stopped = rng.choice([*ROLES, *[""] * 16])

        def is_started(edge: Edge, stopped: str = stopped) -> bool:
            return edge.src.node != stopped

        *_, found = planner.steps(graph, there, is_started)
        assert found == plan(graph, there, is_started)
        kinds |= {state.kind for _, state in found.edges}
        reasons |= {state.reason.partition(":")[0] for _, state in found.edges}
    assert kinds >= {"direct", "forwarded", "pending", "refused"}
    assert "it would close a cycle of forwarded topics" in reasons
