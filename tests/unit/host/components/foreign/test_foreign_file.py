"""YAML files of foreign devices."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from msgflo_host.components.foreign.foreign_file import (
    Availability,
    Foreign,
    check_unique,
    load,
    load_folder,
    parse_role_argument,
)
from msgflo_host.errors import ForeignError
from msgflo_host.wire.discovery import Port


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lamp.yml"


def read(file: Path, text: str, role: str | None = "lamp") -> Foreign:
    file.write_text(text, encoding="utf-8")
    return load(file, role)


def test_ports_as_a_map_keep_their_order(file: Path) -> None:
    device = read(
        file,
        """
component: c-flo/barstatus
label: bar "status" 💡
icon: beer
source: 'https://example.org'
inports: {}
outports:
  stateful:
    description: "opening, opened, etc"
    queue: bar/stateful
    type: string
  state:
    queue: '#ROLE/x/#ROLE'
    datatype: object
    options: {qos: 1, retain: true, more: 5}
""",
    )
    participant = device.participant
    assert (participant.id, participant.role, participant.component) == ("lamp", "lamp", "c-flo/barstatus")
    assert (participant.label, participant.icon, participant.inports) == ('bar "status" 💡', "beer", ())
    assert participant.outports == (
        Port("stateful", "bar/stateful", "string", "opening, opened, etc"),
        Port("state", "lamp/x/lamp", qos=1, retain=True, extra={"datatype": "object", "options": {"more": 5}}),
    )
    assert participant.extra == {"source": "https://example.org", "liveness": "traffic"}
    assert (participant.connection, device.availability) == (None, None)


def test_ports_as_a_list_have_their_ids(file: Path) -> None:
    device = read(
        file,
        """
component: my/LightBulb
inports:
- id: led
  type: boolean
  description: ""
  queue: /bulb/set
- {id: dim, queue: /bulb/dim}
""",
    )
    assert [(port.id, port.queue, port.type) for port in device.participant.inports] == [
        ("led", "/bulb/set", "boolean"),
        ("dim", "/bulb/dim", "any"),
    ]
    assert device.participant.outports == ()


def test_label_icon_and_type_may_be_missing_or_empty(file: Path) -> None:
    device = read(file, "component: a/B\nlabel: ''\nicon: ''\ninports:\n  x: {queue: t, type: }\noutports:\n")
    participant = device.participant
    assert (participant.label, participant.icon, participant.inports) == ("", None, (Port("x", "t"),))


def test_topics_may_be_of_any_form_that_mqtt_allows(file: Path) -> None:
    device = read(file, 'component: a/B\ninports: {a: {queue: "#ROLE.IN"}}\noutports: {b: {queue: "x/+/y/#"}}\n', "a/b")
    assert device.participant.inports[0].queue == "a/b.IN"
    assert device.participant.outports[0].queue == "x/+/y/#"


def test_the_role_comes_from_the_caller_the_file_or_its_name(file: Path) -> None:
    text = "component: a/B\nrole: own\ninports: {}\n"
    assert read(file, text).participant.role == "lamp"
    assert read(file, text, None).participant.role == "own"
    assert read(file, "component: a/B\ninports: {}\n", None).participant.role == "lamp"


def test_the_id_is_the_role_unless_the_file_has_another(file: Path) -> None:
    participant = read(file, "component: a/B\nid: '17'\ninports: {}\n").participant
    assert (participant.id, participant.role) == ("17", "lamp")


def test_aliases_and_merged_maps_are_understood(file: Path) -> None:
    device = read(
        file,
        """
common: &common {queue: '#ROLE/x', type: number}
component: a/B
inports:
  a: *common
  b: {<<: *common, queue: y}
