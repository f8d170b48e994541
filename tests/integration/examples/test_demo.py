"""The demo of `make run`: every edge carries data, and an edit of its graph rewires it while it runs."""

from __future__ import annotations


def test_every_edge_carries_data(run) -> None:
    demo = run("demo")
    demo.wait_for_data_on("machine.load -> lamp.level", "lamp.alarm -> fan.power", "fan.state -> lamp.cooling")
    kinds = {name: edge["kind"] for name, edge in demo.edges().items()}
    assert kinds == {
        "machine.load -> lamp.level": "direct",
        "lamp.alarm -> fan.power": "forwarded",
        "fan.state -> lamp.cooling": "direct",
    }
    assert {demo.state(node) for node in ("machine", "lamp", "fan")} == {"alive"}


def test_an_edit_of_the_graph_rewires_it(run, ear) -> None:
    demo = run("demo")
    demo.wait_for_data_on("machine.load -> lamp.level", "lamp.alarm -> fan.power", "fan.state -> lamp.cooling")
    lamp = ear("fbp/bind/lamp")
    lamp.wait_for(lambda topic, lists: lists["level"] == ["machine/load"])

    graph = demo.folder / "graph.fbp"
    graph.write_text(graph.read_text().replace(") LOAD -> LEVEL", ") MEMORY -> LEVEL"))

    lamp.wait_for(lambda topic, lists: lists["level"] == ["machine/memory"])
    demo.wait_for_data_on("machine.memory -> lamp.level", "lamp.alarm -> fan.power", "fan.state -> lamp.cooling")


def test_an_edit_changes_an_initial_packet(run, ear) -> None:
    demo = run("demo")
    alarm = ear("lamp/alarm")
    demo.wait_for_data_on("machine.load -> lamp.level", "lamp.alarm -> fan.power", "fan.state -> lamp.cooling")
    graph = demo.folder / "graph.fbp"
    for limit, expected in ((-1, True), (100, False)):
        text = graph.read_text().splitlines()
        graph.write_text("\n".join([*text[:-1], f"{limit} -> LIMIT lamp", ""]))
        alarm.wait_for(lambda topic, value, expected=expected: value is expected)


def test_a_mistake_in_the_graph_changes_nothing(run) -> None:
    demo = run("demo")
    demo.wait_for_data_on("machine.load -> lamp.level", "lamp.alarm -> fan.power", "fan.state -> lamp.cooling")
    graph = demo.folder / "graph.fbp"
    graph.write_text(graph.read_text() + "lamp ALARM -> ->\n")
    demo.wait(lambda: "graph.fbp:9:" in demo.output, "complaint with file and line")
    assert len(demo.edges()) == 3
