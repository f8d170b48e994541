"""Access to the port of a running coordinator: secrets, addresses, pages, and their log messages."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
import psutil
import pytest

from brokers import Broker
from editors import Editor, Refused, editor
from local_server import LocalServer
from msgflo_host.errors import ServerError
from msgflo_host.fbp.permissions import ALL, DEFAULT_LOCAL, READY_MADE
from msgflo_host.http import page_server as serving_module
from msgflo_host.http.page_server import Access, _log_urls
from systems import Coordinator, node

MAIN = "default/main"
AFAR = {"X-Forwarded-For": "203.0.113.7"}  # what makes a client one of another machine
SECRET = "the-owner-of-the-house"
SECRETS = {name: f"secret-of-the-{name}" for name in READY_MADE}
CODE = "from msgflo import Participant\n\n\nclass Mine(Participant):\n    component = 'x/Mine'\n"
NODE = {"id": "new", "component": "core/Repeat", "graph": MAIN}


def live_urls(server: LocalServer) -> list[dict[str, str]]:
    """Return the parts of each URL that was printed, split as noflo-ui does."""
    urls = [line.partition("#runtime/endpoint?")[2] for line in server.lines]
    return [dict(part.split("=") for part in unquote(url).split("&")) for url in urls if url]


async def allowed(client: Editor) -> frozenset[str]:
    return frozenset((await client.ask("runtime", "getruntime"))["capabilities"])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- The first start ---


async def test_the_url_of_the_first_start_opens_everything_from_elsewhere_and_at_the_second_the_secret_is_not_shown(
    tmp_path: Path,
) -> None:
    with LocalServer(tmp_path) as server:
        (first,) = live_urls(server)
        assert first["address"] == f"ws://localhost:{server.port}"
        async with editor(server.port, secret=first["secret"], headers=AFAR) as client:
            assert (await client.ask("runtime", "getruntime"))["id"] == first["id"]
            assert await allowed(client) == ALL
    with LocalServer(tmp_path) as server:
        (second,) = live_urls(server)
        assert second == {"protocol": "websocket", "address": f"ws://localhost:{server.port}", "id": first["id"]}
        assert f"is in {tmp_path}/fbp-secret" in server.output
        assert first["secret"] not in server.output
    kept = tmp_path / "fbp-secret"
    assert kept.read_text() == first["secret"] + "\n"
    assert mode(kept) == 0o600


def said(host: str, secret: str | None, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines at the start of a server that listens there."""
    caplog.set_level(logging.INFO, "msgflo")
    _log_urls(Access(folder=Path("kept"), ide="https://ide.example"), host, 1, "an-id", secret)
    return [unquote(record.getMessage()) for record in caplog.records]


HTTPS = "editor: browsers keep pages of https from ws:// elsewhere; --ide names one of http (docs/editors.md)"


def test_a_port_that_is_open_to_all_is_logged_with_two_addresses(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_module, "outward_url", lambda host, port: "http://[2001:db8::9]:1/")
    endpoint = "https://ide.example#runtime/endpoint?protocol=websocket&address=ws://"
    assert said("::", SECRET, caplog) == [
        "page: http://localhost:1/",
        f"editor: {endpoint}localhost:1&id=an-id&secret={SECRET}",
        "page, from elsewhere: http://[2001:db8::9]:1/",
        f"editor, from elsewhere: {endpoint}[2001:db8::9]:1&id=an-id&secret={SECRET}",
        HTTPS,
    ]


def test_a_port_that_is_open_on_one_address_is_logged_with_that(caplog: pytest.LogCaptureFixture) -> None:
    assert said("192.0.2.9", None, caplog) == [
        "page: http://192.0.2.9:1/",
        "editor: https://ide.example#runtime/endpoint?protocol=websocket&address=ws://192.0.2.9:1&id=an-id",
        HTTPS,
        "editor: the secret that it needs from elsewhere, or to send code, is in kept/fbp-secret",
    ]


async def test_an_id_that_is_given_is_the_id_and_with_a_secret_nothing_is_stored(tmp_path: Path) -> None:
    id = "f47ac10b-58cc-4372-a567-0e02b2c3d479"
    with LocalServer(tmp_path, runtime_id=id, secret=SECRET) as server:
        assert [url["id"] for url in live_urls(server)] == [id]
        async with editor(server.port) as client:
            assert (await client.ask("runtime", "getruntime"))["id"] == id
    assert not list(tmp_path.iterdir())


