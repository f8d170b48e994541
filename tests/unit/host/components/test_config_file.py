"""Folders that are configured as libraries, and settings of all their components."""

from __future__ import annotations

from pathlib import Path

import pytest

from msgflo_host.components.config_file import Config, read
from msgflo_host.components.library import is_configured
from msgflo_host.errors import LibraryError


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
def test_a_folder_is_a_library_if_it_is_configured(tmp_path: Path, file: str, text: str, configured: bool) -> None:
    (tmp_path / file).write_text(text)
    assert is_configured(tmp_path) is configured


@pytest.mark.parametrize("text", ["", "\n", "# components come later\n", "---\n", "components:\n"])
def test_a_file_without_anything_in_it_is_a_valid_one(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "msgflo.yaml").write_text(text)
    assert read(folder) == Config("home")


URL = "https://example.org/home.git"


@pytest.mark.parametrize(
    ("file", "text", "repository"),
    [
        ("msgflo.yaml", f"repository: {URL}\n", URL),
        ("msgflo.yaml", f"repository: {{type: git, url: '{URL}'}}\n", URL),
        ("msgflo.yaml", "repository:\n", None),
        ("package.json", f'{{"msgflo": {{"repository": "{URL}"}}}}', URL),
        ("package.json", f'{{"repository": {{"type": "git", "url": "{URL}"}}, "msgflo": {{}}}}', URL),
        ("package.json", '{"repository": 5, "msgflo": {}}', None),
        ("package.json", f'{{"repository": "{URL}", "msgflo": {{"repository": "x:y"}}}}', "x:y"),
    ],
)
def test_the_repository_is_a_text_or_a_map_with_its_url(
    tmp_path: Path, file: str, text: str, repository: str | None
) -> None:
    (tmp_path / file).write_text(text)
    assert read(tmp_path).repository == repository


@pytest.mark.parametrize(
    ("text", "message"), [("repository: 5\n", "repository is 5;"), ("repository: {type: git}\n", "repository is {")]
)
def test_a_repository_without_an_address_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "msgflo.yaml").write_text(text)
    with pytest.raises(LibraryError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/msgflo.yaml:1:13: {message}")
    assert str(caught.value).endswith("allowed: a URL, or a map with a url")
