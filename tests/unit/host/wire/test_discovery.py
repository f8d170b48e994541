"""Discovery messages: all dialects are read, all mistakes are named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from msgflo_host.errors import DiscoveryError
from msgflo_host.wire import discovery
from msgflo_host.wire.discovery import NotDiscovery, Participant, Port, Runtime, encode, merge, parse, parse_status


def message(**payload: Any) -> bytes:
    """A discovery message of a participant `lamp`, with these keys changed; None takes a key away."""
    body = {"role": "lamp", "component": "demo/Lamp", **payload}
    body = {key: value for key, value in body.items() if value is not None}
    return json.dumps({"protocol": "discovery", "command": "participant", "payload": body}).encode()


def with_port(**port: Any) -> bytes:
    return message(outports=[{"id": "out", **port}])


GRAPH = {"type": "noflo", "version": 0.7, "inqueue": "a/ask", "outqueue": "a/tell"}


# -- dialects: what the libraries in use really send --

PYTHON = (
    b'{"protocol": "discovery", "command": "participant", "payload": {"component": "PythonRepeat", '
    b'"label": "Repeat input data without change", "role": "rep", "id": "rep7686", "icon": "file-word-o", '
    b'"inports": [{"id": "in", "type": "any", "queue": "rep/in"}], '
    b'"outports": [{"id": "out", "type": "any", "queue": "rep/out"}]}}'
)
NODE = (
    b'{"protocol":"discovery","command":"participant","payload":{"component":"core/Repeat","icon":"file-word-o",'
    b'"label":"Repeats","inports":[{"id":"in","type":"any","hidden":false,"queue":"rep.IN"}],'
    b'"outports":[{"id":"out","type":"any","hidden":false,"queue":"rep.OUT"}],"role":"rep",'
    b'"id":"rep-d23deb8a-3815-4d45-8b8d-829a7f3fe6ca"}}'
)
FOREIGN_LIST_FORM = (
    b'{"protocol":"discovery","command":"participant","payload":{"component":"my/Bulb","icon":"file-word-o",'
    b'"role":"bulb","label":"A bulb","inports":[{"id":"0","type":"boolean","description":"","queue":"/bulb/1/set-on"}],'
    b'"outports":[{"id":"0","type":"boolean","description":"ff","queue":"/bulb/1/is-on"}],"id":"bulb"}}'
)
ARDUINO = (
    b'{"protocol":"discovery","command":"participant","payload":{"id":"","role":"hall/button","component":"Button",'
    b'"label":"","icon":"","inports":[],"outports":[{"id":"pressed","queue":"hall/button/pressed","type":"bool"}]}}'
)


def test_python_participant_is_read() -> None:
    assert parse(PYTHON) == Participant(
        "rep7686",
        "rep",
        "PythonRepeat",
        "Repeat input data without change",
        "file-word-o",
        (Port("in", "rep/in"),),
        (Port("out", "rep/out"),),
    )


def test_node_participant_is_read_and_unknown_port_keys_are_stored() -> None:
    read = parse(NODE)
    assert read.id == "rep-d23deb8a-3815-4d45-8b8d-829a7f3fe6ca"
    assert read.inports == (Port("in", "rep.IN", extra={"hidden": False}),)


def test_foreign_participant_in_list_form_keeps_its_port_ids() -> None:
    assert parse(FOREIGN_LIST_FORM).outport("0") == Port("0", "/bulb/1/is-on", "boolean", "ff")


def test_empty_id_means_the_role() -> None:
    assert parse(ARDUINO).id == "hall/button"
    assert parse(message()).id == "lamp"
    assert parse(message(id="lamp-2")).id == "lamp-2"


def test_ports_come_as_a_map_too() -> None:
    ports = {"on": {"queue": "lamp/on", "type": "boolean"}, "level": None}
    assert parse(message(inports=ports)).inports == (Port("on", "lamp/on", "boolean"), Port("level"))


@pytest.mark.parametrize("none", [None, [], {}])
def test_a_participant_needs_no_ports(none: Any) -> None:
    assert parse(message(inports=none, outports=none)).inports == ()


def test_ports_without_a_topic_are_read() -> None:
    assert parse(with_port()).outports == (Port("out"),)
    assert parse(with_port(queue=None)).outports == parse(with_port(queue="")).outports == (Port("out"),)


def test_null_label_and_icon_are_none_at_all() -> None:
    payload = b'{"role":"lamp","component":"demo/Lamp","label":null,"icon":null,"inports":null}'
    read = parse(b'{"protocol":"discovery","command":"participant","payload":' + payload + b"}")
    assert (read.label, read.icon, read.inports) == ("", None, ())


@pytest.mark.parametrize(
    ("value", "text"),
    [("bang", "bang"), ("furlong", "furlong"), ("", "any"), (None, "any"), (5, "5"), (True, "true"), (1.5, "1.5")],
)
def test_type_is_any_scalar(value: Any, text: str) -> None:
    assert parse(with_port(type=value)).outports[0].type == text


def test_numbers_are_names() -> None:
    read = parse(message(role=12, inports=[{"id": 0, "queue": "a"}]))
    assert (read.role, read.inports[0].id) == ("12", "0")


def test_options_of_a_port_are_read() -> None:
    (port,) = parse(with_port(queue="a", options={"qos": 1, "retain": True, "durable": False})).outports
    assert (port.qos, port.retain, port.extra) == (1, True, {"options": {"durable": False}})


def test_what_we_add_is_read() -> None:
    read = parse(message(connection="board-1", period=30, bind="fbp/bind/lamp", confirms=True))
    assert (read.connection, read.period, read.bind, read.confirms) == ("board-1", 30.0, "fbp/bind/lamp", True)
    assert parse(encode(read)) == read


def test_ids_are_escaped_in_topics() -> None:
    read = parse(message(id="a/b%+#", bind="fbp/bind/a%2Fb%25%2B%23"), topic="fbp/participant/a%2Fb%25%2B%23")
    assert read.id == "a/b%+#"


def test_an_outport_may_stand_for_many_topics() -> None:
    assert parse(with_port(queue="home/+/temperature/#")).outports[0].queue == "home/+/temperature/#"


@pytest.mark.parametrize(
    "text", [PYTHON, NODE, FOREIGN_LIST_FORM, ARDUINO, message(colour={"a": [1, None]}, inports={})]
)
def test_a_message_written_again_says_the_same(text: bytes) -> None:
    assert parse(encode(parse(text))) == parse(text)


@pytest.mark.parametrize(("payload", "text"), [("text", True), ("json", False), (None, False)])
def test_an_inport_may_want_bare_text(payload: str | None, text: bool) -> None:
    (port,) = parse(with_port(queue="a", options={"payload": payload})).outports
    assert (port.text, port.extra) == (text, {})
    (written,) = json.loads(encode(parse(with_port(queue="a", options={"payload": payload}))))["payload"]["outports"]
    assert written.get("options") == ({"payload": "text"} if text else None)


def test_unknown_keys_and_options_are_written_back() -> None:
    port = {"id": "out", "queue": "a", "type": "any", "hidden": True, "options": {"qos": 1, "x": 2}}
    text = message(id="lamp", label="", icon="bulb", inports=[], outports=[port], version=3)
    assert json.loads(encode(parse(text))) == json.loads(text)


# -- merging --


def test_a_participant_that_is_a_graph_is_read_and_written_again() -> None:
    read = parse(message(**GRAPH))
    assert read.runtime == Runtime("noflo", "0.7", "a/ask", "a/tell")
    assert parse(encode(read)) == read


def test_type_and_version_alone_make_no_graph_and_are_stored() -> None:
    read = parse(message(type="lamp", version=2))
    assert read.runtime is None
    assert read.extra == {"type": "lamp", "version": 2}


def test_one_that_is_no_graph_any_more_has_no_topics_of_a_graph() -> None:
    assert merge(parse(message(**GRAPH)), parse(message())).runtime is None


def test_an_update_keeps_what_it_leaves_out() -> None:
    old = parse(message(label="Lamp", icon="bulb", inports={"on": {"queue": "lamp/on"}}, colour="red"))
    new = merge(old, parse(message(label="New lamp")))
    assert (new.label, new.icon, new.inport("on"), new.extra) == (
        "New lamp",
        "bulb",
        Port("on", "lamp/on"),
        {"colour": "red"},
    )


def test_an_update_takes_away_what_it_empties() -> None:
    old = parse(message(label="Lamp", inports={"on": {"queue": "lamp/on"}}))
    assert merge(old, parse(message(label="", inports=[]))).inports == ()


def test_an_update_without_binding_or_connection_has_none() -> None:
    # A program that cannot bind has taken the place of one that could: packets must be forwarded to it.
    old = parse(message(connection="board-1", period=30, bind="fbp/bind/lamp", confirms=True, liveness="traffic"))
    new = merge(old, parse(message()))
    assert (new.connection, new.period, new.bind, new.confirms, new.extra) == (None, None, None, False, {})


def test_the_same_message_again_changes_nothing() -> None:
    old = parse(NODE)
    assert merge(old, parse(NODE)) is old
    partial = message(label="x")
    merged = merge(parse(message(icon="bulb")), parse(partial))
    assert merge(merged, parse(partial)) == merged


# -- what is no discovery message --


@pytest.mark.parametrize(
    "payload", [b"{}", b'{"protocol":"network","command":"data","payload":{}}', b'{"protocol":"discovery"}']
)
def test_other_messages_of_the_protocol_are_notified_apart(payload: bytes) -> None:
    with pytest.raises(NotDiscovery):
        parse(payload)


MISTAKES = {
    "not json": (b"nonsense", 'the message is not JSON: .*; it begins with "nonsense"'),
    "empty": (b"", "the message is not JSON"),
    "not utf-8": (b'"\xff"', "the message is not UTF-8"),
    "nested": (b"[" * 100_000, "nested too deeply"),
    "not an object": (b"[1]", "a JSON object is needed, this is a list of 1"),
    "huge": (message(x="y" * discovery.MAX_BYTES), r"has \d+ bytes; at most 262144"),
    "no payload": (b'{"protocol":"discovery","command":"participant"}', '"payload" is missing'),
    "no role": (message(role=None), r'"role" is missing \(participant messages need role, component\)'),
    "no component": (message(component=""), '"component" is missing'),
    "neither": (message(role=None, component=None), '"role" and "component" are missing'),
    "role no text": (message(role=[]), '"role" is an empty list; a text is needed'),
    "id no text": (message(id={"a": 1}), '"id" is an object with 1 keys; a text is needed'),
    "long id": (message(id="x" * 1025), '"id" has 1025 characters; at most 1024'),
    "long number": (message(role=10**500), '"role" is a number of more than 60 digits; a text is needed'),
    "control character": (message(role="a\x1b[2Jb"), r"U\+001B in it is not allowed"),
    "label no text": (message(label=["a"]), 'participant "lamp": "label" is a list of 1; a text is needed'),
    "ports no list": (message(inports="on"), '"inports" is "on"; a list or a map of ports is needed'),
    "too many ports": (message(inports=[{"id": str(i)} for i in range(1001)]), "1001 ports; at most 1000"),
    "too many together": (
        message(inports=[{"id": str(i)} for i in range(600)], outports=[{"id": str(i)} for i in range(600)]),
        "1200 ports; at most 1000",
    ),
    "port no object": (message(inports=["on"]), r'inports\[0\] is "on"; an object with id, queue and type'),
    "port without id": (message(inports=[{"queue": "a"}]), r'inports\[0\]: "id" is missing'),
    "two names": (message(inports={"a": {"id": "b"}}), 'inports "a" calls itself "b"'),
    "port twice": (message(inports=[{"id": "a"}, {"id": "b"}, {"id": "a"}]), '"inports" has the port "a" twice'),
    "topic no text": (with_port(queue=5), r'outports\[0\] "out": "queue" is 5; an MQTT topic is needed'),
    "inport wildcard": (message(inports={"a": {"queue": "a/+"}}), '"queue" is "a/\\+"; an inport is one topic'),
    "bad filter": (with_port(queue="a/#/b"), "a wildcard must have its level to itself"),
    "half a level": (with_port(queue="a/b+"), "a wildcard must have its level to itself"),
    "nul": (with_port(queue="a\0b"), r"U\+0000 in it is not allowed in a topic"),
    "non-character": (with_port(queue="a\ufffe"), r"U\+FFFE in it is not allowed in a topic"),
    "deep topic": (with_port(queue="/" * 201), "with 201 slashes; at most 200"),
    "long topic": (with_port(queue="é" * 40_000), "with 80000 bytes; at most 65535"),
    "options no object": (with_port(options=1), '"options" is 1; an object is needed'),
    "qos": (with_port(options={"qos": 2}), '"options.qos" is 2; allowed: 0, 1'),
    "qos no number": (with_port(options={"qos": True}), '"options.qos" is true; allowed: 0, 1'),
    "payload": (with_port(options={"payload": "raw"}), '"options.payload" is "raw"; allowed: "json", "text"'),
    "retain": (with_port(options={"retain": "yes"}), '"options.retain" is "yes"; allowed: true, false'),
    "half a graph": (message(inqueue="a"), r'"outqueue" and "type" and "version" are missing \(partici'),
    "graph without version": (message(**GRAPH | {"version": None}), '"version" is missing'),
    "queue no text": (message(**GRAPH | {"inqueue": 5}), '"inqueue" is 5; an MQTT topic is needed'),
    "queue wildcard": (message(**GRAPH | {"outqueue": "a/#"}), '"outqueue" is "a/#"; it is one topic, without'),
    "queue reserved": (message(**GRAPH | {"inqueue": "fbp/bind/x"}), '"inqueue" is "fbp/bind/x"; reserved: "fbp"'),
    "one queue": (message(**GRAPH | {"inqueue": "a/tell"}), 'are both "a/tell"; two topics are needed'),
    "period": (message(period=0), '"period" is 0; allowed: seconds, more than 0'),
    "period no number": (message(period=True), '"period" is true; allowed'),
    "another's binding": (message(bind="fbp/bind/door"), '"bind" is "fbp/bind/door"; allowed: "fbp/bind/lamp"'),
    "binding elsewhere": (message(bind="home/on"), '"bind" is "home/on"; allowed: "fbp/bind/lamp"'),
    "deep schema": (with_port(schema=json.loads("[" * 40 + "]" * 40)), '"schema" is nested more than 32 deep'),
    "deep extra": (message(x=json.loads("[" * 40 + "]" * 40)), '"x" is nested more than 32 deep'),
}


@pytest.mark.parametrize(("payload", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named(payload: bytes, said: str) -> None:
    with pytest.raises(DiscoveryError, match=said) as caught:
        parse(payload)
    assert str(caught.value).startswith('discovery on "fbp": ')
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()
    assert not isinstance(caught.value, NotDiscovery)


@pytest.mark.parametrize("topic", ["fbp", "fbp/bind/lamp", "fbp/connection/x", "$SYS/broker/load", "fbp/#"])
@pytest.mark.parametrize("side", ["inports", "outports"])
def test_reserved_topics_are_refused(topic: str, side: str) -> None:
    if side == "inports" and "#" in topic:
        return
    with pytest.raises(DiscoveryError, match='reserved: "fbp", all topics below it'):
        parse(message(**{side: {"a": {"queue": topic}}}))


def test_topics_that_only_begin_alike_are_free() -> None:
    assert parse(with_port(queue="fbpx/a")).outports[0].queue == "fbpx/a"


@pytest.mark.parametrize("topic", ["fbp/participant/door", "fbp/participant/%zz", "fbp/participant/a/b"])
def test_a_retained_message_must_be_its_own(topic: str) -> None:
    with pytest.raises(DiscoveryError, match='the id in the message is "lamp"; it must be the one in the topic'):
        parse(message(), topic=topic)


# -- topics --


def test_ids_are_found_in_topics() -> None:
    assert discovery.participant_of("fbp/participant/a%2Fb") == "a/b"
    assert discovery.connection_of("fbp/connection/board-1") == "board-1"
    for topic in ("fbp", "fbp/participant/", "fbp/participant/a/b", "fbp/participant/%", "fbp/connection/x"):
        assert discovery.participant_of(topic) is None


def test_states_of_connections_are_read() -> None:
    for status in ("online", "asleep", "offline", "lost"):
        assert parse_status(status.encode(), topic="fbp/connection/x") == status
    assert parse_status(b"", topic="fbp/connection/x") is None
    with pytest.raises(
        DiscoveryError, match='"fbp/connection/x" says "Online"; allowed: online, asleep, offline, lost'
    ):
        parse_status(b"Online", topic="fbp/connection/x")
