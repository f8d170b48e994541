"""The frame around each message of the FBP protocol: reads those of clients, which may send anything, and writes them.

The protocol: https://flowbased.github.io/fbp-protocol/. Clients of version 0.7 put their secret into the payload, those of
0.8 beside it; it is removed here, so that no answer can quote it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

import msgspec

from ..util.quoting import quoted, shown

__all__ = [
    "NUMBERLESS",
    "PROTOCOLS",
    "EnvelopeError",
    "Request",
    "answer_to",
    "encode",
    "message",
    "parse",
    "read",
    "refusal",
]

PROTOCOLS = frozenset({"runtime", "graph", "component", "network", "trace"})
MAX_DEPTH = 64  # of lists and objects in each other: a stored value must be safe to compare and to write
MAX_COMMAS = 50_000  # which bounds the number of values, however a frame is filled
MAX_INTEGER = 10**30  # larger ones have no place in any format that a packet is written in
MAX_ID = 200  # characters: it is sent back
MAX_ERROR = 500  # characters

_RENAMED: Final = {
    ("runtime", "getruntime"): "runtime",
    ("runtime", "packet"): "packetsent",
    ("component", "list"): "componentsready",
    ("component", "getsource"): "source",
    ("component", "source"): "component",
    ("network", "start"): "started",
    ("network", "stop"): "stopped",
    ("network", "getstatus"): "status",
}
"""The answers with another name than their request."""

NUMBERLESS: Final = frozenset({("network", "edges")})
"""Protocol and command of the answers that do not name their request: their schemas do not allow its id."""

_TOO_LARGE = "a whole number in the message is beyond 10^30"
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Request:
    """A request of a client. The payload is without its secret, and can be stored and written again; no more is checked."""

    protocol: str
    command: str
    payload: dict[str, Any]
    secret: str | None = field(default=None, repr=False)
    id: str | None = None


class EnvelopeError(Exception):
    """A frame that is no request; `answer` is the message for its client."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer["payload"]["message"])
        self.answer = answer


class _Problem(Exception):
    pass


def parse(text: str) -> Request:
    """Return the request in a frame; raises EnvelopeError.

    An error never quotes text that could hold a secret. Of two keys of one name, the last counts.
    """
    protocol, request_id = "runtime", None
    try:
        frame = _decode(text, ', as in {"protocol": "runtime", "command": "getruntime", "payload": {}}')
        request_id = _request_id(frame)
        protocol = _word(frame, "protocol")
        command = _word(frame, "command")
        payload = frame.get("payload")
        if payload is None or payload == "":  # noflo-ui of 2014 sends an empty text with component:list
            payload = {}
        if not isinstance(payload, dict):
            raise _Problem('"payload" is not an object')
        inner = _secret(payload.pop("secret", None))
        secret = _secret(frame.get("secret")) or inner
        _check(payload)
    except _Problem as problem:
        protocol = protocol if protocol in PROTOCOLS else "runtime"
        raise EnvelopeError(message(protocol, "error", {"message": str(problem)}, request_id)) from None
    return Request(protocol, command, payload, secret, request_id)


def read(data: bytes) -> dict[str, Any]:
    """Return the object in a frame of another runtime, which can be stored and written again; raises ValueError."""
    try:
        frame = _decode(data.decode())
        _check(frame)
        return frame
    except UnicodeError:
        raise ValueError("the message is not UTF-8") from None
    except _Problem as problem:
        raise ValueError(str(problem)) from None


def message(protocol: str, command: str, payload: object, response_to: str | None = None) -> dict[str, Any]:
    """Return a message for a client; `response_to` is the id of the request that it answers."""
    result: dict[str, Any] = {"protocol": protocol, "command": command, "payload": payload}
    if response_to is not None and (protocol, command) not in NUMBERLESS:
        result["responseTo"] = response_to
    return result


def answer_to(protocol: str, command: str) -> str:
    """Return the command of the answer to a request, where it is no error."""
    return _RENAMED.get((protocol, command), command)


