"""Checks frames against the JSON schemas of the FBP network protocol, as npm's fbp-protocol publishes them.

`reference/fbp/` beside this file holds the package; `make setup-tests` installs it. The schemas are stricter than the
clients in two places: an answer `network:edges` holds no `responseTo`, and `network:data` neither `type` nor `schema`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft4Validator, FormatChecker

from paths import TESTS

SCHEMAS = TESTS / "reference/fbp/node_modules/fbp-protocol/schema/json"

# Clients wait for these answers, but only the requests have a schema.
UNPUBLISHED = {("network", "persist"), ("network", "debug")}

_formats = FormatChecker(formats=())


@_formats.checks("date-time", ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_formats.checks("uri", ValueError)
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


def check_frame(frame: str | Mapping[str, Any], direction: str = "output") -> None:
    """Assert that `frame`, as the runtime sends it, or as a client does (``input``), keeps to the schema of its command."""
    message = json.loads(frame, parse_constant=_refuse) if isinstance(frame, str) else frame
    name = (message.get("protocol"), message.get("command"))
    for error in _validator(direction, *name).iter_errors(message):
        place = "/".join(map(str, error.absolute_path)) or "the message"
        raise AssertionError(f"{name[0]}:{name[1]}: {place}: {error.message}")


class Watched:
    """As a context manager: checks all frames that the runtime sends in this process, and that its clients here get.

    What has been imported by then is watched. AssertionError at the end: the loops of the runtime and of a client would
    swallow it before.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._frames: dict[str, None] = {}
        if (sending := sys.modules.get("msgflo_host.fbp.client_list")) is not None:
            send, encode = sending.ClientHandle.send, sending.encode

            def sent(client: Any, frame: Mapping[str, Any] | bytes) -> None:
                self._note(frame if isinstance(frame, bytes) else encode(frame))
                send(client, frame)

            monkeypatch.setattr(sending.ClientHandle, "send", sent)
        if (reading := sys.modules.get("msgflo_host.fbp.client")) is not None:
            parse = reading._parse

            def parsed(frame: Any) -> Any:
                self._note(frame.data)
                return parse(frame)

            monkeypatch.setattr(reading, "_parse", parsed)

    def _note(self, frame: str | bytes) -> None:
        self._frames[frame.decode() if isinstance(frame, bytes) else frame] = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for frame in self._frames if kind is None else ():
            check_frame(frame)


def check_output(protocol: str, command: str, payload: object) -> None:
    """Assert that `payload` is one that the runtime may send with this command."""
    check_frame({"protocol": protocol, "command": command, "payload": payload})


def commands(direction: str, protocol: str) -> frozenset[str]:
    """The commands of `protocol` that have a schema; `direction` is ``input`` or ``output``."""
    return frozenset(_schemas()[protocol][direction])


@cache
def _validator(direction: str, protocol: str, command: str) -> Draft4Validator:
    schemas = _schemas()
    if direction == "output" and (protocol, command) in UNPUBLISHED:
        parts = [{"$ref": "#/shared/output_message"}, schemas[protocol]["input"][command]["allOf"][1]]
        schema: dict[str, Any] = {"allOf": parts}
    else:
        assert command in schemas.get(protocol, {}).get(direction, {}), (
            f"{protocol}:{command} is no {direction} command"
        )
        schema = {"$ref": f"#/{protocol}/{direction}/{command}"}
    return Draft4Validator({**schemas, "allOf": [schema]}, format_checker=_formats)


@cache
def _schemas() -> dict[str, Any]:
    """All schemas in one document, as the references in them want it."""
    assert SCHEMAS.is_dir(), "npm's fbp-protocol is missing: make setup-tests"
    return {file.stem: _mended(json.loads(file.read_text())) for file in SCHEMAS.glob("*.json")}


def _mended(schema: Any) -> Any:
    """The schema without its ``id`` texts, from which references would count otherwise, and without its nulls."""
    if isinstance(schema, list):
        return [_mended(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    unwanted = {key for key, part in schema.items() if part is None or (key == "id" and isinstance(part, str))}
    return {key: _mended(part) for key, part in schema.items() if key not in unwanted}


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")
