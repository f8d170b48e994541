"""The command line: what it prints, its exit codes, and one clear line for each mistake."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.publish
import pytest
from click.testing import CliRunner, Result

from brokers import Broker, free_port
from leaving_out import leaving_out
from listening import Ear, retained
from msgflo_host.cli import cli
from msgflo_host.commands.register import command as register_command
from systems import Coordinator, Participants, Sink, Source, discovery_message, edge, node, program, until


def msgflo(*arguments: str | Path, text: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with nothing of ours in the environment but what is given."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
    return subprocess.run(
        [sys.executable, "-m", "msgflo_host", *map(str, arguments)],
        input=text, capture_output=True, text=True, timeout=30, env=inherited | environment, check=False,
    )  # fmt: skip


@pytest.fixture
def system(broker: Broker, tmp_path: Path) -> Iterator[tuple[Coordinator, Source, Sink]]:
    """A coordinator with one direct edge that carries packets."""
    graph = tmp_path / "graph.fbp"
    graph.write_text("source(test/Source) OUT -> IN sink(test/Sink)\n")
    source, sink = Source("source"), Sink("sink")
    with Coordinator(graph, broker=broker.url) as coordinator, Participants(source, sink, broker=broker.url):
        coordinator.wait(lambda status: edge(status, "source.out", "sink.in")["kind"] == "direct")
        until(lambda: source.send("out", "ready") or sink.received)
        yield coordinator, source, sink


def at(coordinator: Coordinator) -> str:
    return f"http://127.0.0.1:{coordinator.port}"


@pytest.mark.parametrize("command", ["run", "register", "send", "watch", "list", "forget", "participant"])
def test_every_command_has_help_with_examples(command: str) -> None:
    answer = msgflo(command, "--help")
    assert answer.returncode == 0
    assert f"msgflo {command}" in answer.stdout
    assert "Examples:" in answer.stdout
    assert f"{command} " in msgflo("--help").stdout


def test_list_shows_nodes_ports_and_edges(system: tuple[Coordinator, Source, Sink]) -> None:
    coordinator, _, _ = system
    answer = msgflo("list", "--coordinator", at(coordinator))
    assert answer.returncode == 0, answer.stderr
    assert "source (test/Source): alive" in answer.stdout
    assert "→ in (any) sink/in" in answer.stdout
    assert "source.out → sink.in: direct" in answer.stdout
    status = json.loads(msgflo("list", "--json", "--coordinator", at(coordinator)).stdout)
    assert [node["id"] for node in status["nodes"]] == ["source", "sink"]


def test_watch_resolves_a_port_and_ends_after_the_count(system: tuple[Coordinator, Source, Sink]) -> None:
    coordinator, source, _ = system
    watching = subprocess.Popen(
        [sys.executable, "-m", "msgflo_host", "watch", "--json", "-n", "2", "source.out", "--coordinator", at(coordinator)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: source.send("out", {"a": 1.5}) or watching.poll() is not None)
    assert watching.stdout is not None
    packets = [json.loads(line) for line in watching.stdout.read().splitlines()]
    assert len(packets) == 2
    assert packets[0].items() >= {"name": "source.out", "topic": "source/out", "retained": False}.items()
    assert packets[0]["value"] == {"a": 1.5}


def test_watch_names_the_ports_of_a_node_that_has_not_the_one_asked_for(
    system: tuple[Coordinator, Source, Sink],
) -> None:
    coordinator, _, _ = system
    answer = msgflo("watch", "source.speed", "--coordinator", at(coordinator))
    assert (answer.returncode, answer.stderr) == (
        1,
        "msgflo: node source has no outport or inport 'speed' with a topic; there are: out, value, error\n",
    )


def test_send_to_a_whole_node_names_its_ports(system: tuple[Coordinator, Source, Sink]) -> None:
    coordinator, _, _ = system
    answer = msgflo("send", "sink", "1", "--coordinator", at(coordinator))
    assert (answer.returncode, answer.stderr) == (
        1,
        "msgflo: sink is a node; its ports are named as NODE.PORT: in, other (a topic of that name: --topic)\n",
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("sorce.out", "no node 'sorce' is known; did you mean source?"),
        ("source", "source is a node; its ports are named as NODE.PORT: out, value, error"),
    ],
)
def test_watch_says_that_a_name_of_no_port_is_taken_as_a_topic(
    system: tuple[Coordinator, Source, Sink], name: str, why: str
) -> None:
    coordinator, _, _ = system
    watching = subprocess.Popen(
        [sys.executable, "-m", "msgflo_host", "watch", "-n", "1", name, "--coordinator", at(coordinator)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watching.stderr is not None
    said = watching.stderr.readline()
    assert said.startswith(f"{name} is taken as a topic")
    assert said.endswith(f"{why}\n")
    until(lambda: msgflo("send", name, "7", "--topic", "--coordinator", at(coordinator)) and watching.poll() == 0)
    assert watching.communicate()[0].endswith(f"{name} 7\n")


def test_watch_ends_without_a_word_when_nobody_reads_it_any_more(broker: Broker) -> None:
    watching = subprocess.Popen(
        [sys.executable, "-m", "msgflo_host", "watch", "x", "--broker", broker.url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watching.stdout is not None
    assert watching.stderr is not None
    until(lambda: "SUBSCRIBE" in broker.log)
    watching.stdout.close()

    def ended() -> bool:
        paho.mqtt.publish.single("x", "1", hostname="127.0.0.1", port=broker.port)
        return watching.poll() is not None

    until(ended)
    assert (watching.returncode, watching.stderr.read()) == (1, "")


def test_watch_prints_binary_and_control_characters_harmlessly(broker: Broker) -> None:
    watching = subprocess.Popen(
        [sys.executable, "-m", "msgflo_host", "watch", "-n", "2", "x", "--broker", broker.url],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: "SUBSCRIBE" in broker.log)
    for payload in (b"\xff\x00", b"a\x1b[31mb\n"):
        subprocess.run(["mosquitto_pub", "-p", str(broker.port), "-t", "x", "-s"], input=payload, check=True)
    out, _ = watching.communicate(timeout=30)
    first, second = out.splitlines()
    assert first.endswith("x 2 bytes ff00")
    assert second.endswith("x a\\x1b[31mb\\n")


def test_send_publishes_json_and_raw_text_and_waits_for_the_broker(broker: Broker) -> None:
    receiving = subprocess.Popen(
        ["mosquitto_sub", "-p", str(broker.port), "-t", "x", "-C", "3"], stdout=subprocess.PIPE, text=True
    )
    until(lambda: "SUBSCRIBE" in broker.log)
    for arguments, text in ((["x", '{"a": 1}'], None), (["x", "ON", "--raw"], None), (["x", "-"], "false\n")):
        answer = msgflo("send", *arguments, text=text, MSGFLO_BROKER=broker.url)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    out, _ = receiving.communicate(timeout=30)
    assert out.splitlines() == ['{"a": 1}', "ON", "false"]


def leave(broker: Broker, role: str, status: str, connection: str = "", *, period: int = 1) -> None:
    """What a participant leaves that has gone without a word, or has not."""
    connection = connection or f"{role}-client"
    message = discovery_message(role, id=role, connection=connection, period=period)
    left = [(f"fbp/participant/{role}", message), (f"fbp/connection/{connection}", status)]
    paho.mqtt.publish.multiple([(topic, text, 1, True) for topic, text in left], port=broker.port)


def left(broker: Broker) -> list[str]:
    """Where the broker keeps something of participants and connections that are not the coordinator's."""
    kept = retained(broker, "fbp/participant/+", "fbp/connection/+")
    return sorted(topic for topic in kept if "/msgflo-coordinator" not in topic)


