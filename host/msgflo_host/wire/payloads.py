"""Payloads as values, and values shortened for display. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from ..util import bounded_json

__all__ = ["MOST_SHOWN", "decode", "preview", "shortened", "unquoted"]

MOST_SHOWN = 8 * 1024
"""Bytes of JSON up to which a value is shown whole."""
_HEAD = 1000  # characters or bytes of a larger one


def decode(payload: bytes) -> Any:
    """Return the value of a payload: JSON where it is JSON, else the text, else the bytes as they are."""
    try:
        return bounded_json.loads(payload)
    except (ValueError, RecursionError):
        return _unread(payload)


def preview(payload: bytes) -> Any:
    """Return what is to be shown of a payload: as `decode`, but what is too large to be shown whole is not read as JSON."""
    return decode(payload) if len(payload) <= MOST_SHOWN else _unread(payload)


def unquoted(payload: bytes) -> bytes:
    """Return the text of a payload that is a JSON text, without quotes and escapes; else the payload itself."""
    if payload.lstrip()[:1] != b'"':
        return payload
    try:
        return msgspec.json.decode(payload, type=str).encode()
    except ValueError:
        return payload


def _unread(payload: bytes) -> str | bytes:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return payload


def shortened(value: Any, most: int = MOST_SHOWN) -> Any:
    """Return a value as it is shown: itself, or a text with its beginning and size where it is binary or large.

    Large is what takes more than `most` bytes as JSON.
    """
    if isinstance(value, bytes):
        return f"({len(value)} bytes: {value[:32].hex(' ')}{' …' if len(value) > 32 else ''})"
    if value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _HEAD):
        return value
    try:
        written = value.encode() if isinstance(value, str) else msgspec.json.encode(value)
    except (TypeError, UnicodeEncodeError, RecursionError):
        return str(type(value).__name__)
    if len(written) <= most:
        return value
    head = value[:_HEAD] if isinstance(value, str) else written[:_HEAD].decode(errors="ignore")
    return f"{head}… ({len(written)} bytes)"
