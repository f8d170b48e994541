"""The command line: what it prints, its exit codes, and one clear line for each mistake."""

from __future__ import annotations

import io
import json
import signal
import sys
import urllib.error
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from command_line import COORDINATOR, Answer, Done, imported_from, msgflo
from event_loop import run_simulated
from memory_broker import MemoryBroker
from msgflo_host.control.coordinator import Coordinator
from msgflo_host.control.system_status import snapshot
from simulation import coordinating, edge_kind, pass_time, taking_part, until
from systems import Sink, Source, discovery_message, node

Status = dict[str, Any]


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture(scope="module")
def status() -> Status:
    """The status of a coordinator that has one direct edge."""
    broker, found = MemoryBroker(), []

    async def main() -> None:
        graph = "source(test/Source) OUT -> IN sink(test/Sink)\n"
        async with (
            coordinating(broker, graph) as coordinator,
            taking_part(Source("source"), Sink("sink"), broker=broker),
        ):
            await until(lambda: edge_kind(coordinator, "source.out", "sink.in") == "direct")
            found.append(snapshot(coordinator))

    with_broker(broker, main)
    return found[0]


def with_broker(broker: MemoryBroker, main: Callable[[], Any]) -> None:
    async def started() -> None:
        with broker:
            await main()

    run_simulated(started)


def seen(broker: MemoryBroker, ready: Callable[[Coordinator], object]) -> Status:
    """The status of a coordinator that runs for a while, and leaves all as it was."""
    found: list[Status] = []

    async def main() -> None:
        async with coordinating(broker) as coordinator:
            await until(lambda: ready(coordinator))
            found.append(snapshot(coordinator))

    with_broker(broker, main)
    return found[0]


@pytest.mark.parametrize("command", ["run", "register", "send", "watch", "list", "forget", "participant"])
def test_every_command_has_help_with_examples(command: str) -> None:
    answer = msgflo(command, "--help")
    assert answer.returncode == 0
    assert f"msgflo {command}" in answer.stdout
    assert "Examples:" in answer.stdout
    assert f"{command} " in msgflo("--help").stdout


# -- list --


def test_list_shows_nodes_ports_and_edges(status: Status) -> None:
    answer = msgflo("list", "--coordinator", COORDINATOR, coordinator=status)
    assert answer.returncode == 0, answer.stderr
    assert "source (test/Source): alive" in answer.stdout
    assert "→ in (any) sink/in" in answer.stdout
    assert "source.out → sink.in: direct" in answer.stdout
    assert json.loads(msgflo("list", "--json", coordinator=status).stdout) == status


def test_list_prints_texts_of_devices_without_control_characters(broker: MemoryBroker) -> None:
    hostile = {"id": "o", "queue": "o", "description": "\x1b[2J hello\nfake (x/Y): alive"}
    broker.publish("fbp/participant/bad", discovery_message("bad", id="bad", outports=[hostile]), retain=True)
    shown = msgflo("list", coordinator=seen(broker, lambda coordinator: coordinator.registry.get("bad"))).stdout
    assert "\x1b" not in shown
    assert "\nfake" not in shown
    assert "hello\\nfake" in shown


# -- watch --


def watched(broker: MemoryBroker, *arguments: str, status: Answer = None, packets: list[tuple[str, bytes]]) -> Done:
    """Run `msgflo watch`, and publish packets once it has subscribed."""

    async def beside() -> None:
        await until(lambda: any(topic == packets[0][0] for _, topic in broker.subscribed))
        for topic, payload in packets:
            broker.publish(topic, payload)

    count = str(len(packets))
    return msgflo(
        "watch", "-n", count, *arguments, "--broker", broker.url, broker=broker, coordinator=status, beside=beside
    )


def test_watch_resolves_a_port_and_ends_after_the_count(broker: MemoryBroker, status: Status) -> None:
    done = watched(broker, "--json", "source.out", status=status, packets=[("source/out", b'{"a": 1.5}')] * 2)
    packets = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(packets) == 2
    assert packets[0].items() >= {"name": "source.out", "topic": "source/out", "retained": False}.items()
    assert packets[0]["value"] == {"a": 1.5}


