"""Damaged discovery messages: every one is read or refused with one sentence, and nothing else happens."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fuzz import damaged, fuzzed, json_values
from msgflo_host.errors import DiscoveryError
from msgflo_host.wire.discovery import Participant, encode, merge, parse

TEXTS = [
    json.dumps({"protocol": "discovery", "command": "participant", "payload": payload})
    for payload in (
        {
            "component": "PythonRepeat", "label": "Repeat", "role": "rep", "id": "rep7686", "icon": "file-word-o",
            "inports": [{"id": "in", "type": "any", "queue": "rep/in"}], "outports": [{"id": "out", "queue": "rep/out"}],
        },
        {
            "component": "my/Bulb", "icon": None, "role": "bulb", "id": "", "version": 3, "hidden": {"a": [None, 1.5]},
            "inports": {"0": {"type": "boolean", "description": "", "queue": "/bulb/1/set-on"}, "1": None},
            "outports": {"all": {"queue": "bulb/+/#", "schema": {"type": "object"}}},
        },
        {
            "component": "demo/Lamp", "role": "lamp", "id": "lamp/é", "connection": "board", "period": 60,
            "bind": "fbp/bind/lamp%2Fé", "inports": [], "outports": [
                {"id": "on", "queue": "lamp/on", "options": {"qos": 1, "retain": True, "x": [1]}, "hidden": False}
            ],
        },
    )
]  # fmt: skip
ALPHABET = '{}[]",:\\/+#$0-9.eE u00e9\x00truefalsenull'

WEIRD = json_values | st.sampled_from(["fbp", "a/+", "$x", "\x00", "é" * 700, 10**80, 1e308, [[]] * 1100, "x" * 70_000])


@st.composite
def changed(draw: Any) -> bytes:
    """A valid message in which some values are others."""
    message = json.loads(draw(st.sampled_from(TEXTS)))
    for _ in range(draw(st.integers(1, 3))):
        place = message
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 4)):
                place = place[key]
            else:
                break
        place[key] = deepcopy(draw(WEIRD))  # or one example would change the next
    return json.dumps(message).encode()


def checked(payload: bytes, topic: str = "fbp") -> Participant | None:
    """Read a message; whatever it is, there is a participant that can be used or one good sentence."""
    try:
        participant = parse(payload, topic=topic)
    except DiscoveryError as error:
        text = str(error)
        assert text.isprintable()
        assert len(text) < 500
        return None
    assert participant.id
    assert participant.role
    assert participant.component
    again = parse(encode(participant))
    assert again == participant
    assert merge(again, participant) == participant
    return participant


@fuzzed
@given(damaged(TEXTS, ALPHABET), st.sampled_from(["fbp", "fbp/participant/lamp", "fbp/participant/bulb"]))
def test_damaged_text_is_read_or_refused(text: str, topic: str) -> None:
    checked(text.encode(errors="surrogatepass"), topic)


@fuzzed
@given(st.binary(max_size=200), st.sampled_from(TEXTS), st.integers(0, 400))
def test_damaged_bytes_are_read_or_refused(junk: bytes, text: str, at: int) -> None:
    checked(junk)
    checked(text[:at].encode() + junk + text[at + len(junk) :].encode())


@fuzzed
@given(changed())
def test_wrong_values_are_read_or_refused(payload: bytes) -> None:
    checked(payload)
