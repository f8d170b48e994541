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
from editors import editor, run
from msgflo_host.serving.board_runs import MOST_RUNNING
from systems import Coordinator, Participants, Source, node, until

SECRET = "the-owner-of-the-house"
VIEWER = "who-may-only-look"
AFAR = {"X-Forwarded-For": "203.0.113.7"}
NAMES = "bcde"


def port_map(letter: str, more: str = "") -> str:
    """A board with a button and an LED, and a broker that is nowhere."""
    return (
        "chip: esp32\nwifi: {ssid: Home, password: not my real password}\nbroker: mqtt://127.0.0.1:9\ndevices:\n"
        f"  button-{letter}: {{kind: button, pin: 27}}\n  lamp-{letter}: {{kind: led, pin: 19}}\n{more}"
    )


class House:
    """A coordinator in a folder with `boards/desk.yaml`, and what a page asks of it."""

    def __init__(self, coordinator: Coordinator, folder: Path) -> None:
        self.coordinator = coordinator
        self.boards = folder / "boards"
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
    """What runs below a coordinator for its boards: nothing, until a board's MicroPython runs."""
    assert coordinator.process is not None
    found = psutil.Process(coordinator.process.pid).children(recursive=True)
    return found if any(map(runs_micropython, found)) else []


def runs_micropython(process: psutil.Process) -> bool:
    """It may be a program, or a script that Python or first a shell runs."""
    return any(Path(word).name == "micropython" for word in words(process)[:2])


def runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def words(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


@pytest.fixture
def house(broker: Broker, tmp_path: Path) -> Iterator[House]:
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "desk.yaml").write_text(port_map("a"))
    (tmp_path / "secrets.yaml").write_text(f"hall:\n  secret: {VIEWER}\n  may: viewer\n")
    (tmp_path / "secrets.yaml").chmod(0o600)
    coordinator = Coordinator("--plain", "--secrets", "secrets.yaml", broker=broker.url, cwd=tmp_path)
    coordinator.environment = {"MSGFLO_SECRET": SECRET}
    with coordinator:
        coordinator.wait(lambda status: status["connected"])
        yield House(coordinator, tmp_path)


# --- Which there are ---


def test_each_port_map_is_told_with_its_devices_or_with_what_is_wrong_with_it(house: House) -> None:
    (house.boards / "broken.yaml").write_text(port_map("b").replace("pin: 27", "pin: 99"))
    (house.boards / "none.yaml").write_text("chip: [")

    async def main() -> None:
        found = await house.list()
        assert list(found) == ["broken", "desk", "none"]
        desk = found["desk"]
        assert (desk["valid"], desk["problems"], desk["state"], desk["error"]) == (True, [], "stopped", None)
        assert (desk["chip"], desk["title"], desk["file"]) == ("esp32", "ESP32", "boards/desk.yaml")
        assert desk["devices"] == [
            {"role": "button-a", "kind": "button", "component": "devices/Button"},
            {"role": "lamp-a", "kind": "led", "component": "devices/Led"},
        ]
        assert found["broken"]["valid"] is False
        (problem,) = found["broken"]["problems"]
        assert problem.startswith("boards/broken.yaml:5:33: ")
        assert "99" in problem
        assert found["none"]["problems"][0].startswith("boards/none.yaml:1:")
        status, text = await house.ask("POST", "/boards/broken/start")
        assert (status, text) == (409, f"{problem}\n")
        # Mended, and looked at again.
        (house.boards / "broken.yaml").write_text(port_map("b"))
        assert (await house.list())["broken"]["valid"] is True

    run(main)


def test_two_boards_of_one_name_cannot_be_started(house: House) -> None:
    (house.boards / "twin.yaml").write_text(port_map("b", "name: desk\n"))

    async def main() -> None:
        for name, each in (await house.list()).items():
            assert each["valid"] is False, name
            assert "the name 'desk' is that of another board, too" in each["problems"][0]

    run(main)


