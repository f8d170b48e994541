"""The embedded Mosquitto: the real program, started, crashed, killed and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from brokers import free_port
from event_loop import until
from msgflo.broker import Broker
from msgflo.errors import Refused
from msgflo.paho_transport import Transport
from msgflo_host.errors import BrokerError
from msgflo_host.processes import mosquitto as module
from msgflo_host.processes import mosquitto_files, tcp_ports
from msgflo_host.processes.mosquitto import Mosquitto
from msgflo_host.processes.tcp_ports import is_free

pytestmark = pytest.mark.asyncio_loop


def mosquitto(folder: Path, **options: object) -> Mosquitto:
    return Mosquitto(folder, **{"port": free_port(), **options})  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def running(folder: Path, **options: object) -> AsyncIterator[Mosquitto]:
    made = mosquitto(folder, **options)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@contextlib.asynccontextmanager
async def client(url: str) -> AsyncIterator[tuple[Transport, list[tuple[str, bytes, bool]]]]:
    received: list[tuple[str, bytes, bool]] = []
    link = Transport(Broker.parse(url), "test", on_message=lambda *packet: received.append(packet))
    await link.connect()
    try:
        yield link, received
    finally:
        await link.disconnect()


async def retain(url: str, topic: str, payload: bytes) -> None:
    async with client(url) as (link, _):
        link.publish(topic, payload, qos=1, retain=True)
        await until(lambda: not link.unacknowledged())


async def retained(url: str, topic: str) -> bytes:
    async with client(url) as (link, received):
        await link.subscribe([(topic, 1)])
        await until(lambda: received)
        return received[0][1]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_it_is_there_when_start_returns_and_listens_on_loopback_only(tmp_path: Path) -> None:
    async with running(tmp_path / "new" / "folder") as made:
        assert made.url == f"mqtt://127.0.0.1:{made.port}"
        await retain(made.url, "a", b"1")
        assert made.pid is not None
        connections = psutil.Process(made.pid).net_connections("tcp")
        listening = {tuple(each.laddr) for each in connections if each.status == psutil.CONN_LISTEN}
        assert listening == {("127.0.0.1", made.port)}
    assert made.pid is None
    assert is_free("127.0.0.1", made.port)


async def test_on_loopback_nobody_needs_an_account_and_one_that_is_given_is_checked(tmp_path: Path) -> None:
    async with running(tmp_path) as made:
        user, password = made.account
        await retain(f"mqtt://127.0.0.1:{made.port}", "a", b"1")
        await retain(f"mqtt://{user}:{password}@127.0.0.1:{made.port}", "a", b"1")
        with pytest.raises(Refused):
            async with client(f"mqtt://{user}:guess@127.0.0.1:{made.port}"):
                pass


async def test_beyond_loopback_an_account_is_needed(tmp_path: Path) -> None:
    async with running(tmp_path, host="0.0.0.0") as made:
        user, password = made.account
        assert made.url == f"mqtt://{user}:{password}@127.0.0.1:{made.port}"
        await retain(made.url, "a", b"1")
        with pytest.raises(Refused):
            async with client(f"mqtt://127.0.0.1:{made.port}"):
                pass


async def test_accounts_that_the_user_has_added_stay_and_secrets_are_private(tmp_path: Path) -> None:
    async with running(tmp_path, host="0.0.0.0") as made:
        account = made.account
    subprocess.run(["mosquitto_passwd", "-b", tmp_path / "passwords", "lamp", "light"], check=True)
    async with running(tmp_path, host="0.0.0.0") as made:
        assert made.account == account
        await retain(made.url, "a", b"1")
        assert await retained(f"mqtt://lamp:light@127.0.0.1:{made.port}", "a") == b"1"
    for name in ("passwords", "secret", "mosquitto.db"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize(
    ("folder", "host", "says"),
    [("", "raspberrypi.local", r"'raspberrypi\.local'.*127\.0\.0\.1"), ("file/folder", "127.0.0.1", "file/folder")],
)
async def test_an_address_or_a_folder_that_cannot_be_used_is_named(
    tmp_path: Path, folder: str, host: str, says: str
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BrokerError, match=says):
        await mosquitto(tmp_path / folder, host=host).start()


async def test_a_port_in_use_is_named_with_the_program(tmp_path: Path) -> None:
    port = free_port()  # afterwards it is not given to others
    taken = pytest.raises(BrokerError, match=rf"port {port} on 127\.0\.0\.1 is in use by .*{os.getpid()}")
    with socket.create_server(("127.0.0.1", port)), taken:
        await mosquitto(tmp_path, port=port).start()
    async with running(tmp_path, port=port):
        pass


async def test_a_folder_in_use_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PREDECESSOR_S", 1000.0)  # it does not wait for one that goes on
    async with running(tmp_path):
        with pytest.raises(BrokerError, match=rf"{tmp_path} is in use by another run \(process {os.getpid()}\)"):
            await mosquitto(tmp_path).start()
    async with running(tmp_path):
        pass


async def test_without_mosquitto_the_error_names_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(module, "_SBIN", "/nowhere")
    with pytest.raises(BrokerError, match="apt install mosquitto"):
        await mosquitto(tmp_path).start()


async def test_it_is_found_where_users_have_no_path_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    async with running(tmp_path):
        pass


async def test_a_refused_configuration_is_reported_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "configuration", lambda *args, **options: "no_such_option true\n")
    with pytest.raises(BrokerError, match="no_such_option"):
        await mosquitto(tmp_path).start()


@pytest.mark.parametrize("damage", [b"", b"no database at all", b"\x00\xb5\x00mosquitto db"])
async def test_damaged_state_is_set_aside(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "mosquitto.db").write_bytes(damage)
    async with running(tmp_path) as made:
        await retain(made.url, "a", b"1")
    aside = [path.read_bytes() for path in tmp_path.glob("mosquitto.db.damaged-*")]
    assert aside == ([damage] if damage else [])
    assert ("starts empty" in caplog.text) == bool(damage)


async def test_after_a_crash_it_is_started_again_and_that_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    async with running(tmp_path) as made:
        for _ in range(2):
            pid = made.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await until(lambda: made.pid not in (None, pid))  # noqa: B023
        await until(lambda: not is_free("127.0.0.1", made.port))
        await retain(made.url, "a", b"1")
    await asyncio.sleep(0.3)
    assert made.pid is None
    assert caplog.text.count("Mosquitto has ended (signal 9)") == 2


async def test_its_log_is_stored_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mosquitto_files, "_LOG_LIMIT", 2000)
    monkeypatch.setattr(module, "_SAVE_S", 0.05)
    monkeypatch.setattr(module, "_SAVE_AGAIN_S", 0.05)

    def sizes() -> list[int]:
        return [path.stat().st_size for path in tmp_path.glob("mosquitto.log*")]

    async with running(tmp_path) as made:
        for i in range(30):
            await retain(made.url, "a", b"%d" % i)
        await until(lambda: len(sizes()) == 2 and max(sizes()) < 6000)
        assert "\0" not in (tmp_path / "mosquitto.log").read_text()


async def test_what_has_changed_is_saved_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SAVE_SOON_S", 0.05)
    monkeypatch.setattr(module, "_SAVE_AGAIN_S", 0.05)

    saved = tmp_path / "mosquitto.db"
    async with running(tmp_path) as made:
        for name in (b"first", b"second"):
            await retain(made.url, "saved", name)
            made.save_soon()
            await until(lambda name=name: saved.exists() and name in saved.read_bytes())


async def test_saving_that_fails_is_logged_once_and_so_is_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_SAVE_S", 0.05)
    monkeypatch.setattr(module, "_SAVE_AGAIN_S", 0.05)

    caplog.set_level(logging.INFO)
    async with running(tmp_path) as made:
        (tmp_path / "mosquitto.db.new").mkdir()  # it writes this first, as on a full disk in vain
        await until(lambda: "cannot save" in caplog.text)
        await retain(made.url, "saved", b"1")
        await asyncio.sleep(0.4)
        (tmp_path / "mosquitto.db.new").rmdir()
        await until(lambda: "retains again" in caplog.text)
        await until(lambda: b"saved" in (tmp_path / "mosquitto.db").read_bytes())
    assert caplog.text.count(f"Mosquitto cannot save what it retains in {tmp_path}, where ") == 1
    assert caplog.text.count("Mosquitto saves what it retains again") == 1


PARENT = """
import asyncio, sys
from pathlib import Path
from msgflo_host.processes.mosquitto import Mosquitto