def test_watch_shows_what_reaches_an_inport_directly(broker: MemoryBroker, status: Status) -> None:
    done = watched(broker, "sink.in", status=status, packets=[("source/out", b"7")])
    assert done.stdout.endswith("sink.in 7\n")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("sorce.out", "no node 'sorce' is known; did you mean source?"),
        ("source", "source is a node; its ports are named as NODE.PORT: out, value, error"),
    ],
)
def test_watch_warns_that_a_name_of_no_port_is_taken_as_a_topic(
    broker: MemoryBroker, status: Status, name: str, why: str
) -> None:
    done = watched(broker, name, status=status, packets=[(name, b"7")])
    assert done.stderr.startswith(f"{name} is taken as a topic")
    assert done.stderr.endswith(f"{why}\n")
    assert done.stdout.endswith(f"{name} 7\n")


def test_watch_prints_binary_and_control_characters_harmlessly(broker: MemoryBroker) -> None:
    first, second = watched(broker, "x", packets=[("x", b"\xff\x00"), ("x", b"a\x1b[31mb\n")]).stdout.splitlines()
    assert first.endswith("x 2 bytes ff00")
    assert second.endswith("x a\\x1b[31mb\\n")


# -- send --


def test_send_publishes_json_and_raw_text_and_waits_for_the_broker(broker: MemoryBroker) -> None:
    for arguments, text in ((["x", '{"a": 1}'], ""), (["x", "ON", "--raw"], ""), (["x", "-"], "false\n")):
        assert msgflo("send", *arguments, text=text, broker=broker, MSGFLO_BROKER=broker.url) == Done(0, "", "")
    assert broker.heard == [("x", b'{"a": 1}'), ("x", b"ON"), ("x", b"false")]


def test_send_reaches_an_inport_by_its_name(broker: MemoryBroker, status: Status) -> None:
    def send(*arguments: str) -> Done:
        return msgflo("send", *arguments, "1", "--broker", broker.url, broker=broker, coordinator=status)

    assert send("sink.in").returncode == 0
    answer = send("snk.in")
    assert answer.returncode == 1
    assert "no node 'snk' is known; did you mean sink?" in answer.stderr
    for topic in (["home/x.in"], ["snk.in", "--topic"]):
        assert send(*topic).returncode == 0
    assert "node sink has no inport 'inn' with a topic; there are: in, other" in send("sink.inn").stderr
    assert [topic for topic, _ in broker.heard] == ["sink/in", "home/x.in", "snk.in"]


def test_send_takes_the_broker_of_the_coordinator(broker: MemoryBroker, status: Status) -> None:
    assert msgflo("send", "x", "1", broker=broker, coordinator=status) == Done(0, "", "")
    assert broker.heard == [("x", b"1")]


def test_without_broker_and_coordinator_both_are_named() -> None:
    answer = msgflo("send", "x", "1", "--coordinator", COORDINATOR)
    assert answer.returncode == 1
    assert answer.stderr.startswith("msgflo: no --broker and no MSGFLO_BROKER, and no coordinator answers at")


def test_a_broker_that_is_not_there_is_named() -> None:
    answer = msgflo("send", "x", "1", "--broker", "mqtt://127.0.0.1:1883")
    assert answer.returncode == 1
    assert "refused" in answer.stderr


# -- forget --


def leave(broker: MemoryBroker, role: str, status: str, connection: str = "", *, period: int = 1) -> None:
    """Retain the messages of a participant that is lost, or is not."""
    connection = connection or f"{role}-client"
    message = discovery_message(role, id=role, connection=connection, period=period)
    broker.retained[f"fbp/participant/{role}"] = message.encode()
    broker.retained[f"fbp/connection/{connection}"] = status.encode()


