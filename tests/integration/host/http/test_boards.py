"""Virtual boards that are started over the HTTP port of a running coordinator: real firmware, real MicroPython, real broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from brokers import Broker
from editors import Editor, editor, run
from event_loop import run_within
from local_server import LocalServer
from systems import Coordinator, node, until
from virtual_board import port_map

SECRET = "the-owner-of-the-house"
VIEWER = "who-may-only-look"
PATIENCE_S = 150  # for boards that are started one after another
AFAR = {"X-Forwarded-For": "203.0.113.7"}


class House:
    """A coordinator in a folder with `boards/desk.yaml`, and what a page asks of it."""

    def __init__(self, coordinator: Coordinator | LocalServer) -> None:
        self.coordinator = coordinator
        self.url = f"http://127.0.0.1:{coordinator.port}"

    async def ask(self, method: str, path: str, **headers: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.url + path, headers=headers) as answer,
        ):
            return answer.status, await answer.text()

    async def list(self) -> dict[str, Any]:
        status, text = await self.ask("GET", "/boards.json")
        assert status == 200, text
        return {each["name"]: each for each in json.loads(text)["boards"]}

    async def start(self, name: str) -> None:
        status, text = await self.ask("POST", f"/boards/{name}/start")
        assert status == 204, text

    async def stop(self, name: str) -> None:
        status, text = await self.ask("POST", f"/boards/{name}/stop")
        assert status == 204, text

    @asynccontextmanager
    async def control(self, name: str, **options: Any) -> AsyncIterator[Control]:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self.url}/boards/{name}/control", **options) as socket,
        ):
            yield Control(socket)

    def alive(self, role: str) -> None:
        self.coordinator.wait(lambda status: node(status, role)["state"] == "alive", seconds=40)


class Control:
    """The control socket of a board, as a page has it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def told(self, **fields: Any) -> dict[str, Any]:
        """The next message that has these values."""
        async with asyncio.timeout(30):
            while True:
                message = await self.socket.receive()
                assert message.type is aiohttp.WSMsgType.TEXT, message
                said: dict[str, Any] = json.loads(message.data)
                if all(said.get(key) == value for key, value in fields.items()):
                    return said

    async def ask(self, **request: Any) -> dict[str, Any]:
        await self.socket.send_json({**request, "id": 1})
        return await self.told(id=1)


def micropythons(coordinator: Coordinator) -> list[psutil.Process]:
    """Return the processes of a coordinator's boards: none, until a board's MicroPython runs."""
    assert coordinator.process is not None
    everything = psutil.Process(coordinator.process.pid).children(recursive=True)
    found = [each for each in everything if not is_part(each)]
    return found if any(map(runs_micropython, found)) else []


def is_part(process: psutil.Process) -> bool:
    """Return whether a process is the coordinator or the data plane."""
    with contextlib.suppress(psutil.Error):
        return process.name() in ("msgflo-control", "msgflo-data")
    return False


def runs_micropython(process: psutil.Process) -> bool:
    """Return whether a process is one: a program, or a script that Python or first a shell runs."""
    return any(Path(word).name == "micropython" for word in words(process)[:2])


def runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def around(micropythons: list[psutil.Process]) -> psutil.Process | None:
    """The `msgflo board run` among them, if there is one."""
    return next((each for each in micropythons if "msgflo_host" in words(each)), None)