async def main():
    made = Mosquitto(Path(sys.argv[1]), port=int(sys.argv[2]))
    await made.start()
    print(made.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_when_its_parent_is_killed_it_saves_and_ends_and_the_next_start_finds_all(tmp_path: Path) -> None:
    port = free_port()
    parent = subprocess.Popen([sys.executable, "-c", PARENT, tmp_path, str(port)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    await retain(f"mqtt://127.0.0.1:{port}", "state", b"saved")
    parent.kill()
    parent.wait()
    # At once, on the same port: it waits for the end of the one before.
    async with running(tmp_path, port=port) as made:
        assert not alive(pid)
        assert await retained(made.url, "state") == b"saved"


def test_free_ports_are_notified_from_others() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free("127.0.0.1", port)
        assert tcp_ports.free_port() != port
    assert is_free("127.0.0.1", port)
    assert not is_free("192.0.2.1", port)  # not an address of this machine


async def test_without_a_port_option_a_taken_one_is_replaced_and_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr(module, "DEFAULT_PORT", taken)
        mosquitto = Mosquitto(tmp_path)
        await mosquitto.start()
        assert not is_free("127.0.0.1", mosquitto.port)
        await mosquitto.stop()
    assert mosquitto.port != taken
    assert f"port {taken} is used by " in caplog.text
    assert f"our Mosquitto listens on port {mosquitto.port}" in caplog.text
