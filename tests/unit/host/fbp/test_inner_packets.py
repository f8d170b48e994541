"""The packets of sub-graphs: how much of them each client is shown, and what it is told of the rest."""

from __future__ import annotations

import time
from typing import Any

from fbp_service import read
from msgflo_host.fbp.client_list import BEHIND, ClientHandle, ClientList
from msgflo_host.fbp.envelope import message
from msgflo_host.fbp.inner_packets import InnerPackets
from msgflo_host.fbp.permissions import ALL
from msgflo_host.fbp.sparing import BURST

EDGE = {"src": {"node": "a", "port": "out"}, "tgt": {"node": "b", "port": "in"}}


class Shown:
    """The packets of one participant, and two clients that call its graph `home/Inner` and `inner`."""

    def __init__(self) -> None:
        clients = ClientList()
        self.inner = InnerPackets(clients)
        self.one, self.two = (ClientHandle(remote="test", local=True, capabilities=ALL) for _ in range(2))
        for client in (self.one, self.two):
            clients.add(client)

    def say(self, data: Any, id: str = "edge") -> None:
        names = {self.one: "home/Inner", self.two: "inner"}
        self.inner.show("participant", {"id": id, **EDGE, "graph": "main", "data": data}, names)


def data(client: ClientHandle) -> list[Any]:
    return [frame["payload"]["data"] for frame in read(client) if frame["command"] == "data"]


def left_out(client: ClientHandle) -> list[str]:
    return [frame["payload"]["message"] for frame in read(client) if frame["command"] == "output"]


def test_of_an_edge_of_a_sub_graph_a_burst_is_shown_and_the_rest_is_counted_for_each_client() -> None:
    shown = Shown()
    before = time.monotonic()
    for number in range(1000):
        shown.say(number)
    shown.say("other", "another edge")
    for client in (shown.one, shown.two):
        numbers = data(client)
        assert BURST < len(numbers) < 500
        assert numbers[-1] == "other"
    shown.inner.tick(before + 3600)
    rest = 1001 - len(numbers)
    assert left_out(shown.one) == [f"home/Inner: packets not shown in the last second: {rest} of edge"]
    assert left_out(shown.two) == [f"inner: packets not shown in the last second: {rest} of edge"]


def test_large_packets_of_a_sub_graph_are_shortened_and_cost_nobody_the_connection() -> None:
    shown = Shown()
    for _ in range(110):
        shown.say("x" * 200_000)
    assert not shown.one.closed
    shown_data = data(shown.one)
    assert len(shown_data) >= BURST
    assert set(shown_data) == {"x" * 1000 + "… (200000 bytes)"}


def test_a_client_that_is_behind_is_spared_the_packets_of_sub_graphs_and_told_what_it_misses() -> None:
    shown = Shown()
    for _ in range(BEHIND):
        shown.one.send(message("network", "output", {"message": "noise"}))
    shown.say(1)
    assert data(shown.one) == []
    assert data(shown.two) == [1]
    shown.inner.tick(time.monotonic() + 3600)
    assert left_out(shown.one) == ["home/Inner: packets not shown in the last second: 1 of edge"]
    assert left_out(shown.two) == []
