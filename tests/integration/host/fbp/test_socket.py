"""A socket of the FBP protocol with real connections: origins, secrets, and limits."""

from __future__ import annotations

import aiohttp
import pytest

from event_loop import until
from fbp_socket import AFAR, SECRET, VIEWER, ask, asking, close_code, served, told
from msgflo_host.fbp import websocket as module
from msgflo_host.fbp.client_list import ClientAccessChanged, ClientList
from msgflo_host.fbp.permissions import READY_MADE

pytestmark = pytest.mark.made_up


async def test_requests_of_one_client_are_answered_in_their_order() -> None:
    async with served() as server, await server.connect() as client:
        for number in range(3000):
            await client.send_str(asking(requestId=str(number)))
        assert [(await told(client))["responseTo"] for _ in range(3000)] == [str(number) for number in range(3000)]


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["noflo"], "noflo"), (["mqtt", "noflo"], "noflo"), (["mqtt"], None), ([], None)]
)
async def test_the_sub_protocol_is_selected_where_it_is_offered(offered: list[str], chosen: str | None) -> None:
    async with served() as server, await server.connect(protocols=offered) as client:
        assert client.protocol == chosen
        assert (await ask(client))["command"] == "getruntime"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://evil.example:3569", "Host": "evil.example:3569"},
    ],
)
async def test_other_pages_are_refused_and_it_is_logged(
    headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    async with served() as server:
        for _ in range(5):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await server.connect(headers=headers)
            assert refused.value.status == 403
        assert len(server.clients) == 0
    assert caplog.text.count("may not connect") == 1


async def test_a_client_sees_by_the_last_good_secret_that_it_has_shown() -> None:
    async with served() as server, await server.connect(headers=AFAR) as client:
        sights = []
        server.clients.events.listen(ClientAccessChanged, lambda event: sights.append(event.client.capabilities))

        async def sees(protocol: str, command: str) -> bool:
            server.clients.broadcast(protocol, command, {})
            first = await ask(client, requestId="1")
            if first["command"] == "getruntime":
                return False
            await told(client)
            return (first["protocol"], first["command"]) == (protocol, command)

        assert not await sees("graph", "clear")
        await ask(client, secret="wrong")
        assert not await sees("graph", "clear")
        await ask(client, secret=VIEWER)
        assert await sees("graph", "clear")
        assert not await sees("runtime", "packet")
        await ask(client, secret=SECRET)
        assert await sees("runtime", "packet")
        await ask(client, secret="wrong")
        assert await sees("runtime", "packet")
        await ask(client, secret=VIEWER)
        assert not await sees("runtime", "packet")
        assert sights == [READY_MADE["viewer"], READY_MADE["programmer"], READY_MADE["viewer"]]


async def test_whoever_shows_no_secret_is_asked_to_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRANGER_S", 0.3)
    async with (
        served() as server,
        await server.connect() as here,
        await server.connect(headers=AFAR) as viewer,
        await server.connect(headers=AFAR) as stranger,
    ):
        await ask(viewer, secret=VIEWER)
        assert await close_code(stranger) == 1008
        assert (await ask(viewer))["command"] == (await ask(here))["command"] == "getruntime"
        await until(lambda: len(server.clients) == 2)


async def test_a_fault_in_the_handler_ends_no_connection(caplog: pytest.LogCaptureFixture) -> None:
    async with served() as server, await server.connect() as client:
        for _ in range(3):
            answer = await ask(client, "graph", "fail", requestId="1", secret=SECRET)
            assert answer["payload"]["message"] == "graph:fail has failed; the runtime's log has the details"
            assert answer["responseTo"] == "1"
        assert (await ask(client))["command"] == "getruntime"
    assert caplog.text.count("ZeroDivisionError: of the test") == 1
    assert SECRET not in caplog.text


async def test_a_closed_connection_is_forgotten_and_closed_alike() -> None:
    async with served() as server:
        client = await server.connect()
        await ask(client)
        await client.close()
        assert client.close_code == 1000
        await until(lambda: not len(server.clients))


async def test_clients_too_many_are_refused() -> None:
    async with served(ClientList(limit=1)) as server:
        async with await server.connect() as first:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await server.connect()
            assert refused.value.status == 503
            assert (await ask(first))["command"] == "getruntime"
        await until(lambda: not len(server.clients))
        async with await server.connect() as next_one:
            assert (await ask(next_one))["command"] == "getruntime"