def refusal(request: Request, text: str) -> dict[str, Any]:
    """Return the error that answers a request: its text shortened, and without the request's secret."""
    protocol = request.protocol if request.protocol in PROTOCOLS else "runtime"
    text = text.replace(request.secret, "***") if request.secret else text
    shortened = text if len(text) <= MAX_ERROR else text[: MAX_ERROR - 1] + "…"
    return message(protocol, "error", {"message": shortened}, request.id)


def encode(frame: Mapping[str, Any]) -> bytes:
    """Return a message as JSON in UTF-8, for any value.

    Numbers that are not finite become null, halves of surrogate pairs U+FFFD, too deep values an ellipsis. Objects of other
    types become a text.
    """
    try:
        return msgspec.json.encode(frame)
    except (RecursionError, TypeError, ValueError, OverflowError):
        return msgspec.json.encode(_writable(frame, MAX_DEPTH + 2))


def _decode(text: str, example: str = "") -> dict[str, Any]:
    """Return the JSON object in a text that may be made to take long.

    Not by msgspec: numbers with large exponents take it thirty times longer, two seconds for what fits into one frame.
    """
    if text.count(",") > MAX_COMMAS:  # reading it would take so long that others notice
        raise _Problem(f"the message has more than {MAX_COMMAS} commas")
    try:
        frame = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise _Problem(f"the message is nested more than {MAX_DEPTH} deep") from None
    except json.JSONDecodeError as error:
        raise _Problem(f"the message is not JSON: {error}") from None
    except ValueError:  # Python refuses to read very long numbers
        raise _Problem(_TOO_LARGE) from None
    if not isinstance(frame, dict):
        raise _Problem(f"the message is no object{example}")
    return frame


def _no_constant(name: str) -> None:
    raise _Problem(f"the message is not JSON: {name} is no number")


def _request_id(frame: dict[str, Any]) -> str | None:
    value = frame.get("requestId")
    if value is None:
        return None
    if isinstance(value, str) and len(value) <= MAX_ID:
        if _SURROGATE.search(value):
            raise _Problem('"requestId" holds half of a surrogate pair')
        return value
    raise _Problem(f'"requestId" is {shown(value)}; a text of at most {MAX_ID} characters is needed')


def _word(frame: dict[str, Any], key: str) -> str:
    value = frame.get(key)
    if not isinstance(value, str) or not value:
        raise _Problem(
            f'"{key}" is {shown(value)}; a text is needed, as in {{"protocol": "runtime", "command": "getruntime"}}'
        )
    if len(value) > MAX_ID or not value.isprintable():
        raise _Problem(f'"{key}" is {quoted(value)}; that is no {key}')
    return value


def _secret(value: Any) -> str | None:
    """Return a secret; clients that have none send none, null, or an empty text."""
    if value is None or isinstance(value, str):
        return value or None
    raise _Problem('"secret" is not a text')


def _check(payload: dict[str, Any]) -> None:
    """Refuse values that cannot be stored, compared and written again; without recursion."""
    level: list[Any] = [payload]
    for _ in range(MAX_DEPTH):
        texts = [key for outer in level if isinstance(outer, dict) for key in outer]
        level = [inner for outer in level for inner in _parts(outer)]
        texts += [value for value in level if isinstance(value, str)]
        if any(not text.isascii() and _SURROGATE.search(text) for text in texts):
            raise _Problem("a text in the payload holds half of a surrogate pair")
        if any(not -MAX_INTEGER <= value <= MAX_INTEGER for value in level if type(value) is int):
            raise _Problem(_TOO_LARGE)
        if any(not isfinite(value) for value in level if type(value) is float):
            raise _Problem("a number in the payload is out of range")
        level = [value for value in level if isinstance(value, dict | list)]
        if not level:
            return
    raise _Problem(f"the payload is nested more than {MAX_DEPTH} deep")


def _parts(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _writable(value: Any, depth: int) -> Any:
    """Return a copy of any value that has a form in JSON."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, int):
        return value if abs(value) <= MAX_INTEGER else shown(value)
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {_writable(str(key), depth): _writable(inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_writable(inner, depth - 1) for inner in value]
    return f"a {type(value).__name__}"