def left(broker: MemoryBroker) -> list[str]:
    """Topics of participants and connections on which the broker retains something."""
    return sorted(topic for topic in broker.retained if topic.startswith(("fbp/participant/", "fbp/connection/")))


def forget(broker: MemoryBroker, *arguments: str, status: Answer = None) -> Done:
    return msgflo("forget", *arguments, "--broker", broker.url, broker=broker, coordinator=status)


def test_forget_clears_what_lost_participants_have_left(broker: MemoryBroker) -> None:
    for role, status in (("old", "lost"), ("tired", "asleep"), ("kept", "lost")):
        leave(broker, role, status)
    answer = forget(broker, "old", "tired")
    assert (answer.returncode, answer.stdout) == (0, "old is forgotten\ntired is forgotten\n"), answer.stderr
    assert left(broker) == ["fbp/connection/kept-client", "fbp/participant/kept"]


def test_forget_clears_the_values_of_outports_that_are_nobody_else_s(broker: MemoryBroker) -> None:
    kept = {
        "old": ["old/quiet", "old/value", "shared", "old/seen/1", "+/wild", "older/value", "tele/old/state"],
        "other": ["shared", "old/seen/+", "other/value"],
    }
    for role, topics in kept.items():
        ports = [{"id": str(number), "queue": topic} for number, topic in enumerate(topics)]
        message = discovery_message(role, id=role, outports=ports, inports=[{"id": "in", "queue": f"{role}/in"}])
        broker.retained |= {f"fbp/participant/{role}": message.encode(), f"{role}/in": b"1"}
        broker.retained |= {topic: b"1" for topic in topics if "+" not in topic and topic != "old/quiet"}
    broker.retained["old/wild"] = b"1"
    assert forget(broker, "old") == Done(0, "old is forgotten\n", "")
    assert ("old/value", b"") in broker.heard
    assert "old/quiet" not in dict(broker.heard), "there was nothing to clear"
    assert broker.retained.keys() == {
        "fbp/participant/other", "shared", "old/seen/1", "other/value", "old/wild", "old/in", "other/in",
        "older/value", "tele/old/state",
    }  # fmt: skip


def test_forget_asks_no_coordinator_of_another_broker_who_is_lost(broker: MemoryBroker) -> None:
    other = MemoryBroker(port=1884)
    leave(other, "lamp", "lost")
    leave(broker, "lamp", "online")
    status = seen(other, lambda coordinator: coordinator.registry.state("lamp") == "lost")
    for what, message in (
        ("lamp", '"lamp" is online; end it first'),
        ("--lost", f"uses {other.url}, not {broker.url}"),
    ):
        answer = forget(broker, what, status=status)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert message in answer.stderr
    assert forget(other, "--lost", status=status).stdout == "lamp is forgotten\n"


def test_forget_clears_all_that_the_coordinator_knows_as_lost(broker: MemoryBroker) -> None:
    for role, status, connection in (("old", "lost", "pi"), ("older", "lost", "pi"), ("tired", "asleep", "")):
        leave(broker, role, status, connection)
    for role, period in (("heard", 3600), ("silent", 1), ("radio", 3600)):  # a receiver, and sensors that it has heard
        leave(broker, role, "online", "receiver", period=period)
    assert forget(broker, "old").stdout == "old is forgotten\n"
    assert "fbp/connection/pi" in left(broker), "it carries another one, too"

    def ready(coordinator: Coordinator) -> bool:
        return {coordinator.registry.state(each) for each in ("silent", "tired", "older")} == {"lost"}

    status = seen(broker, ready)
    assert node(status, "heard")["state"] == "alive"
    assert forget(broker, "heard", status=status).stderr == 'msgflo: "heard" is online; end it first\n'
    assert forget(broker, "silent", status=status).stdout == "silent is forgotten\n"
    assert sorted(forget(broker, "--lost", status=status).stdout.splitlines()) == [
        "older is forgotten", "tired is forgotten",
    ]  # fmt: skip
    others = [f"fbp/connection/{each}" for each in ("msgflo-components", "msgflo-forwarder", "receiver")]
    assert left(broker) == [*others, "fbp/participant/heard", "fbp/participant/radio"]
    status = seen(broker, lambda coordinator: coordinator.registry.state("heard") == "alive")
    assert forget(broker, "--lost", status=status).stderr == "msgflo: the broker retains nothing of lost participants\n"