@contextmanager
def announcing(broker: Broker, roles: Iterable[str]) -> Iterator[None]:
    """Have these tell again and again that they are there."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(0.3):
            messages = [
                ("fbp", discovery_message(role, id=role, connection="receiver", period=60), 1, False) for role in roles
            ]
            paho.mqtt.publish.multiple(messages, port=broker.port)

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_forget_clears_what_lost_participants_have_left(broker: Broker, tmp_path: Path) -> None:
    for role, status in (("old", "lost"), ("tired", "asleep"), ("kept", "lost")):
        leave(broker, role, status)
    with Coordinator("--plain", broker=broker.url, cwd=tmp_path) as coordinator:
        coordinator.wait(lambda status: {each["id"] for each in status["nodes"]} >= {"old", "tired", "kept"})
        answer = msgflo("forget", "old", "tired", MSGFLO_BROKER=broker.url)
        assert (answer.returncode, answer.stdout) == (0, "old is forgotten\ntired is forgotten\n"), answer.stderr
        coordinator.wait(lambda status: [each["id"] for each in status["nodes"]] == ["kept"])
    assert left(broker) == ["fbp/connection/kept-client", "fbp/participant/kept"]


def test_forget_clears_the_values_of_outports_that_are_nobody_else_s(broker: Broker) -> None:
    kept = {
        "old": ["old/quiet", "old/value", "shared", "old/seen/1", "+/wild", "older/value", "tele/old/state"],
        "other": ["shared", "old/seen/+", "other/value"],
    }
    for role, topics in kept.items():
        ports = [{"id": str(number), "queue": topic} for number, topic in enumerate(topics)]
        message = discovery_message(role, id=role, outports=ports, inports=[{"id": "in", "queue": f"{role}/in"}])
        keep = [(f"fbp/participant/{role}", message), (f"{role}/in", "1")]
        keep += [(topic, "1") for topic in topics if "+" not in topic and topic != "old/quiet"]
        paho.mqtt.publish.multiple([(topic, text, 1, True) for topic, text in keep], port=broker.port)
    paho.mqtt.publish.single("old/wild", "1", 1, True, port=broker.port)
    ear = Ear(broker)
    try:
        answer = msgflo("forget", "old", MSGFLO_BROKER=broker.url)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "old is forgotten\n", "")
        ear.wait_for("old/value", lambda value: value == "")
    finally:
        ear.stop()
    assert "old/quiet" not in dict(ear.heard), "there was nothing to clear"
    assert retained(broker, "#").keys() == {
        "fbp/participant/other", "shared", "old/seen/1", "other/value", "old/wild", "old/in", "other/in",
        "older/value", "tele/old/state",
    }  # fmt: skip


def test_forget_asks_no_coordinator_of_another_broker_who_is_lost(broker: Broker, tmp_path: Path) -> None:
    with Broker() as other, Coordinator("--plain", broker=other.url, cwd=tmp_path) as coordinator:
        leave(other, "lamp", "lost")
        leave(broker, "lamp", "online")
        coordinator.wait(lambda status: node(status, "lamp")["state"] == "lost")
        for what, message in (
            ("lamp", '"lamp" is online; end it first'),
            ("--lost", f"uses {other.url}, not {broker.url}"),
        ):
            answer = msgflo("forget", what, MSGFLO_BROKER=broker.url, MSGFLO_COORDINATOR=at(coordinator))
            assert (answer.returncode, answer.stdout) == (1, "")
            assert message in answer.stderr
        answer = msgflo("forget", "--lost", MSGFLO_BROKER=other.url, MSGFLO_COORDINATOR=at(coordinator))
        assert answer.stdout == "lamp is forgotten\n"


def test_forget_clears_all_that_the_coordinator_knows_as_lost(broker: Broker, tmp_path: Path) -> None:
    for role, status, connection in (("old", "lost", "pi"), ("older", "lost", "pi"), ("tired", "asleep", "")):
        leave(broker, role, status, connection)
    for role, period in (("heard", 60), ("silent", 1), ("radio", 60)):  # a receiver, and sensors that it has heard
        leave(broker, role, "online", "receiver", period=period)
    with Coordinator("--plain", broker=broker.url, cwd=tmp_path) as coordinator:
        coordinator.wait(lambda status: len(status["nodes"]) == 6)

        def forget(*arguments: str) -> list[str]:
            answer = msgflo("forget", *arguments, MSGFLO_COORDINATOR=at(coordinator))
            return sorted((answer.stdout + answer.stderr).splitlines())

        assert forget("old") == ["old is forgotten"]
        assert "fbp/connection/pi" in left(broker), "it carries another one, too"
        stays = {"radio", "heard"}
        with announcing(broker, stays):
            coordinator.wait(lambda status: node(status, "silent")["state"] == "lost")
            coordinator.wait(lambda status: node(status, "heard")["state"] == "alive")
            assert forget("heard") == ['msgflo: "heard" is online; end it first']
            assert forget("silent") == ["silent is forgotten"]
            coordinator.wait(lambda status: node(status, "tired")["state"] == "lost")
            assert forget("--lost") == ["older is forgotten", "tired is forgotten"]
            coordinator.wait(lambda status: {each["id"] for each in status["nodes"]} == stays)
        assert left(broker) == ["fbp/connection/receiver", "fbp/participant/heard", "fbp/participant/radio"]
        assert forget("--lost") == ["msgflo: the broker keeps nothing of anybody who is lost"]


def test_forget_clears_nothing_where_one_is_online_or_unknown(broker: Broker) -> None:
    leave(broker, "old", "lost")
    leave(broker, "lamp", "online")
    for role, message in (("lamp", '"lamp" is online; end it first'), ("unknown", "keeps nothing of a participant")):
        answer = msgflo("forget", "old", role, MSGFLO_BROKER=broker.url)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert message in answer.stderr.splitlines()[-1]
    assert msgflo("forget", "old", MSGFLO_BROKER=broker.url).stdout == "old is forgotten\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["send", "x", "ON"], 2, "'ON' is not JSON"),
        (["forget"], 2, "name the roles to forget, or give --lost instead of them"),
        (["forget", "--lost", "x"], 2, "name the roles to forget, or give --lost instead of them"),
        (["send", "x", "NaN"], 2, "JSON has no NaN"),
        (["send", "x/+", "1"], 2, "'x/+' has a wildcard"),
        (["send", "x", "1", "--broker", "http://h"], 1, "unknown scheme 'http'"),
        (["send", "x", "1", "--broker", "mqtt://u:secret@h:99999"], 1, "port '99999' is not 1 to 65535"),
        (["send", "x", "1", "--broker", "mqtts://h?cafile=absent.pem"], 1, "there is no CA file"),
        (["watch", "a#"], 2, "a wildcard that has not its level to itself"),
        (["register", "fan"], 1, "'fan' is not of the form ROLE:FILE.yml"),
        (["register", "fan:absent.yml"], 1, "absent.yml: cannot be read: No such file"),
        (["run", "absent.fbp"], 1, "absent.fbp: is not there; to begin a new graph: touch absent.fbp"),
        (["run", "graph.txt"], 1, "graph.txt"),
        (["run", "--componentdir", "absent"], 1, "absent: is no folder"),
        (["run", "--foreign", "absent"], 1, "absent: cannot be read"),
        (["run", "--port", "0"], 2, "not in the range"),
        (["unknown"], 2, "No such command"),
    ],
)
def test_a_mistake_ends_in_one_line_without_a_traceback(arguments: list[str], code: int, message: str) -> None:
    answer = msgflo(*arguments)
    assert answer.returncode == code, answer.stderr
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "secret" not in answer.stderr
    assert answer.stdout == ""
    if code == 1:
        assert answer.stderr.startswith("msgflo: ")
        assert answer.stderr.count("\n") == 1


def test_where_a_library_cannot_be_imported_the_cause_is_seen(tmp_path: Path) -> None:
    (tmp_path / "msgflo.py").write_text("raise ImportError('libexpat.so.1 is missing')\n")
    answer = msgflo("list", PYTHONPATH=str(tmp_path))
    assert answer.returncode == 1
    assert answer.stderr.endswith("\nImportError: libexpat.so.1 is missing\n")


def test_without_broker_and_coordinator_both_are_named(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    answer = msgflo("send", "x", "1", "--coordinator", nobody)
    assert answer.returncode == 1
    assert answer.stderr.startswith("msgflo: no --broker and no MSGFLO_BROKER, and no coordinator answers at")


def test_a_broker_that_is_not_there_is_named(tmp_path: Path) -> None:
    answer = msgflo("send", "x", "1", "--broker", f"mqtt://127.0.0.1:{free_port()}")
    assert answer.returncode == 1
    assert "refused" in answer.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "defines no subclass of msgflo.Participant"),
        ("def f(:\n", "one.py:1:7: invalid syntax"),
        ("import no_such_module\n", "one.py:1: ModuleNotFoundError"),
        ("import msgflo\nclass A(msgflo.Participant): pass\nclass B(msgflo.Participant): pass\n", "there are A, B"),
        (
            "import msgflo\nclass A(msgflo.Participant):\n    inports = [msgflo.Port('x')]\n",
            "nothing handles inport 'x'",
        ),
    ],
)
def test_a_component_that_cannot_run_is_explained(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "one.py").write_text(text)
    answer = msgflo("participant", tmp_path / "one.py", "role", "--broker", "mqtt://127.0.0.1:1")
    assert answer.returncode == 1
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr


def test_watch_shows_what_reaches_an_inport_directly(system: tuple[Coordinator, Source, Sink]) -> None:
    coordinator, source, _ = system
    watching = subprocess.Popen(
        [sys.executable, "-m", "msgflo_host", "watch", "-n", "1", "sink.in", "--coordinator", at(coordinator)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: source.send("out", 7) or watching.poll() is not None)
    assert watching.stdout is not None
    assert watching.stdout.read().endswith("sink.in 7\n")


def register(folder: Path, *options: str, **environment: str) -> str:
    """What it says at first."""
    (folder / "plug.yml").write_text("component: home/Plug\ninports: {power: {queue: plug/power}}\n")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("MSGFLO_")}
    announcing = subprocess.Popen(
        [sys.executable, "-m", "msgflo_host", "register", f"plug:{folder / 'plug.yml'}", *options],
        stderr=subprocess.PIPE, text=True, env=inherited | environment,
    )  # fmt: skip
    assert announcing.stderr is not None
    said = announcing.stderr.readline()
    announcing.terminate()
    announcing.communicate(timeout=20)
    return said


def test_register_says_on_which_broker_it_announces(tmp_path: Path, broker: Broker) -> None:
    said = register(tmp_path, "--broker", broker.url.replace("://", "://me:secret@"))
    assert said == f"announcing plug on {broker.url.replace('://', '://me:***@')}; Ctrl-C ends\n"


def test_register_takes_the_broker_of_the_coordinator_where_one_answers(
    system: tuple[Coordinator, Source, Sink], tmp_path: Path
) -> None:
    coordinator, _, _ = system
    url = coordinator.status()["broker"]
    assert register(tmp_path, "--coordinator", at(coordinator)) == f"announcing plug on {url}; Ctrl-C ends\n"
    assert register(tmp_path, MSGFLO_COORDINATOR=at(coordinator)) == f"announcing plug on {url}; Ctrl-C ends\n"


@pytest.fixture
def register_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run it where coordinators are at an address of the test's own by default; it leaves alone what is on this machine."""

    async def announce(*_: object) -> None:
        """Do nothing."""

    def run(default: str, *options: str) -> Result:
        option = next(each for each in register_command.params if each.name == "coordinator")
        monkeypatch.setattr(option, "default", default)
        return CliRunner().invoke(cli, ["register", f"plug:{tmp_path / 'plug.yml'}", *options])

    monkeypatch.setattr("msgflo_host.commands.register._announce", announce)
    for name in ("MSGFLO_BROKER", "MSGFLO_COORDINATOR", "MSGFLO_SECRET"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "plug.yml").write_text("component: home/Plug\ninports: {}\n")
    return run


