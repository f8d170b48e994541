"""Payloads from anybody as values, and values as they are shown."""

from __future__ import annotations

from typing import Any

import pytest

from msgflo_host.util import bounded_json
from msgflo_host.wire.payloads import MOST_SHOWN, decode, preview, shortened

MANY = b'"' + b"e" * 1000 + b'"'


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        (b'{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        (b"1e300", 1e300),
        (b"9" * 30, 10**30 - 1),
        ("grüße".encode(), "grüße"),
        (b"", ""),
        (b"\xff\x00", b"\xff\x00"),
        (b"1e999", "1e999"),
        (b"NaN", "NaN"),
        (b'"\\ud800"', '"\\ud800"'),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
def test_a_payload_is_its_json_or_its_text_or_its_bytes_however_many_exponents_are_in_it(
    payload: bytes, value: Any
) -> None:
    assert decode(payload) == value
    if not isinstance(value, str | bytes):
        assert decode(b"[" + payload + b"," + MANY + b"]") == [value, "e" * 1000]
    elif b"[" not in payload and payload:
        assert isinstance(decode(b"[" + payload + b"," + MANY + b"]"), str | bytes)


def test_numbers_with_exponents_are_not_left_to_the_reader_that_takes_long_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded_json.msgspec.json, "decode", lambda content: pytest.fail("10 µs for each of them"))
    assert decode(b"[" + b"1e300," * 9999 + b"1E300]") == [1e300] * 10_000


def test_what_is_too_large_to_be_shown_whole_is_not_read() -> None:
    large = b"[" + b"1," * MOST_SHOWN + b"1]"
    assert preview(large) == large.decode()
    assert preview(b"[1]") == [1]
    assert preview(b"\xff" * 10_000) == b"\xff" * 10_000
    assert shortened(preview(large)) == f"{large[:1000].decode()}… ({len(large)} bytes)"