def test_forget_clears_nothing_where_one_is_online_or_unknown(broker: MemoryBroker) -> None:
    leave(broker, "old", "lost")
    leave(broker, "lamp", "online")
    for role, message in (("lamp", '"lamp" is online; end it first'), ("unknown", "retains nothing of a participant")):
        answer = forget(broker, "old", role)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert message in answer.stderr.splitlines()[-1]
    assert forget(broker, "old").stdout == "old is forgotten\n"


@pytest.mark.parametrize("how", ["exact", "late"])
def test_forget_finds_what_the_broker_sends_for_exact_topics_alone_or_late(how: str) -> None:
    broker = MemoryBroker(wildcards=how != "exact", late=0.05 if how == "late" else 0)
    leave(broker, "old", "lost")
    leave(broker, "lamp", "online")
    assert forget(broker, "lamp").stderr == 'msgflo: "lamp" is online; end it first\n'
    assert forget(broker, "old").stdout == "old is forgotten\n"
    assert left(broker) == ["fbp/connection/lamp-client", "fbp/participant/lamp"]


# -- mistakes --


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
        (["unknown"], 2, "No such command"),
        (["run", "--port", "0"], 2, "not in the range"),
    ],
)
def test_a_mistake_ends_in_one_line_without_a_traceback(arguments: list[str], code: int, message: str) -> None:
    answer = msgflo(*arguments)
    assert answer.returncode == code, answer.stderr
    assert message in answer.stderr
    assert "secret" not in answer.stderr
    assert answer.stdout == ""
    if code == 1:
        assert answer.stderr.startswith("msgflo: ")
        assert answer.stderr.count("\n") == 1


# -- participant --