def test_the_same_secret_for_two_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets.yaml").write_text(f"hall:\n  secret: {SECRET}\n  may: viewer\n")
    with (
        pytest.raises(ServerError, match=r"one of the secrets in .*secrets\.yaml is the one that allows everything"),
        LocalServer(tmp_path, secret=SECRET, secrets=tmp_path / "secrets.yaml"),
    ):
        pass


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerError, match="file/runtime-id cannot be used: "), LocalServer(tmp_path / "file"):
        pass


# --- Who may do what ---


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("house")


@pytest.fixture(scope="module")
def house(folder: Path) -> Iterator[LocalServer]:
    """One with a secret of its own, one for each ready-made set, and pages that may connect."""
    entries = (f"{name}:\n  secret: {secret}\n  may: {name}\n" for name, secret in SECRETS.items())
    (folder / "secrets.yaml").write_text("".join(entries))
    (folder / "secrets.yaml").chmod(0o600)
    (folder / "components").mkdir()
    with LocalServer(
        folder / "data",
        secrets=folder / "secrets.yaml",
        secret=SECRET,
        library=folder / "components",
        ide="http://ide.example/ui/index.html",
        origins=("https://other.example:8443",),
        hosts=("pi.local",),
    ) as running:
        yield running


async def _try_all(client: Editor) -> set[str]:
    """Ask one thing for each that can be allowed; returns what was not refused for want of permission."""
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("component", "list", {}),
        ("component", "getsource", {"name": MAIN}),
        ("component", "source", {"name": "Mine", "language": "python", "code": CODE}),
        ("graph", "addnode", {**NODE, "metadata": {}}),
        ("network", "getstatus", {"graph": MAIN}),
        ("network", "edges", {"graph": MAIN, "edges": []}),
        ("network", "stop", {"graph": MAIN}),
        ("network", "start", {"graph": MAIN}),
        ("network", "persist", {}),
        ("runtime", "packet", {"graph": MAIN, "port": "in", "event": "connect"}),
        ("trace", "start", {"graph": MAIN}),
    ]
    done = set()
    for protocol, command, payload in requests:
        try:
            await client.ask(protocol, command, **payload)
        except Refused as refused:
            if str(refused) == f"{protocol}:{command} is not permitted":
                continue  # else: it may, and something is missing here
        done.add(f"{protocol}:{command}")
    return done


VIEW = {"component:list", "component:getsource", "network:getstatus", "network:edges"}
OPERATE = VIEW | {"network:start", "network:stop", "runtime:packet", "trace:start"}
PROGRAM = OPERATE | {"component:source", "graph:addnode", "network:persist"}


async def test_each_secret_allows_what_it_stands_for_and_no_more(house: LocalServer, folder: Path) -> None:
    expected: list[tuple[str | None, dict[str, str], frozenset[str], set[str]]] = [
        (None, AFAR, frozenset(), set()),
        ("a-secret-of-nobody", AFAR, frozenset(), set()),
        ("a-secret-of-nobody", {}, frozenset(), set()),
        (SECRETS["viewer"], AFAR, READY_MADE["viewer"], VIEW),
        (SECRETS["operator"], AFAR, READY_MADE["operator"], OPERATE),
        (None, {}, DEFAULT_LOCAL, PROGRAM - {"component:source"}),
        (SECRETS["viewer"], {}, READY_MADE["viewer"], VIEW),
        (SECRETS["programmer"], AFAR, ALL, PROGRAM),
        (SECRET, AFAR, ALL, PROGRAM),
    ]
    for secret, headers, capabilities, commands in expected:
        async with editor(house.port, secret=secret, headers=headers) as client:
            if secret != "a-secret-of-nobody":  # those wait after each try
                assert await _try_all(client) == commands, (secret, headers)
            assert await allowed(client) == capabilities
        if "component:source" not in commands:
            assert not list((folder / "components").iterdir())
    assert [path.name for path in (folder / "components").iterdir()] == ["Mine.py"]


async def test_pages_connect_from_the_allow_list_only(house: LocalServer) -> None:
    port = house.port

    async def connects(origin: str, host: str) -> bool:
        async with aiohttp.ClientSession() as session:
            headers = {"Origin": origin, "Host": host, "Connection": "Upgrade", "Upgrade": "websocket"}
            headers |= {"Sec-WebSocket-Key": "A" * 22 + "==", "Sec-WebSocket-Version": "13"}
            async with session.get(f"http://127.0.0.1:{port}/", headers=headers) as answer:
                assert answer.status in (101, 403)
                return answer.status == 101

    own = f"127.0.0.1:{port}"
    name = socket.gethostname()
    for origin, host in [
        ("http://ide.example", own),
        ("https://other.example:8443", own),
        (f"http://{name}.local:{port}", f"{name}.local:{port}"),
    ]:
        assert await connects(origin, host), origin
    for origin, host in [
        ("https://app.flowhub.io", own),  # --ide has taken its place
        ("http://evil.example", own),
        (f"http://evil.local:{port}", f"evil.local:{port}"),  # pointed here by multicast DNS
        ("http://ide.example", f"evil.local:{port}"),
    ]:
        assert not await connects(origin, host), origin