def test_register_takes_the_broker_of_this_machine_where_no_coordinator_answers(
    register_here: Callable[..., Result],
) -> None:
    done = register_here(f"http://127.0.0.1:{free_port()}")
    assert done.output == "announcing plug on mqtt://localhost:1883; Ctrl-C ends\n"


@pytest.mark.parametrize("how", ["option", "environment"])
def test_register_takes_no_other_broker_where_the_coordinator_that_was_named_does_not_answer(
    register_here: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    if how == "environment":
        monkeypatch.setenv("MSGFLO_COORDINATOR", nobody)
    done = register_here(nobody, *(["--coordinator", nobody] if how == "option" else []))
    assert f"no coordinator answers at {nobody}" in str(done.exception)
    assert done.output == ""


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("403 Forbidden\r\n\r\n<p>a page</p>", "give --secret or MSGFLO_SECRET"),
        ("404 Not Found\r\n\r\n<p>a page</p>", "is that a coordinator?"),
        ("200 OK\r\n\r\n<p>a page</p>", "no coordinator answers at"),
        ('200 OK\r\n\r\n{"nodes": []}', "is that a coordinator?"),
        ("200 OK\r\n\r\n[]", "is that a coordinator?"),
    ],
)
def test_register_takes_no_other_broker_where_something_answers_that_does_not_tell_the_broker(
    register_here: Callable[..., Result], answer: str, message: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.recv(4096)
                client.sendall(f"HTTP/1.0 {answer}".encode())

        serving = threading.Thread(target=serve)
        serving.start()
        done = register_here(f"http://127.0.0.1:{server.getsockname()[1]}")
        serving.join()
    assert message in str(done.exception)
    assert done.output == ""


@pytest.mark.parametrize(
    ("connection", "status", "refused"),
    [
        ("plug-client", "online", True),
        ("plug-client", "asleep", True),
        ("plug-client", "lost", False),
        ("foreign-plug", "online", False),
    ],
)
def test_register_refuses_the_id_of_a_living_participant_of_another_connection(
    broker: Broker, tmp_path: Path, connection: str, status: str, refused: bool
) -> None:
    leave(broker, "plug", status, connection)
    before = retained(broker, "fbp/participant/plug")
    (tmp_path / "plug.yml").write_text("component: home/Plug\ninports: {power: {queue: plug/power}}\n")
    announcing = subprocess.Popen(
        [sys.executable, "-m", "msgflo_host", "register", f"plug:{tmp_path / 'plug.yml'}", "--broker", broker.url],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: announcing.poll() is not None or retained(broker, "fbp/participant/plug") != before)
    if announcing.poll() is None:
        announcing.terminate()
    _, said = announcing.communicate(timeout=20)
    assert (announcing.returncode == 1) == refused
    assert (f'"plug" is there already, {status} by connection "plug-client"' in said) == refused
    if refused:
        assert retained(broker, "fbp/participant/plug") == before


def test_register_refuses_a_living_participant_on_a_broker_that_sends_nothing_kept_to_wildcards(
    broker: Broker, tmp_path: Path
) -> None:
    leave(broker, "plug", "online")
    (tmp_path / "plug.yml").write_text("component: home/Plug\ninports: {}\n")
    with leaving_out(broker) as url:
        done = msgflo("register", f"plug:{tmp_path / 'plug.yml'}", "--broker", url)  # it would go on for ever
    assert '"plug" is there already, online by connection "plug-client"' in done.stderr


def test_list_prints_what_devices_say_harmlessly(system: tuple[Coordinator, Source, Sink], broker: Broker) -> None:
    coordinator, _, _ = system
    hostile = {"id": "o", "queue": "o", "description": "\x1b[2J hello\nfake (x/Y): alive"}
    paho.mqtt.publish.single(
        "fbp", discovery_message("bad", outports=[hostile]), hostname="127.0.0.1", port=broker.port
    )
    coordinator.wait(lambda status: any(node["id"] == "bad" for node in status["nodes"]))
    shown = msgflo("list", "--coordinator", at(coordinator)).stdout
    assert "\x1b" not in shown
    assert "\nfake" not in shown
    assert "hello\\nfake" in shown


def test_a_second_instance_of_a_role_has_its_own_id(broker: Broker, tmp_path: Path) -> None:
    component = tmp_path / "echo.py"
    component.write_text(
        "from msgflo import Participant, Port\n"
        "class Echo(Participant):\n"
        "    inports = [Port('in')]\n"
        "    def on_in(self, value): pass\n"
    )
    with (
        Coordinator(broker=broker.url) as coordinator,
        program("participant", component, "echo", broker=broker.url),
        program("participant", component, "echo", "--id", "echo-2", broker=broker.url),
    ):
        status = coordinator.wait(lambda status: [len(node["instances"]) for node in status["nodes"]] == [2])
        assert sorted(instance["id"] for instance in status["nodes"][0]["instances"]) == ["echo", "echo-2"]


def test_a_file_that_serves_by_itself_runs_as_a_component_too(broker: Broker, tmp_path: Path) -> None:
    component = tmp_path / "disk.py"
    component.write_text(
        "from msgflo import Participant, Port, serve\n"
        "class Disk(Participant):\n"
        "    outports = [Port('free')]\n"
        "serve(Disk('disk'))\n"
    )
    with (
        Coordinator(broker=broker.url) as coordinator,
        program("participant", component, "other", broker=broker.url),
    ):
        status = coordinator.wait(lambda status: status["nodes"])
        assert [node["id"] for node in status["nodes"]] == ["other"]


def test_a_class_without_a_component_is_what_the_command_says(broker: Broker, tmp_path: Path) -> None:
    for file, body in (("plain.py", "pass"), ("named.py", "component = 'x/Own'")):
        (tmp_path / file).write_text(f"from msgflo import Participant\nclass Part(Participant):\n    {body}\n")
    with (
        Coordinator(broker=broker.url) as coordinator,
        program("participant", tmp_path / "plain.py", "one", "--component", "home/Part", broker=broker.url),
        program("participant", tmp_path / "named.py", "two", "--component", "home/Part", broker=broker.url),
    ):
        status = coordinator.wait(lambda status: len(status["nodes"]) == 2)
        assert {node["id"]: node["component"] for node in status["nodes"]} == {"one": "home/Part", "two": "x/Own"}


def test_send_reaches_an_inport_by_its_name(system: tuple[Coordinator, Source, Sink]) -> None:
    coordinator, _, sink = system
    assert msgflo("send", "sink.in", '"by name"', "--coordinator", at(coordinator)).returncode == 0
    until(lambda: "by name" in sink.received)
    answer = msgflo("send", "snk.in", "1", "--coordinator", at(coordinator))
    assert answer.returncode == 1
    assert "no node 'snk' is known; did you mean sink?" in answer.stderr
    for topic in (["home/x.in"], ["snk.in", "--topic"]):
        assert msgflo("send", *topic, "1", "--coordinator", at(coordinator)).returncode == 0
    answer = msgflo("send", "sink.inn", "1", "--coordinator", at(coordinator))
    assert "node sink has no inport 'inn' with a topic; there are: in, other" in answer.stderr
