"""Which folders say that they are libraries."""

from __future__ import annotations

from pathlib import Path

import pytest

from msgflo_host.library import is_configured


@pytest.mark.parametrize(
    ("file", "text", "configured"),
    [
        ("msgflo.yaml", "", True),
        ("package.json", '{"msgflo": {}}', True),
        ("package.json", '{"name": "else"}', False),
        ("package.json", '["msgflo"]', False),
        ("package.json", "{", False),
        ("Lamp.py", "class Lamp(Participant): pass\n", False),
    ],
)
def test_a_folder_is_a_library_by_itself_if_it_says_so(tmp_path: Path, file: str, text: str, configured: bool) -> None:
    (tmp_path / file).write_text(text)
    assert is_configured(tmp_path) is configured
