"""The demo of `make run`: every edge carries data, and an edit of its graph rewires it while it runs."""

from __future__ import annotations

EDGES = ("machine.load -> lamp.level", "lamp.alarm -> fan.power", "fan.state -> lamp.cooling")


def test_every_edge_carries_data_and_an_edit_of_the_graph_rewires_it_while_it_runs(run, ear) -> None:
    demo = run("demo", ("graph.fbp", "\n1 -> INTERVAL machine\n", "\n0.1 -> INTERVAL machine\n"))
    demo.wait_for_data_on(*EDGES)
    kinds = {name: edge["kind"] for name, edge in demo.edges().items()}
    assert kinds == dict(zip(EDGES, ("direct", "forwarded", "direct"), strict=True))
    assert {demo.state(node) for node in ("machine", "lamp", "fan")} == {"alive"}

    # An initial packet.
    graph = demo.folder / "graph.fbp"
    for limit, expected in ((-1, True), (100, False)):
        text, before = graph.read_text().splitlines(), len(ear.heard)
        graph.write_text("\n".join([*text[:-1], f"{limit} -> LIMIT lamp", ""]))
        ear.wait_for("lamp/alarm", lambda value, expected=expected: value is expected, since=before)

    # A mistake changes nothing.
    good = graph.read_text()
    graph.write_text(good + "lamp ALARM -> ->\n")
    demo.wait(lambda status: "graph.fbp:9:" in demo.output)
    assert len(demo.edges()) == 3

    # An edge.
    ear.wait_for("fbp/bind/lamp", lambda lists: lists.get("level") == ["machine/load"])
    graph.write_text(good.replace(") LOAD -> LEVEL", ") MEMORY -> LEVEL"))
    ear.wait_for("fbp/bind/lamp", lambda lists: lists.get("level") == ["machine/memory"])
    demo.wait_for_data_on("machine.memory -> lamp.level", *EDGES[1:])
