"""Damaged YAML of foreign devices: read, or refused with a ForeignError."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz import damaged, fuzzed
from msgflo_host.components.foreign.foreign_file import load
from msgflo_host.errors import ForeignError
from msgflo_host.wire import discovery

YAML = [
    "component: a/B\nlabel: 'x: y'\nicon: \"bulb\\n\"\ninports:\n  led:\n    queue: '#ROLE/led'\n    type: boolean\n"
    "outports: {}\n",
    "component: a/B\ninports:\n- id: x\n  queue: a/b\n  schema: {type: [number, null]}\n- {id: y, queue: '#ROLE'}\n",
    "%YAML 1.1\n---\ncomponent: !!str a/B\ncommon: &c {queue: t, options: {qos: 1, retain: yes}}\n"
    "outports:\n  x: {<<: *c, queue: +/u/#}\n",
    "component: >-\n  a/\n  B\nn: [1, -0x1f, 1.5e3, ~, 2020-01-01, .nan, true]\ninports: {}\n"
    "availability: {topic: '#ROLE/a', online: {s: 1}}\n...\n",
]
ALPHABET = "ab01 \n\t:-?#&*!|>%@`'\"{}[],.~<=\0\x85\u2028\ufeff"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("foreign")


@fuzzed
@given(damaged(YAML, ALPHABET) | st.text() | st.text(ALPHABET), st.sampled_from([None, "lamp", "a/b"]))
def test_fuzz_damaged_yaml_is_read_or_refused_by_name(folder: Path, text: str, role: str | None) -> None:
    file = folder / "device.yml"
    file.write_text(text, encoding="utf-8", newline="")
    with suppress(ForeignError):
        participant = load(file, role).participant
        assert discovery.parse(discovery.encode(participant)) == participant