def words(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def write_boards(folder: Path) -> Path:
    (folder / "boards").mkdir()
    (folder / "boards/desk.yaml").write_text(port_map("a"))
    return folder / "boards"


@pytest.fixture
def house(broker: Broker, tmp_path: Path) -> Iterator[House]:
    write_boards(tmp_path)
    coordinator = Coordinator("--plain", broker=broker.url, cwd=tmp_path)
    coordinator.environment = {"MSGFLO_SECRET": SECRET}
    with coordinator:
        coordinator.wait(lambda status: status["connected"])
        yield House(coordinator)


# --- A board that runs ---


async def is_pressed_and_lit(house: House, client: Editor, control: Control) -> None:
    """An edge from the board's button to its lamp is active when the lamp follows."""
    edge = {"src": {"node": "button-a", "port": "pressed"}, "tgt": {"node": "lamp-a", "port": "on"}}
    await client.ask("graph", "addedge", **edge, graph="default/main")
    lit = False
    async with asyncio.timeout(40):
        while not lit:
            await control.ask(device="button-a", pressed=True)
            await asyncio.sleep(0.2)
            lit = (await control.ask(device="lamp-a"))["values"]["lit"]
            await control.ask(device="button-a", pressed=False)


def test_a_board_that_is_started_joins_is_pressed_and_seen_over_its_control_socket_and_ends_with_the_coordinator(
    house: House,
) -> None:
    async def main() -> None:
        async with editor(house.coordinator.port) as client:
            await client.ask("runtime", "getruntime")
            await house.start("desk")
            await asyncio.to_thread(house.alive, "button-a")
            assert (await house.list())["desk"]["state"] == "running"
            offered = ("msgflo-board", f"secret.{SECRET}")
            async with house.control("desk", headers=AFAR, protocols=offered) as control:
                assert control.socket.protocol == "msgflo-board"
                before = await control.told(event="before")
                assert any("Wi-Fi" in line for line in before["lines"])
                assert (await control.ask(watch=True))["devices"]["lamp-a"] == {"lit": False}
                described = await control.ask(describe=True)
                assert [each["device"] for each in described["devices"]] == ["button-a", "lamp-a"]
                await is_pressed_and_lit(house, client, control)
                assert (await control.ask(device="kettle"))["error"].startswith("no device 'kettle'")
                await control.socket.send_str("nonsense")
                while "error" not in (said := await control.told()):
                    pass  # what was watched
                assert said["error"].startswith("not understood: ")
            assert any(
                "desk: " in each["message"] and "Wi-Fi" in each["message"] for each in client.all("network", "output")
            )
        left = micropythons(house.coordinator)
        assert await asyncio.to_thread(house.coordinator.stop) == 0
        await asyncio.to_thread(until, lambda: not any(map(runs, left)))  # the guard of its children ends after it

    run_within(PATIENCE_S, main)


def test_a_board_can_be_started_after_it_was_stopped_comes_back_by_itself_outlives_the_coordinator_and_ends_with_all(
    house: House,
) -> None:
    async def main() -> None:
        await house.start("desk")
        await asyncio.to_thread(house.alive, "button-a")
        async with house.control("desk") as control:
            stopping = asyncio.create_task(house.stop("desk"))
            async with asyncio.timeout(40):
                while (await control.socket.receive()).type is aiohttp.WSMsgType.TEXT:
                    pass
            await stopping
        assert micropythons(house.coordinator) == []
        status, text = await house.ask("GET", "/boards/desk/control", Upgrade="websocket", Connection="Upgrade")
        assert (status, text) == (409, "this board does not run\n")
        await house.start("desk")
        await asyncio.to_thread(until, lambda: micropythons(house.coordinator))
        before = around(micropythons(house.coordinator))
        assert before is not None
        before.kill()
        await asyncio.to_thread(until, lambda: around(micropythons(house.coordinator)) not in (None, before))
        async with asyncio.timeout(40):
            while (await house.list())["desk"]["state"] != "running":
                await asyncio.sleep(0.02)
        await asyncio.to_thread(house.alive, "button-a")
        left = micropythons(house.coordinator)
        assert left != []
        coordinator = house.coordinator.part("coordinator")
        coordinator.kill()
        coordinator.wait()
        await asyncio.to_thread(house.alive, "button-a")
        assert (await house.list())["desk"]["state"] == "running"
        async with house.control("desk") as control:
            assert any("Wi-Fi" in line for line in (await control.told(event="before"))["lines"])
            assert (await control.ask(device="lamp-a"))["values"] == {"lit": False}
        assert all(map(runs, left))
        house.coordinator.kill()
        _, alive = await asyncio.to_thread(psutil.wait_procs, left, 30)
        assert alive == []

    run_within(PATIENCE_S, main)


# --- Who may ---

PATHS = [("GET", "/boards.json"), ("POST", "/boards/desk/start"), ("POST", "/boards/desk/stop"),
         ("GET", "/boards/desk/control")]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    folder = tmp_path_factory.mktemp("house")
    boards = write_boards(folder)
    (boards / "secrets.yaml").write_text("wifi_ssid: Home\n")
    secrets = folder / "secrets.yaml"
    secrets.write_text(f"hall:\n  secret: {VIEWER}\n  may: viewer\n")
    secrets.chmod(0o600)
    with LocalServer(folder / "data", secret=SECRET, secrets=secrets, boards=boards) as running:
        yield running


def test_who_may_not_control_the_network_cannot_ask_for_boards(server: LocalServer) -> None:
    refused: list[dict[str, str]] = [
        AFAR,
        {"Authorization": f"Bearer {VIEWER}"},
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Authorization": f"Bearer {SECRET}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {**AFAR, "Sec-WebSocket-Protocol": f"msgflo-board, secret.{VIEWER}"},
    ]
    house = House(server)

    async def main() -> None:
        for method, path in PATHS:
            for headers in refused:
                status, _ = await house.ask(method, path, **headers)
                assert status == 403, (method, path, headers)
        for headers in ({}, {**AFAR, "Authorization": f"Bearer {SECRET}"}):
            assert (await house.ask("POST", "/boards/desk/stop", **headers))[0] == 204
            status, text = await house.ask("GET", "/boards.json", **headers)
            assert (status, [each["state"] for each in json.loads(text)["boards"]]) == (200, ["stopped"])

    run(main)


def test_a_name_that_is_no_port_map_is_refused_with_those_that_are(server: LocalServer) -> None:
    async def main() -> None:
        for name in ("absent", "secrets", "..%2fboards%2fdesk", "desk.yaml", "*"):
            status, text = await House(server).ask("POST", f"/boards/{name}/start")
            assert status == 404
            assert text.startswith("there is no port map of that name in ")
            assert text.endswith("/boards; there are: desk\n")

    run(main)


def test_the_page_learns_whether_there_are_port_maps(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    with LocalServer(tmp_path / "data", boards=folder) as server:

        def told() -> Any:
            return json.loads(asyncio.run(House(server).ask("GET", "/page.json"))[1])["boards"]

        assert told() is False
        (folder / "secrets.yaml").write_text("wifi_ssid: Home\n")
        assert told() is False
        (folder / "desk.yaml").write_text(port_map("a"))
        assert told() is True
