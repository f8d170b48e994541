"""Components that only graphs name, as editors see them."""

from __future__ import annotations

import time
from typing import Any

from fbp_service import joined, read, served
from msgflo_host.fbp.client_list import ClientHandle
from msgflo_host.fbp.envelope import Request
from msgflo_host.fbp.placeholders import STAND_IN, stand_ins
from msgflo_host.fbp.service import Service
from msgflo_host.graph.fbp_reader import parse
from msgflo_host.model.events import BrokerAway, Reconciled
from msgflo_host.model.graphs import MAIN
from msgflo_host.wire.discovery import Participant, Port

GRAPH = """
INPORT=lamp.Dim:DIM
OUTPORT=lamp.LIT:LIT
button(porch/Button) PRESSED -> IN count(core/Counter) OUT -> LEVEL[1] lamp(porch/Lamp)
5 -> LEVEL lamp
button2(porch/Button) HELD -> COLOR lamp
"""


def port(id: str, *, addressable: bool = False) -> dict[str, object]:
    return {"id": id, "type": "any", "required": False, "addressable": addressable}


def stand_in(name: str, inports: list[dict[str, object]], outports: list[dict[str, object]]) -> dict[str, object]:
    return {"name": name, "subgraph": False, "description": STAND_IN, "inPorts": inports, "outPorts": outports}


BUTTON = stand_in("porch/Button", [], [port("held"), port("pressed")])
LAMP = stand_in("porch/Lamp", [port("color"), port("dim"), port("level", addressable=True)], [port("lit")])


def test_ports_are_those_of_edges_packets_and_exports() -> None:
    assert stand_ins([parse(GRAPH)], {"core/Counter"}) == {"porch/Button": BUTTON, "porch/Lamp": LAMP}


def components(client: ClientHandle) -> dict[str, Any]:
    """The components that a client has been told of."""
    told = [frame["payload"] for frame in read(client) if frame["command"] == "component"]
    assert len({each["name"] for each in told}) == len(told)
    return {each["name"]: each for each in told}


def ask(service: Service, client: ClientHandle, command: str, **payload: Any) -> None:
    service.dispatcher.handle(client, Request("component", command, payload))


async def test_the_list_has_them_until_the_real_ones_come() -> None:
    coordinator, service = served(parse(GRAPH))
    client = joined(service)
    ask(service, client, "list")
    listed = components(client)
    assert (listed["porch/Button"], listed["porch/Lamp"]) == (BUTTON, LAMP)
    ask(service, client, "list")
    assert read(client)[-1]["payload"] == len(listed)
    ask(service, client, "getsource", name="porch/Lamp")
    (source,) = read(client)
    assert (source["command"], source["payload"]["language"]) == ("source", "text")
    button = Participant("button", "button", "porch/Button", outports=(Port("pressed", "button/pressed"),))
    coordinator.registry.discovered(button, time.monotonic())
    coordinator.events.emit(Reconciled())
    (real,) = components(client).values()
    assert (real["name"], real.get("description"), real["outPorts"]) == ("porch/Button", None, [port("pressed")])
    coordinator.events.emit(Reconciled())
    assert components(client) == {}


async def test_editors_are_notified_when_a_graph_names_one_or_another_port_of_it() -> None:
    coordinator, service = served(parse("count(core/Counter)\n"))
    client = joined(service)
    coordinator.graphs.edit(MAIN, "addnode", {"id": "lamp", "component": "porch/Lamp"})
    coordinator.events.emit(Reconciled())
    assert components(client) == {"porch/Lamp": stand_in("porch/Lamp", [], [])}
    edge = {"src": {"node": "count", "port": "out"}, "tgt": {"node": "lamp", "port": "level"}}
    coordinator.graphs.edit(MAIN, "addedge", edge)
    coordinator.events.emit(BrokerAway())  # the broker is away
    assert components(client) == {"porch/Lamp": stand_in("porch/Lamp", [port("level")], [])}
