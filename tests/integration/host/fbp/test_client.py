"""The client of the FBP protocol, with runtimes that number their answers, that do not, and that are none."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any

import pytest

from brokers import free_port
from certificates import server
from fake_runtime import COMPONENTS, FakeRuntime
from msgflo_host.errors import ClientError
from msgflo_host.fbp.client import Client, Message

pytestmark = [pytest.mark.made_up, pytest.mark.asyncio_loop]

PATIENCE_S = 30.0


async def make_graph(client: Client, name: str) -> None:
    await client.request("graph", "clear", {"id": name, "main": False})
    await client.request("graph", "addnode", {"id": "a", "component": "core/Repeat", "graph": name})
    await client.request("graph", "addinport", {"public": "in", "node": "a", "port": "in", "graph": name})
    await client.request("graph", "addoutport", {"public": "out", "node": "a", "port": "out", "graph": name})
    await client.request("network", "start", {"graph": name})


def packet(name: str, value: Any) -> dict[str, Any]:
    return {"port": "in", "event": "data", "graph": name, "payload": value}


@pytest.mark.parametrize("numbers", [True, False], ids=["numbered", "not numbered"])
async def test_answers_come_back_and_packets_are_heard(numbers: bool) -> None:
    with FakeRuntime(numbers=numbers) as runtime:
        async with Client.connect(runtime.address) as client:
            assert client.runtime["type"] == "fake"
            listed = await client.request("component", "list", {})
            assert [component["name"] for component in listed] == list(COMPONENTS)
            await make_graph(client, "g")
            messages = client.messages()
            sent = await client.request("runtime", "packet", packet("g", {"x": [1, None, "ü"]}))
            assert sent == packet("g", {"x": [1, None, "ü"]})
            heard = [await anext(messages), await anext(messages)]
            assert [message.command for message in heard] == ["packetsent", "packet"]
            assert heard[1].payload["payload"] == {"x": [1, None, "ü"]}


@pytest.mark.parametrize("numbers", [True, False], ids=["numbered", "not numbered"])
async def test_a_refusal_is_an_error_and_the_next_request_is_answered(numbers: bool) -> None:
    with FakeRuntime(numbers=numbers) as runtime:
        async with Client.connect(runtime.address) as client:
            with pytest.raises(ClientError, match=r"refuses graph:addnode: 'nowhere' is not there"):
                await client.request("graph", "addnode", {"id": "a", "component": "core/Repeat", "graph": "nowhere"})
            assert await client.request("graph", "clear", {"id": "g"}) == {"id": "g"}


async def test_news_are_no_answers_where_answers_are_numbered() -> None:
    news = {"protocol": "graph", "command": "clear", "payload": {"id": "other"}, "event": True}

    def answer(asked: dict[str, Any]) -> list[Any]:
        return [news, {"protocol": "graph", "command": "clear", "payload": {"id": "mine"}}]

    with FakeRuntime(answers={"clear": answer}) as runtime:
        async with Client.connect(runtime.address) as client:
            assert await client.request("graph", "clear", {"id": "mine"}) == {"id": "mine"}


async def test_selected_edges_are_answered_without_a_number() -> None:
    """The schema of that answer has no room for one."""

    def answer(asked: dict[str, Any]) -> list[Any]:
        if asked["payload"]["graph"] == "none":
            return [{"protocol": "network", "command": "error", "payload": {"message": "Requested graph not found"}}]
        return [{"protocol": "network", "command": "edges", "payload": asked["payload"], "event": True}]

    with FakeRuntime(answers={"edges": answer}) as runtime:
        async with Client.connect(runtime.address) as client:
            graphs = [str(number) for number in range(20)]
            asked = (client.request("network", "edges", {"graph": graph, "edges": []}) for graph in graphs)
            assert [answer["graph"] for answer in await asyncio.gather(*asked)] == graphs
            with pytest.raises(ClientError, match="refuses network:edges: Requested graph not found"):
                await client.request("network", "edges", {"graph": "none", "edges": []})


async def test_the_secret_is_sent_as_old_and_as_new_runtimes_read_it() -> None:
    with FakeRuntime() as runtime:
        async with Client.connect(runtime.address, secret="s3") as client:
            await client.request("graph", "clear", {"id": "g"})
    assert [(asked["secret"], asked["payload"]["secret"]) for asked in runtime.requests] == [("s3", "s3")] * 2
    with FakeRuntime() as open_runtime:
        await _connect(open_runtime.address)
    assert "secret" not in json.dumps(open_runtime.requests)


async def test_every_reader_gets_every_message() -> None:
    with FakeRuntime() as runtime:
        async with Client.connect(runtime.address) as client:
            readers = [client.messages(), client.messages()]
            frame = {"protocol": "network", "command": "output", "payload": {"message": "hello"}}
            await asyncio.to_thread(runtime.tell, frame)
            expected = Message("network", "output", {"message": "hello"})
            assert [await anext(reader) for reader in readers] == [expected, expected]


async def test_when_the_runtime_goes_requests_fail_and_readers_end() -> None:
    with FakeRuntime(answers={"getstatus": lambda asked: []}) as runtime:
        async with Client.connect(runtime.address) as client:
            messages = client.messages()
            waiting = asyncio.create_task(client.request("network", "getstatus", {"graph": "g"}))
            await asyncio.to_thread(runtime.hang_up)
            with pytest.raises(ClientError, match="has closed the connection"):
                await waiting
            assert [message async for message in messages] == []
            assert [message async for message in client.messages()] == []
            assert not client.connected
            with pytest.raises(ClientError, match="has closed the connection"):
                await client.request("graph", "clear", {"id": "g"})


async def test_a_runtime_that_is_silent_is_given_up() -> None:
    with FakeRuntime(answers={"clear": lambda asked: []}) as runtime:
        async with Client.connect(runtime.address) as client:
            with pytest.raises(ClientError, match=r"does not answer graph:clear within 0.05 s"):
                await client.request("graph", "clear", {"id": "g"}, timeout=0.05)
            await client.request("component", "list", {})


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:1", "is not the address of a runtime, as in ws://"),
        ("ws://127.0.0.1:{free}", " (Connection refused)"),
        ("ws://127.0.0.1:99999", '"ws://127.0.0.1:99999" is not the address of a runtime'),
        ("{runtime}elsewhere", "answers 404: is that a runtime?"),
        ("ws://", '"ws://" is not the address of a runtime'),
        ("ws://127.0.0.1:x", '"ws://127.0.0.1:x" is not the address of a runtime'),
    ],
)
async def test_an_address_without_a_runtime(address: str, why: str) -> None:
    with FakeRuntime() as runtime, pytest.raises(ClientError) as caught:
        await _connect(address.format(free=free_port(), runtime=runtime.address))
    assert why in str(caught.value)


async def _connect(address: str) -> None:
    async with Client.connect(address):
        pass


@pytest.mark.parametrize("which", ["of nobody we trust", "plain"])
async def test_what_is_wrong_with_encryption_is_reported(which: str) -> None:
    context = None
    if which != "plain":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*server())

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as listening:
        address = f"wss://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        with pytest.raises(ClientError) as caught:
            async with Client.connect(address):
                pass
    why = "wrong version number" if which == "plain" else "unable to get local issuer certificate"
    assert str(caught.value) == f"no runtime answers at {address} (TLS: {why})"