def test_the_page_is_told_whether_there_are_port_maps(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()

    async def told(port: int) -> Any:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/page.json") as answer:
            return (await answer.json())["boards"]

    with Coordinator("--plain", "--boards", "mine", broker=broker.url, cwd=tmp_path) as coordinator:
        coordinator.wait(lambda status: status["connected"])
        assert asyncio.run(told(coordinator.port)) is False
        (folder / "secrets.yaml").write_text("wifi_ssid: Home\n")
        assert asyncio.run(told(coordinator.port)) is False
        (folder / "desk.yaml").write_text(port_map("a"))
        assert asyncio.run(told(coordinator.port)) is True


def test_a_folder_of_boards_that_is_not_there_is_said_at_once(broker: Broker, tmp_path: Path) -> None:
    coordinator = Coordinator("--plain", "--boards", "nowhere", broker=broker.url, cwd=tmp_path)
    coordinator.start()
    assert coordinator.process is not None
    assert coordinator.process.wait(30) == 2
    until(lambda: "Directory 'nowhere' does not exist" in coordinator.output)


# --- A board that runs ---


def test_a_board_that_is_started_joins_by_the_coordinators_broker_and_is_pressed_and_seen_over_its_control_socket(
    house: House,
) -> None:
    async def main() -> None:
        await house.start("desk")
        assert (await house.list())["desk"]["state"] == "running"
        await asyncio.to_thread(house.alive, "button-a")
        async with house.control("desk", protocols=("msgflo-board",)) as control:
            assert control.socket.protocol == "msgflo-board"
            before = await control.told(event="before")
            assert any("Wi-Fi" in line for line in before["lines"])
            assert (await control.ask(watch=True))["devices"]["lamp-a"] == {"lit": False}
            described = await control.ask(describe=True)
            assert [each["device"] for each in described["devices"]] == ["button-a", "lamp-a"]
            async with editor(house.coordinator.port) as client:
                edge = {"src": {"node": "button-a", "port": "pressed"}, "tgt": {"node": "lamp-a", "port": "on"}}
                await client.ask("graph", "addedge", **edge, graph="default/main")
                # The edge is in force when the lamp follows.
                lit = False
                async with asyncio.timeout(40):
                    while not lit:
                        await control.ask(device="button-a", pressed=True)
                        await asyncio.sleep(0.2)
                        lit = (await control.ask(device="lamp-a"))["values"]["lit"]
                        await control.ask(device="button-a", pressed=False)
                assert (await control.ask(device="kettle"))["error"].startswith("no device 'kettle'")
            await control.socket.send_str("nonsense")
            while "error" not in (said := await control.told()):
                pass  # what was watched
            assert said["error"].startswith("not understood: ")

    run(main)


def test_what_a_board_says_is_shown_to_editors(house: House) -> None:
    async def main() -> None:
        async with editor(house.coordinator.port) as client:
            await client.ask("runtime", "getruntime")
            await house.start("desk")
            async with asyncio.timeout(40):
                while not any(
                    "desk: " in each["message"] and "Wi-Fi" in each["message"]
                    for each in client.all("network", "output")
                ):
                    await asyncio.sleep(0.02)

    run(main)


def test_a_board_that_is_stopped_is_gone_and_can_be_started_again(house: House) -> None:
    async def main() -> None:
        await house.start("desk")
        await asyncio.to_thread(house.alive, "button-a")
        status, text = await house.ask("POST", "/boards/desk/start")
        assert (status, text) == (409, "desk runs already\n")
        async with house.control("desk") as control:
            stopping = asyncio.create_task(house.stop("desk"))
            async with asyncio.timeout(40):
                while (await control.socket.receive()).type is aiohttp.WSMsgType.TEXT:
                    pass
            assert (await house.list())["desk"]["state"] in ("stopping", "stopped")
            await stopping
        assert micropythons(house.coordinator) == []
        assert (await house.list())["desk"]["state"] == "stopped"
        assert (await house.list())["desk"]["error"] is None
        status, text = await house.ask("GET", "/boards/desk/control", Upgrade="websocket", Connection="Upgrade")
        assert (status, text) == (409, "this board does not run\n")
        await house.stop("desk")  # nothing to do
        await house.start("desk")
        await asyncio.to_thread(house.alive, "button-a")

    run(main)


def test_a_board_that_ends_by_itself_is_told_with_its_last_words(house: House) -> None:
    async def main() -> None:
        await house.start("desk")
        until(lambda: micropythons(house.coordinator))
        for process in micropythons(house.coordinator):
            if "msgflo_host" in words(process):
                process.kill()
        async with asyncio.timeout(40):
            while (state := (await house.list())["desk"])["state"] != "stopped":
                await asyncio.sleep(0.02)
        assert state["error"]
        until(lambda: micropythons(house.coordinator) == [])

    run(main)


def test_boards_end_with_the_coordinator_also_when_that_is_killed(house: House) -> None:
    async def main() -> None:
        await house.start("desk")
        until(lambda: micropythons(house.coordinator))
        left = micropythons(house.coordinator)
        house.coordinator.kill()
        _, alive = await asyncio.to_thread(psutil.wait_procs, left, 30)
        assert alive == []

    run(main)


def test_boards_end_when_the_coordinator_ends(house: House) -> None:
    async def main() -> None:
        await house.start("desk")
        until(lambda: micropythons(house.coordinator))
        left = micropythons(house.coordinator)
        assert await asyncio.to_thread(house.coordinator.stop) == 0
        until(lambda: not any(map(runs, left)))  # the guard of its children ends after it

    run(main)


def test_only_a_few_boards_run_at_once(house: House) -> None:
    for letter in NAMES:
        (house.boards / f"{letter}.yaml").write_text(port_map(letter))
    assert len(NAMES) == MOST_RUNNING

    async def main() -> None:
        await asyncio.gather(*map(house.start, NAMES))
        status, text = await house.ask("POST", "/boards/desk/start")
        assert status == 409
        assert text == f"at most {MOST_RUNNING} boards run at once; stop one of these: b, c, d, e\n"
        await house.stop("c")
        await house.start("desk")

    run(main)


def test_a_board_whose_name_somebody_has_already_is_not_started(house: House, broker: Broker) -> None:
    with Participants(Source("desk-board"), broker=broker.url):
        house.alive("desk-board")
        status, text = asyncio.run(house.ask("POST", "/boards/desk/start"))
    assert (status, text) == (
        409,
        "a board of this name is in the system already, as desk-board: switch that off first\n",
    )


def test_a_board_that_somebody_else_runs_is_told_as_elsewhere_until_it_has_gone(house: House, broker: Broker) -> None:
    def state() -> str:
        return str(asyncio.run(house.list())["desk"]["state"])

    assert state() == "stopped"
    with Participants(Source("desk-board"), broker=broker.url):
        house.alive("desk-board")
        assert state() == "elsewhere"
    house.coordinator.wait(lambda status: node(status, "desk-board")["state"] != "alive")
    assert state() == "stopped"


def test_without_micropython_it_is_said_how_to_get_it(broker: Broker, tmp_path: Path) -> None:
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "desk.yaml").write_text(port_map("a"))
    coordinator = Coordinator("--plain", broker=broker.url, cwd=tmp_path)
    hidden = "import shutil, sys; shutil.which = lambda *a, **k: None; from msgflo_host.cli import main; main()"
    coordinator.command[1:3] = ["-c", hidden]
    with coordinator:
        coordinator.wait(lambda status: status["connected"])
        status, text = asyncio.run(House(coordinator, tmp_path).ask("POST", "/boards/desk/start"))
    assert (status, text) == (409, "a virtual board needs MicroPython 1.25 or newer: `make setup` installs it\n")


