"""The demo of `make run`: every edge carries data, and an edit of its graph rewires it while it runs."""

from __future__ import annotations

EDGES = ("machine.load -> lamp.level", "lamp.alarm -> fan.power", "fan.state -> lamp.cooling")


def test_every_edge_carries_data_and_an_edit_of_the_graph_rewires_it_while_it_runs(run, ear) -> None:
    demo = run("demo", ("graph.fbp", "\n1 -> INTERVAL machine\n", "\n0.1 -> INTERVAL machine\n"))
    alarm, lamp = ear("lamp/alarm"), ear("fbp/bind/lamp")
    demo.wait_for_data_on(*EDGES)
    kinds = {name: edge["kind"] for name, edge in demo.edges().items()}
    assert kinds == dict(zip(EDGES, ("direct", "forwarded", "direct"), strict=True))
    assert {demo.state(node) for node in ("machine", "lamp", "fan")} == {"alive"}

    # An initial packet.
    graph = demo.folder / "graph.fbp"
    for limit, expected in ((-1, True), (100, False)):
        text = graph.read_text().splitlines()
        graph.write_text("\n".join([*text[:-1], f"{limit} -> LIMIT lamp", ""]))
        alarm.wait_for(lambda topic, value, expected=expected: value is expected)

    # A mistake changes nothing.
    good = graph.read_text()
    graph.write_text(good + "lamp ALARM -> ->\n")
    demo.wait(lambda: "graph.fbp:9:" in demo.output, "complaint with file and line")
    assert len(demo.edges()) == 3

    # An edge.
    lamp.wait_for(lambda topic, lists: lists.get("level") == ["machine/load"])
    graph.write_text(good.replace(") LOAD -> LEVEL", ") MEMORY -> LEVEL"))
    lamp.wait_for(lambda topic, lists: lists.get("level") == ["machine/memory"])
    demo.wait_for_data_on("machine.memory -> lamp.level", *EDGES[1:])
