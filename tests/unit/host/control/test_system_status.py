"""What `/status.json`, `msgflo list` and the live view show of a system."""

from __future__ import annotations

import json
import time

import pytest
from click.testing import CliRunner
from rich.console import Console

from msgflo import Broker
from msgflo_host.cli import list as listing
from msgflo_host.cli.live_view import _picture
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.control.system_status import Status, snapshot
from msgflo_host.graph.elements import PortRef
from msgflo_host.graph.model import Graph
from msgflo_host.model.plan import plan
from msgflo_host.wire.discovery import Participant, Port

ERROR = "waits for nobody"


def status(*participants: Participant) -> Status:
    """Of `button OUT -> IN lamp`, where `lamp` cannot be what the graph says."""
    graph = Graph()
    for role in ("button", "lamp"):
        graph.add_node(role, f"x/{role}")
    graph.add_edge(PortRef("button", "out"), PortRef("lamp", "in"))
    coordinator = Coordinator(Broker.parse("mqtt://127.0.0.1:1"), graph)
    for participant in participants:
        coordinator.registry.discovered(participant, time.monotonic())
    coordinator.plan = plan(graph, coordinator.registry.participants_by_role())
    coordinator.node_errors["lamp"] = ERROR
    return snapshot(coordinator)


BUTTON = Participant("button", "button", "x/button", outports=(Port("out", "button/out"),))
LAMP = Participant("lamp", "lamp", "x/other", inports=(Port("in", "lamp/in"),))


@pytest.mark.parametrize(
    ("there", "kind", "reason"),
    [((BUTTON,), "pending", f'"lamp" is absent; "lamp" {ERROR}'), ((BUTTON, LAMP), "forwarded", f'"lamp" {ERROR}')],
)
def test_an_error_of_a_node_is_shown_beside_it_and_its_edges(
    there: tuple[Participant, ...], kind: str, reason: str
) -> None:
    found = status(*there)
    assert {node["id"]: node["error"] for node in found["nodes"]} == {"button": "", "lamp": ERROR}
    assert [(edge["kind"], edge["reason"]) for edge in found["edges"]] == [(kind, reason)]


def test_the_list_shows_the_error_of_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.loads(json.dumps(status(BUTTON)))
    monkeypatch.setattr(listing, "status_of", lambda coordinator: found)
    lines = CliRunner().invoke(listing.command, [], catch_exceptions=False).output.splitlines()
    assert f"lamp (x/lamp): pending: {ERROR}" in lines
    assert f'button.out → lamp.in: pending: "lamp" is absent; "lamp" {ERROR}' in lines


def test_the_live_view_shows_the_error_of_a_node() -> None:
    console = Console(width=120, record=True)
    more = {"page": "", "editor": "", "graph": None, "graph_trouble": None}
    with console.capture() as shown:
        console.print(_picture({**status(BUTTON), **more}, [], 120, 40))
    assert f"pending: {ERROR}" in shown.get()