# --- Who may ---

PATHS = [("GET", "/boards.json"), ("POST", "/boards/desk/start"), ("POST", "/boards/desk/stop"),
         ("GET", "/boards/desk/control")]  # fmt: skip


def test_who_may_not_control_the_network_cannot_ask_for_boards(house: House) -> None:
    refused: list[dict[str, str]] = [
        AFAR,
        {"Authorization": f"Bearer {VIEWER}"},
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Authorization": f"Bearer {SECRET}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {**AFAR, "Sec-WebSocket-Protocol": f"msgflo-board, secret.{VIEWER}"},
    ]

    async def try_all() -> None:
        for method, path in PATHS:
            for headers in refused:
                status, _ = await house.ask(method, path, **headers)
                assert status == 403, (method, path, headers)

    async def main() -> None:
        await try_all()
        assert (await house.list())["desk"]["state"] == "stopped"
        status, _ = await house.ask("POST", "/boards/desk/start", **AFAR, Authorization=f"Bearer {SECRET}")
        assert status == 204
        await try_all()
        assert (await house.list())["desk"]["state"] == "running"
        offered = ("msgflo-board", f"secret.{SECRET}")
        async with house.control("desk", headers=AFAR, protocols=offered) as control:
            assert control.socket.protocol == "msgflo-board"
            assert (await control.ask(get=True))["ok"] is True

    run(main)


@pytest.mark.parametrize("name", ["absent", "secrets", "..%2fboards%2fdesk", "desk.yaml", "*"])
def test_a_name_that_is_no_port_map_is_refused_with_those_that_are(house: House, name: str) -> None:
    status, text = asyncio.run(house.ask("POST", f"/boards/{name}/start"))
    assert status == 404
    assert text == "there is no port map of that name in boards; there are: desk\n"