# --- What is told of secrets ---


PART = "from msgflo import Participant, Port\nclass Part(Participant):\n    outports = [Port('out')]\n"


async def test_secrets_are_revealed_to_nobody(shared_broker: Broker, tmp_path: Path) -> None:
    """Neither in the output in asyncio's debug mode, nor in files, answers and messages to all."""
    (tmp_path / "secrets.yaml").write_text(f"hall:\n  secret: {SECRETS['viewer']}\n  may: viewer\n")
    folder = tmp_path / "data"
    (tmp_path / "home").mkdir()
    (tmp_path / "home/Part.py").write_text(PART)
    (tmp_path / "home/graph.fbp").write_text("part(home/Part) OUT -> IN show(core/Repeat) OUT -> IN end(core/Repeat)\n")
    options = ("--secrets", "secrets.yaml", "--componentdir", "home", "--data", folder)
    coordinator = Coordinator("--plain", "home", *options, broker=shared_broker.url, cwd=tmp_path)
    coordinator.environment = {"MSGFLO_SECRET": SECRET, "PYTHONASYNCIODEBUG": "1"}
    with coordinator:
        coordinator.wait(lambda status: node(status, "part")["state"] == "alive")
        assert coordinator.process is not None
        for child in psutil.Process(coordinator.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                assert SECRET not in str(child.environ())
        async with editor(coordinator.port, secret=SECRET) as owner, editor(coordinator.port) as other:
            await other.ask("runtime", "getruntime")
            await owner.ask("network", "debug", graph=MAIN, enable=True)
            await owner.ask("trace", "start", graph=MAIN)
            since = len(owner.frames)
            packet = {"src": {"data": 5}, "tgt": {"node": "show", "port": "in"}}
            await owner.ask("graph", "addinitial", graph=MAIN, **packet)
            await owner.ask("graph", "addnode", **NODE, metadata={}, secret=SECRETS["viewer"])
            await owner.told("network", "data", since=since)
            dump = await owner.ask("trace", "dump", graph=MAIN, type="flowtrace.json")
            assert json.loads(dump["flowtrace"])["events"]
            await owner.ask("trace", "stop", graph=MAIN)
            frames = json.dumps(owner.frames + other.frames)
            assert not [secret for secret in (SECRET, SECRETS["viewer"]) if secret in frames]
        told = [coordinator.output, json.dumps(coordinator.status())]
    told += [path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()]
    told.append(coordinator.output)
    assert "secrets.yaml can be read by other users" in coordinator.output
    assert not [text for text in told if SECRET in text or SECRETS["viewer"] in text]


# --- The port ---


async def test_editors_are_notified_of_the_end(tmp_path: Path) -> None:
    with LocalServer(tmp_path) as server:
        async with aiohttp.ClientSession() as session, session.ws_connect(server.url) as client:
            await asyncio.to_thread(server.stop)
            ended = await client.receive()
            assert (ended.type, ended.data, ended.extra) == (aiohttp.WSMsgType.CLOSE, 1001, "the runtime stops")


async def status_of(server: LocalServer) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/status.json") as answer:
        return answer.status


def test_what_is_no_request_is_refused_and_not_printed(tmp_path: Path) -> None:
    """A line for each would fill the log, and hold what was sent: a secret, if that was put in a wrong place."""
    hosts = [b"a:99999", b"\xff", b"[::1]x", b"1.2.3.4.5", b"localhost@evil.example", b"evil.example#localhost"]
    wrong = [b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n" for host in hosts]
    wrong += [b"GET /?secret=%s HTTP/9.9\r\n\r\n", b"GET %s HTTP/1.1\r\n\r\n", b"%s\r\n\r\n"]
    wrong += [b"GET / HTTP/1.1\r\nContent-Length: %s\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"]
    with LocalServer(tmp_path, secret=SECRET) as server:
        before = server.lines.copy()
        for each in wrong:
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
                connection.sendall(each.replace(b"%s", SECRET.encode()))
                assert connection.recv(100).split()[1] in (b"400", b"403"), each
        assert asyncio.run(status_of(server)) == 200
    assert server.lines == before


def test_a_run_that_nobody_reads_any_more_ends_in_order(shared_broker: Broker, tmp_path: Path) -> None:
    command = Coordinator("--plain", broker=shared_broker.url).command
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 0
    assert process.stderr.read() == ""
