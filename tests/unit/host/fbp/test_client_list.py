"""Messages to clients wait in bounded queues, and go to those that may see them."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from msgflo_host.fbp import client_list
from msgflo_host.fbp.client_list import ClientAccessChanged, ClientHandle, ClientLeft, ClientList
from msgflo_host.fbp.permissions import ALL, READY_MADE

pytestmark = pytest.mark.made_up

NOTHING: frozenset[str] = frozenset()


class Ended:
    """Counts the connections that were ended at once."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def client(capabilities: frozenset[str] = ALL, remote: str = "10.0.0.1", **options: Any) -> ClientHandle:
    return ClientHandle(remote=remote, local=False, capabilities=capabilities, **options)


async def texts(one: ClientHandle) -> list[Any]:
    one.close(1000, "end")
    found = []
    while not (frame := await one.next_frame()).code:
        found.append(json.loads(frame.data))
    return found


async def test_frames_come_out_in_their_order() -> None:
    one = client()
    one.send({"a": 1})
    one.send(b'{"b": 2}')
    assert await texts(one) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("is_released", [True, False])
async def test_what_is_held_comes_when_it_is_released_or_in_2_s_and_nothing_overtakes_it(is_released: bool) -> None:
    one = client()
    one.send(b"a")
    release = one.hold()
    one.send(b"b")
    one.send(b"c")
    assert (await one.next_frame()).data == b"a"
    began = time.monotonic()
    asyncio.get_running_loop().call_later(1, release if is_released else lambda: None)
    assert [(await one.next_frame()).data for _ in range(2)] == [b"b", b"c"]
    assert time.monotonic() - began == pytest.approx(1 if is_released else 2, abs=0.01)
    one.hold()
    assert await texts(one) == []


async def test_nothing_is_sent_after_the_end() -> None:
    one = client()
    one.close(1001, "the runtime stops")
    one.close(1008, "again")
    one.send({})
    frame = await one.next_frame()
    assert (frame.code, frame.data) == (1001, b"the runtime stops")
    assert not one._queue


@pytest.mark.parametrize("frame", [b"{}", b"x" * 1024 * 1024])
def test_a_client_that_does_not_read_is_disconnected(frame: bytes, caplog: pytest.LogCaptureFixture) -> None:
    ended = Ended()
    one = client(abort=ended)
    sent = 0
    while not ended.count and sent < 20_000:
        one.send(frame)
        sent += 1
    assert (ended.count, one.closed) == (1, True)
    assert sent == 10_001 if len(frame) == 2 else sent == 17
    one.send(frame)
    assert ended.count == 1
    assert "editor at 10.0.0.1 disconnected: it does not read what it is sent" in caplog.text


async def test_all_who_may_see_it_are_notified() -> None:
    clients = ClientList()
    viewer, data_only, stranger, author = (
        client(READY_MADE["viewer"]), client(frozenset({"network:data"})), client(NOTHING), client()
    )  # fmt: skip
    for each in (viewer, data_only, stranger, author):
        clients.add(each)
    clients.broadcast("graph", "removenode", {"id": "a", "graph": "g"}, but=author)
    clients.broadcast("network", "icon", {"id": "a", "icon": "x", "graph": "g"})
    assert [each["command"] for each in await texts(viewer)] == ["removenode", "icon"]
    assert [each["command"] for each in await texts(data_only)] == ["icon"]
    assert await texts(stranger) == []
    assert [each["command"] for each in await texts(author)] == ["icon"]


def test_those_who_come_and_go_are_reported_once() -> None:
    clients = ClientList()
    seen: list[str] = []
    clients.events.listen(ClientAccessChanged, lambda event: seen.append(f"+{event.client.remote}"))
    clients.events.listen(ClientLeft, lambda event: seen.append(f"-{event.client.remote}"))
    one = client(remote="a")
    clients.add(one)
    assert list(clients) == [one]
    clients.remove(one)
    clients.remove(one)
    assert seen == ["+a", "-a"]
    assert len(clients) == 0


def come(clients: ClientList, *newcomers: ClientHandle) -> str:
    """Let them in, one after the other; returns the addresses of all who are there then."""
    for each in newcomers:
        assert clients.admit()
        clients.add(each)
    return " ".join(each.remote for each in clients)


async def test_the_oldest_without_a_secret_goes_when_one_more_comes() -> None:
    clients = ClientList(limit=4)
    left: list[str] = []
    clients.events.listen(ClientLeft, lambda event: left.append(event.client.remote))
    known, first = client(NOTHING, "k"), client(NOTHING, "a")
    come(clients, known)
    clients.grant(known, READY_MADE["viewer"])
    assert come(clients, client(ALL, "z"), first, client(NOTHING, "b")) == "k z a b"
    assert come(clients, client(NOTHING, "c")) == "k z b c"
    assert (await first.next_frame()).code == 1008
    clients.remove(first)
    assert left == ["a"]


async def test_a_replaced_client_that_does_not_close_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_list, "DISCONNECT_S", 0.0)
    ended = Ended()
    clients = ClientList(limit=1)
    come(clients, client(NOTHING, abort=ended), client(NOTHING))
    while not ended.count:
        await asyncio.sleep(0.01)