@pytest.fixture
def component(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Write a component; what is imported of it is forgotten afterwards."""
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)

    def write(text: str) -> Path:
        (tmp_path / "one.py").write_text(text)
        return tmp_path / "one.py"

    yield write
    imported_from(tmp_path)


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
def test_a_component_that_cannot_run_is_explained(component: Callable[[str], Path], text: str, message: str) -> None:
    answer = msgflo("participant", component(text), "role", "--broker", "mqtt://127.0.0.1:1")
    assert answer.returncode == 1
    assert message in answer.stderr


def announced(broker: MemoryBroker, file: Path, *arguments: str) -> dict[str, Any]:
    """What `msgflo participant` announces; it is ended then."""
    found = []

    async def beside() -> None:
        await until(lambda: any(topic.startswith("fbp/participant/") for topic in broker.retained))
        found.extend(
            json.loads(text) for topic, text in broker.retained.items() if topic.startswith("fbp/participant/")
        )
        signal.raise_signal(signal.SIGTERM)

    done = msgflo("participant", file, *arguments, "--broker", broker.url, broker=broker, beside=beside)
    assert (done.returncode, done.stderr) == (0, "")
    (message,) = found
    return dict(message["payload"])


PART = "from msgflo import Participant\nclass Part(Participant):\n    {}\n"


def test_a_second_instance_of_a_role_has_its_own_id(broker: MemoryBroker, component: Callable[[str], Path]) -> None:
    found = announced(broker, component(PART.format("pass")), "echo", "--id", "echo-2")
    assert (found["role"], found["id"]) == ("echo", "echo-2")


def test_a_file_that_serves_by_itself_runs_as_a_component_too(
    broker: MemoryBroker, component: Callable[[str], Path]
) -> None:
    code = "from msgflo import Participant, serve\nclass Disk(Participant): ...\nserve(Disk('disk'))\n"
    assert announced(broker, component(code), "other")["role"] == "other"


@pytest.mark.parametrize(("body", "name"), [("pass", "home/Part"), ("component = 'x/Own'", "x/Own")])
def test_a_class_without_a_component_takes_that_of_the_command(
    broker: MemoryBroker, component: Callable[[str], Path], body: str, name: str
) -> None:
    found = announced(broker, component(PART.format(body)), "one", "--component", "home/Part")
    assert found["component"] == name


# -- register --


@pytest.fixture
def plug(tmp_path: Path) -> str:
    (tmp_path / "plug.yml").write_text("component: home/Plug\ninports: {power: {queue: plug/power}}\n")
    return f"plug:{tmp_path / 'plug.yml'}"


def register(plug: str, *options: str, broker: MemoryBroker, status: Answer = None, **environment: str) -> Done:
    """Run it until it has announced the plug."""

    async def beside() -> None:
        before = broker.retained.get("fbp/participant/plug")
        await pass_time(5)
        if broker.retained.get("fbp/participant/plug") != before:
            signal.raise_signal(signal.SIGTERM)

    return msgflo("register", plug, *options, broker=broker, coordinator=status, beside=beside, **environment)


def test_register_prints_on_which_broker_it_announces(plug: str, broker: MemoryBroker) -> None:
    done = register(plug, "--broker", broker.url.replace("://", "://me:secret@"), broker=broker)
    assert done.stderr == f"announcing plug on {broker.url.replace('://', '://me:***@')}; Ctrl-C ends\n"


def test_register_takes_the_broker_of_the_coordinator_where_one_answers(
    plug: str, broker: MemoryBroker, status: Status
) -> None:
    line = f"announcing plug on {status['broker']}; Ctrl-C ends\n"
    assert register(plug, "--coordinator", COORDINATOR, broker=broker, status=status).stderr == line
    assert register(plug, broker=broker, status=status, MSGFLO_COORDINATOR=COORDINATOR).stderr == line


def test_register_takes_the_broker_of_this_machine_where_no_coordinator_answers(
    plug: str, broker: MemoryBroker
) -> None:
    assert register(plug, broker=broker).stderr == "announcing plug on mqtt://localhost:1883; Ctrl-C ends\n"


@pytest.mark.parametrize("how", ["option", "environment"])
def test_register_takes_no_other_broker_where_the_coordinator_that_was_named_does_not_answer(
    plug: str, how: str
) -> None:
    options = ["--coordinator", COORDINATOR] if how == "option" else []
    done = msgflo("register", plug, *options, **({} if options else {"MSGFLO_COORDINATOR": COORDINATOR}))
    assert done.returncode == 1
    assert f"no coordinator answers at {COORDINATOR}" in done.stderr
    assert "announcing" not in done.stderr


def http(code: int, reason: str) -> urllib.error.HTTPError:
    return urllib.error.HTTPError(COORDINATOR, code, reason, Message(), io.BytesIO(b"<p>a page</p>"))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (http(403, "Forbidden"), "give --secret or MSGFLO_SECRET"),
        (http(404, "Not Found"), "is that a coordinator?"),
        (b"<p>a page</p>", "no coordinator answers at"),
        (b'{"nodes": []}', "is that a coordinator?"),
        (b"[]", "is that a coordinator?"),
    ],
)
def test_register_takes_no_other_broker_where_something_answers_that_does_not_name_the_broker(
    plug: str, answer: Answer, message: str
) -> None:
    done = msgflo("register", plug, coordinator=answer)
    assert done.returncode == 1
    assert message in done.stderr
    assert "announcing" not in done.stderr


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
    plug: str, broker: MemoryBroker, connection: str, status: str, refused: bool
) -> None:
    leave(broker, "plug", status, connection)
    before = broker.retained["fbp/participant/plug"]
    done = register(plug, "--broker", broker.url, broker=broker)
    assert (done.returncode == 1) == refused
    assert (f'"plug" is there already, {status} by connection "plug-client"' in done.stderr) == refused
    assert (broker.retained.get("fbp/participant/plug") == before) == refused
