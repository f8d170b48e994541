"""The library of components: `msgflo.yaml` and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from msgflo_host.errors import LibraryError
from msgflo_host.library import Command, load


def write(folder: Path, text: str) -> Path:
    (folder / "msgflo.yaml").write_text(text)
    return folder


def test_commands_are_split_as_a_shell_splits_them_and_filled_for_a_node(tmp_path: Path) -> None:
    library = load(write(tmp_path, "components:\n  a/B: \"msgflo participant 'my file.py' #ROLE --of=#COMPONENT\"\n"))
    command = library.commands["a/B"].filled(role="kitchen")
    assert command == Command(("msgflo", "participant", "my file.py", "kitchen", "--of=a/B"), tmp_path)


def test_a_yaml_file_is_a_foreign_device_and_programs_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "fan.yml").touch()
    library = load(write(tmp_path, "components: {a/Fan: fan.yml}\nprograms: {plug: python plug.py}\n"))
    assert library.foreign == {"a/Fan": tmp_path / "fan.yml"}
    assert library.programs == {"plug": Command(("python", "plug.py"), tmp_path)}
    assert not library.commands


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("components:\n  a/B: [1]\n", "2:8", "neither a command nor a .yml file"),
        ("components:\n  a/B: absent.yml\n", "2:8", "there is no file"),
        ('components:\n  a/B: "it\'s"\n', "2:8", "No closing quotation"),
        ("components:\n  a/B: x.py #ROLE\n", "2:8", "a/B: #ROLE is lost; the rest of the line is a comment for YAML"),
        ("components:\n  a/B: x.py # #COMPONENT\n", "2:8", "#COMPONENT is lost"),
        ("components:\n  a/B: x.py --as=#ROLE #ROLE\n", "2:8", "#ROLE is lost"),
        ("components:\r\n  a/B: x.py\r\n    more  #ROLE\r\n", "2:8", "put the command in quotes"),
        ("components: {a/B: x.py #ROLE}\n", "2:1", "line 1: a text that begins with # must be in quotes"),
        ("component: {}\n", "1:1", "unknown key 'component'; known are 'components', 'programs', 'handlers'"),
        ("components: [a]\n", "1:1", "must map names to commands"),
        ("components: {\n", "2:1", "expected"),
        ("- a\n", "1:1", "must be a map with 'components' or other keys"),
        ("components: {a: b, a: c}\n", "1:20", "is there twice"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, text: str, place: str, message: str) -> None:
    with pytest.raises(LibraryError) as caught:
        load(write(tmp_path, text))
    assert str(caught.value).startswith(f"{tmp_path / 'msgflo.yaml'}:{place}: ")
    assert message in str(caught.value)


def test_comments_beside_commands_are_no_mistakes(tmp_path: Path) -> None:
    text = """
components:
  a/A: x.py  # no role
  a/B: "x.py"  # without #ROLE
  a/C: x.py --role=#ROLE  # not only #ROLE
  a/D: 'x.py #ROLE'
programs:
  p: x.py  # has no #ROLE
"""
    library = load(write(tmp_path, text))
    assert [command.words for command in library.commands.values()] == [
        ("x.py",), ("x.py",), ("x.py", "--role=#ROLE"), ("x.py", "#ROLE"),
    ]  # fmt: skip
    assert library.programs["p"].words == ("x.py",)


def test_a_folder_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="absent: is no folder"):
        load(tmp_path / "absent")
