"""Frames of clients, good, old and hostile; and that whatever is sent is JSON."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbp_schemas import check_frame
from msgflo_host.fbp.envelope import EnvelopeError, Request, encode, message, parse, refusal

GOOD = {"protocol": "graph", "command": "addnode", "payload": {"id": "a", "component": "c/C", "graph": "g"}}


def refused(frame: str) -> dict[str, Any]:
    with pytest.raises(EnvelopeError) as caught:
        parse(frame)
    check_frame(encode(caught.value.answer).decode())
    return caught.value.answer


def why(frame: str | bytes) -> str:
    return str(refused(frame)["payload"]["message"])


def test_a_request() -> None:
    request = parse(json.dumps({**GOOD, "requestId": "17", "secret": "s3"}))
    assert request == Request("graph", "addnode", GOOD["payload"], "s3", "17")


@pytest.mark.parametrize(
    ("outer", "inner", "secret"),
    [
        ("new", "old", "new"),
        (None, "old", "old"),
        ("", "old", "old"),
        ("new", "", "new"),
        ("", "", None),
        (None, None, None),
    ],
)
def test_the_secret_beside_the_payload_wins_and_neither_stays(outer: Any, inner: Any, secret: str | None) -> None:
    request = parse(json.dumps({**GOOD, "secret": outer, "payload": {"graph": "g", "secret": inner}}))
    assert request.secret == secret
    assert request.payload == {"graph": "g"}


def test_a_secret_is_not_shown() -> None:
    assert "hunter2" not in repr(parse(json.dumps({**GOOD, "secret": "hunter2"})))


@pytest.mark.parametrize(
    "frame",
    [
        '"hunter2"',
        '{"secret": "hunter2", "protocol": "graph"',
        '{"secret": ["hunter2"], "protocol": "graph", "command": "clear"}',
        '{"secret": "hunter2", "protocol": "graph", "command": 5, "payload": {"secret": "hunter2"}}',
        '{"secret": "hunter2", "protocol": "graph", "command": "clear", "payload": "hunter2"}',
        '{"payload": {"secret": {"hunter2": 1}}, "protocol": "graph", "command": "clear"}',
    ],
)
def test_a_refusal_does_not_reveal_the_secret(frame: str) -> None:
    assert "hunter2" not in json.dumps(refused(frame))


def test_an_error_that_quotes_the_secret_leaves_it_out() -> None:
    told = refusal(Request("component", "getsource", {}, secret="hunter2"), 'there is no component "x/hunter2"')
    assert told["payload"]["message"] == 'there is no component "x/***"'


@pytest.mark.parametrize("payload", ["null", "{}", '""'])
def test_a_missing_payload_is_an_empty_one(payload: str) -> None:
    assert parse('{"protocol": "component", "command": "list"}').payload == {}
    assert parse(f'{{"protocol": "component", "command": "list", "payload": {payload}}}').payload == {}


def test_an_answer_names_its_request() -> None:
    answer = refused(json.dumps({"protocol": "network", "command": 5, "requestId": "x"}))
    assert (answer["protocol"], answer["command"], answer["responseTo"]) == ("network", "error", "x")


def test_the_error_of_an_unknown_protocol_is_one_that_there_is() -> None:
    assert refused(json.dumps({"protocol": "nonsense", "command": ""}))["protocol"] == "runtime"
    assert refusal(Request("nonsense", "x", {}), "no")["protocol"] == "runtime"


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"a": NaN}', "not JSON"),
        (f'{{"a": [{"1," * 60_000}1]}}', "more than 50000 commas"),
        ("[]", "no object"),
        ("null", "no object"),
        ('{"command": "x"}', '"protocol" is missing'),
        ('{"protocol": "graph"}', '"command" is missing'),
        ('{"protocol": "graph", "command": ["x"]}', '"command" is a list of 1'),
        ('{"protocol": "graph", "command": "\\u0007"}', "that is no command"),
        ('{"protocol": "graph", "command": "x", "requestId": 5}', '"requestId" is 5'),
        ('{"protocol": "graph", "command": "x", "payload": []}', '"payload" is not an object'),
        ('{"protocol": "graph", "command": "x", "payload": " "}', '"payload" is not an object'),
        ('{"protocol": "graph", "command": "x", "payload": {"n": ' + "9" * 4000 + "}}", "10^30"),
        ('{"protocol": "graph", "command": "x", "payload": {"n": ' + "9" * 5000 + "}}", "10^30"),
        ('{"protocol": "graph", "command": "x", "payload": {"n": [-1e999]}}', "out of range"),
        ('{"protocol": "graph", "command": "x", "payload": {"n": ["\\ud800 half"]}}', "half of a surrogate pair"),
        ('{"protocol": "graph", "command": "x", "payload": {"\\udfff": 1}}', "half of a surrogate pair"),
        ('{"protocol": "graph", "command": "x", "payload": {"n": "\ud800"}}', "half of a surrogate pair"),
        ('{"protocol": "\\ud800", "command": "x"}', "that is no protocol"),
        ('{"protocol": "graph", "command": "x", "requestId": "\\ud800"}', "half of a surrogate pair"),
    ],
)
def test_what_is_wrong_is_reported(frame: str | bytes, text: str) -> None:
    assert text in why(frame)
    assert len(why(frame)) < 300


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth", [70, 990, 100_000])
@pytest.mark.parametrize("whole", [True, False])
def test_depth_is_bounded(opening: str, closing: str, depth: int, whole: bool) -> None:
    end = "1" + closing * depth if whole else ""
    text = why('{"protocol":"graph","command":"x","payload":{"d":' + opening * depth + end + ("}}" if whole else ""))
    assert "nested more than 64 deep" in text or (not whole and "not JSON" in text)


@given(st.integers(0, 2**32))
def test_mutated_requests_are_read_or_refused(seed: int) -> None:
    source = random.Random(seed)
    frame = bytearray(json.dumps({**GOOD, "requestId": "17", "secret": "s3"}).encode())
    for _ in range(source.randint(1, 5)):
        frame[source.randrange(len(frame))] = source.randrange(256)
    try:
        assert isinstance(parse(frame.decode(errors="replace")).payload, dict)
    except EnvelopeError as error:
        check_frame(error.answer)


def test_an_answer_without_room_for_the_id_leaves_it_out() -> None:
    selected = {"graph": "g", "edges": []}
    check_frame(message("network", "edges", selected, "17"))
    assert message("network", "getstatus", {}, "17")["responseTo"] == "17"
    assert "responseTo" not in message("network", "status", {})


def test_long_errors_are_shortened() -> None:
    assert len(refusal(Request("graph", "clear", {}), "x" * 10_000)["payload"]["message"]) == 500


class Odd:
    pass


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (float("nan"), None),
        (float("-inf"), None),
        ("half \ud800 of", "half \ufffd of"),
        ("\ud83d\ude00", "\U0001f600"),
        ({"\udfff": 1}, {"\ufffd": 1}),
        ({None: 1}, {"None": 1}),
        (2**64, 2**64),
        (Odd(), "a Odd"),
        ((1, 2), [1, 2]),
    ],
)
def test_whatever_is_sent_is_json(data: Any, expected: Any) -> None:
    assert json.loads(encode(message("network", "data", {"data": data})))["payload"]["data"] == expected


def test_what_is_nested_too_deeply_is_cut() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    assert "…" in encode(message("network", "data", {"data": deep})).decode()
    while isinstance(deep, list):  # one by one: freeing it at once would be as deep
        deep = deep[0]