""",
    )
    assert device.participant.inports == (Port("a", "lamp/x", "number"), Port("b", "y", "number"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{topic: "#ROLE/LWT"}', Availability("lamp/LWT", "online", "offline")),
        ("{topic: x, online: up, offline: down}", Availability("x", "up", "down")),
        ("{topic: x, online: 1, offline: 0}", Availability("x", 1, 0)),
        ("{topic: x, online: {state: online}, offline: {state: offline}}",
         Availability("x", {"state": "online"}, {"state": "offline"})),
    ],
)  # fmt: skip
def test_availability_makes_the_device_a_connection_of_its_own(file: Path, text: str, expected: Availability) -> None:
    device = read(file, f"component: a/B\ninports: {{}}\navailability: {text}\n", "lamp")
    assert device.availability == expected
    assert device.participant.connection == "foreign-lamp"
    assert device.participant.extra == {}


AB = "component: a/B\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{here}: &{here} [{','.join(['*' + before] * 10)}]\n" for before, here in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "is empty; it needs component"),
        ("# nothing\n", 1, 1, "is empty"),
        ("- component: x\n", 1, 1, "must be a map with component, .*, not a list"),
        ("hello\n", 1, 1, "must be a map with component, .*, not a text"),
        ("inports: {}\n", 1, 1, "'component' is missing"),
        ("component: ''\ninports: {}\n", 1, 1, "'component' is missing"),
        ("inports: {}\ncomponent: 5\n", 2, 12, "'component' must be a text, not a number; put it in quotes"),
        ("component: [a]\ninports: {}\n", 1, 12, "'component' must be a text, not a list"),
        (AB + "", 1, 1, "has neither 'inports' nor 'outports'; write {} for none"),
        (AB + "inports: x\n", 2, 10, "inports must be a map or a list of ports .*, not a text"),
        (AB + "inports:\n  x: y\n", 3, 6, "port 'x' must be a map such as {queue: .*, not a text"),
        (AB + "inports:\n- x\n", 3, 3, "an entry of inports must be a map such as {id: name"),
        (AB + "inports:\n- queue: x\n", 3, 3, "'id' is missing"),
        (AB + "inports:\n- {id: x, queue: y}\n- {id: x, queue: z}\n", 4, 3, "inports has the port 'x' twice"),
        (AB + "inports:\n  x: {id: y, queue: z}\n", 3, 11, "port 'x' has the id 'y'; leave the id out"),
        (AB + "inports:\n  x: {type: any}\n", 3, 6, "port 'x' has no 'queue', its MQTT topic"),
        (AB + "inports:\n  x:\n    queue: #ROLE/on\n", 4, 5, "is empty; a topic that begins with # must be in quotes"),
        (AB + "inports:\n  x: {queue: #ROLE/on}\noutports: {}\n", 3, 6, "; what follows the # is a comment"),
        (
            AB + "inports:\n- {id: 'it', queue: #x}\n\n\n\n\n",
            8,
            1,
            "a . or { is not closed; its end may be in a comment, after a #$",
        ),
        (AB + "inports:\n  x: {queue: 5}\n", 3, 14, "must be a text, an MQTT topic, not a number"),
        (AB + "inports:\n  x: {queue: a/+}\n", 3, 14, 'port "x": "queue" is "a/."; an inport is one topic'),
        (AB + "outports:\n  x: {queue: a/b+}\n", 3, 14, "a wildcard must have its level to itself"),
        (AB + "outports:\n  x: {queue: fbp/bind/x}\n", 3, 14, 'reserved: "fbp"'),
        ('component: a/B\noutports:\n  x: {queue: "a\\0"}\n', 3, 14, r"U\+0000 in it is not allowed"),
        (AB + "inports:\n  x: {queue: a, type: [b]}\n", 3, 23, "type must be a text such as boolean"),
        (
            AB + "inports:\n  x: {queue: a, type: bolean}\n",
            3,
            23,
            "port 'x' has the type 'bolean'; did you mean 'boolean'",
        ),
        (
            AB + "outports:\n- {id: x, queue: a, type: furlong}\n",
            3,
            27,
            "port 'x' has the type 'furlong'; allowed are boolean, number, .*, any$",
        ),
        (AB + "inports:\n  x: {queue: a, options: {qos: 2}}\n", 3, 6, '"options.qos" is 2; allowed: 0, 1'),
        (
            AB + "inports:\n  x: {queue: a, options: {payload: 1}}\n",
            3,
            6,
            '"options.payload" is 1; allowed: "json", "text"',
        ),
        (
            AB + "inports:\n  x: {queue: a, options: {paylod: text}}\n",
            3,
            27,
            "unknown key 'paylod'; did you mean 'payload'?",
        ),
        (AB + "component: a/B\ninports: {}\n", 2, 1, "key 'component' is there twice; first in line 1"),
        (AB + "inports:\n  x: {queue: a}\n  x: {queue: b}\n", 4, 3, "key 'x' is there twice; first in line 3"),
        (AB + "imports: {}\n", 2, 1, "unknown key 'imports'; did you mean 'inports'"),
        ("Component: a/B\ninports: {}\n", 1, 1, "unknown key 'Component'; did you mean 'component'"),
        (AB + "inports: {}\navailibility: {}\n", 3, 1, "'availibility'; did you mean 'availability'"),
        (AB + "inports:\n  x: {decsription: a, queue: b}\n", 3, 7, "did you mean 'description'"),
        ("component: !!python/name:os.system x\n", 1, 12, "the tag .*python/name:os.system is not allowed"),
        (AB + "inports: {}\nx: .inf\n", 3, 4, ".inf is not a finite number"),
        (AB + "inports: {}\nx: " + "1" * 5000, 3, 4, "more than 30 digits"),
        ('component: "\\ud800"\n', 1, 12, "half of a surrogate pair"),
        ("? [a]\n: b\n", 1, 3, "a key must be a text"),
        (AB + "inports: {}\nbind: x\n", 3, 1, "'bind' is set by the program that announces the device"),
        (AB + "inports: {}\nrole: a+b\n", 3, 1, "role \"a.b\" holds a wildcard; '.' and '#' are not allowed"),
        (AB + "inports: {}\navailability: x\n", 3, 15, "availability must be a map such as {topic"),
        (AB + "inports: {}\navailability: {online: x}\n", 3, 15, "availability has no 'topic'"),
        (AB + "inports: {}\navailability: {topic: x, of: y}\n", 3, 26, "unknown key 'of'; allowed are topic"),
        (AB + "inports: {}\navailability: {topic: x/#}\n", 3, 23, "has a wildcard; it must be one topic"),
        (AB + "inports: {}\navailability: {topic: x, offline: online}\n", 3, 15, "they must differ"),
        (BOMB + AB + "inports: {}\n", 1, 5, "more than 20000 values, aliases included"),
        ("a: &a [*a]\ncomponent: a/B\ninports: {}\n", 1, 4, "nested deeper than 32"),
        ("a: " + "[" * 1000, 1, 1, "nested deeper than 32"),
    ],
)
def test_a_mistake_has_its_place(file: Path, text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(ForeignError, match=message) as caught:
        read(file, text, None)
    assert (caught.value.file, caught.value.line) == (str(file), line)
    if "20000" not in message:  # at which of the aliases the patience ends does not matter
        assert caught.value.column == column
    assert str(caught.value).startswith(f"{file}:{line}:")


def test_keys_that_are_only_unknown_are_passed_on(file: Path) -> None:
    others = {"source": "s", "model": "m", "floor": 1, "ids": [1], "connections": {}, "common": 2, "rooms": 3}
    of_port = {
        "datatype": "int",
        "label": "x",
        "mimetype": "m",
        "optional": True,
        "unit": "W",
        "values": [],
        "topic": "t",
    }
    text = {**others, "component": "a/B", "outports": {"x": {"queue": "q", **of_port}}}
    participant = read(file, json.dumps(text)).participant
    assert participant.extra == {**others, "liveness": "traffic"}
    assert participant.outports == (Port("x", "q", extra=of_port),)


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    with pytest.raises(ForeignError, match=r"lamp.yml: cannot be read: No such file"):
        load(file, "lamp")
    file.write_bytes(b"component: \xff\n")
    with pytest.raises(ForeignError, match=r"lamp.yml:1:12: byte 0xff is not UTF-8"):
        load(file, "lamp")
    file.write_bytes(b"#" * 300_000)
    with pytest.raises(ForeignError, match=r"lamp.yml: is larger than 256 KiB"):
        load(file, "lamp")


@pytest.mark.parametrize("role", ["a+b", "a/#", "a\0b", "a\nb", "x" * 2000])
def test_roles_that_are_no_topics_are_refused(file: Path, role: str) -> None:
    with pytest.raises(ForeignError, match="role"):
        read(file, "component: a/B\ninports: {}\n", role)
    with pytest.raises(ForeignError, match="role"):
        parse_role_argument(f"{role}:lamp.yml")


def test_a_role_argument_names_role_and_file() -> None:
    assert parse_role_argument("lamp:devices/lamp.yml") == ("lamp", Path("devices/lamp.yml"))
    assert parse_role_argument("ingress/portal-1:x:y.yml") == ("ingress/portal-1", Path("x:y.yml"))
    for argument in ("lamp.yml", ":lamp.yml", "lamp:", ""):
        with pytest.raises(ForeignError, match=r"is not of the form ROLE:FILE.yml, as in lamp:devices/lamp.yml"):
            parse_role_argument(argument)


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", ".hidden.yml", "notes.txt"):
        (tmp_path / name).write_text("component: x/Y\ninports: {}\n")
    os.mkdir(tmp_path / "folder")
    assert [device.participant.role for device in load_folder(tmp_path)] == ["a", "b"]
    with pytest.raises(ForeignError, match=r"none: cannot be read: No such file .*a folder of .yml files is needed"):
        load_folder(tmp_path / "none")


def test_two_devices_cannot_share_an_id(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("component: x/Y\nid: same\ninports: {}\n")
    with pytest.raises(ForeignError, match=r"b.yml: its id 'same' is also that of a \(.*a.yml\)"):
        load_folder(tmp_path)
    check_unique([load(tmp_path / "a.yml", "x")])
