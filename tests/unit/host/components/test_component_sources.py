"""Sources of components: shown for each, written into the folder and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from msgflo_host.components import component_sources
from msgflo_host.components.library import Library, Source, load, source_of
from msgflo_host.errors import LibraryError
from msgflo_host.model.events import LibraryChanged
from msgflo_host.wire.discovery import Participant, Port

CODE = "from msgflo import Participant\n\n\nclass Lamp(Participant):\n    pass\n"
DEVICE = "component: x/Fan\ninports: {on: {queue: '#ROLE/on'}}\noutports: {}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A component folder, with something beside it that must stay as it is."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "msgflo.yaml").write_text(
        "components:\n"
        '  other/Lamp: "msgflo participant lamp.py #ROLE"\n'
        '  other/Sleep: "sleep 5"\n'
        "  other/Away: ../away.yml\n"
        'handlers: {.js: "node #FILENAME"}\n'
    )
    (folder / "lamp.py").write_text(CODE)
    (folder / "Fan.yml").write_text(DEVICE)
    (tmp_path / "away.yml").write_text(DEVICE)
    return folder


@pytest.fixture
def library(folder: Path) -> Library:
    """The library of that folder."""
    return load(folder)


def everything(folder: Path) -> dict[str, bytes]:
    """All files beside and below a folder."""
    parent = folder.parent
    return {str(file.relative_to(parent)): file.read_bytes() for file in parent.rglob("*") if file.is_file()}


def test_each_component_has_a_source_and_none_calls_itself_a_graph(library: Library, folder: Path) -> None:
    (folder / "lamp.spec.yaml").write_text("topic: other/Lamp\n")
    assert library.source("other/Lamp") == Source("other/Lamp", "python", CODE, "topic: other/Lamp\n")
    assert library.source("home/Fan") == Source("home/Fan", "yaml", DEVICE)
    sleep = library.source("other/Sleep")
    assert sleep == Source("other/Sleep", "yaml", "component: other/Sleep\ninports: {}\noutports: {}\n")
    assert library.source("home/Absent") is None
    for name in library.names():
        source = library.source(name)
        assert source is not None
        assert source.language not in ("json", "fbp")


def test_a_discovered_component_has_its_declaration_as_its_source() -> None:
    lamp = Participant(
        "lamp",
        "lamp",
        "x/Lamp",
        "A lamp",
        "lightbulb-o",
        (Port("on", "lamp/on", "boolean", "#1: yes"),),
        (Port("out"),),
    )
    source = source_of(lamp)
    assert source.language == "yaml"
    assert source.code == (
        "component: x/Lamp\nlabel: A lamp\nicon: lightbulb-o\n"
        "inports:\n  on:\n    type: boolean\n    queue: lamp/on\n    description: '#1: yes'\n"
        "outports:\n  out:\n    type: any\n"
    )


def test_a_new_component_is_written_and_known_at_once(library: Library, folder: Path) -> None:
    changed: list[frozenset[str]] = []
    library.events.listen(LibraryChanged, lambda event: changed.append(event.names))
    info = library.write("Lamp2", "python", CODE, "topic: home/Lamp2\n")
    assert info.name == "home/Lamp2"
    assert changed == [{"home/Lamp2"}]
    assert (folder / "Lamp2.py").read_text() == CODE
    assert library.source("home/Lamp2") == Source("home/Lamp2", "python", CODE, "topic: home/Lamp2\n")
    assert library.commands["home/Lamp2"].words[:4] == ("msgflo", "participant", "Lamp2.py", "#ROLE")
    assert library.write("home/Fan2", "yaml", DEVICE).inports == (Port("on"),)
    library.write("Script", "javascript", "not even JavaScript")
    assert (folder / "Script.js").exists()
    mask = os.umask(0)
    os.umask(mask)
    assert (folder / "Script.js").stat().st_mode & 0o777 == 0o666 & ~mask


def test_writing_again_replaces_the_source_and_leaves_the_suite_unless_one_is_given(
    library: Library, folder: Path
) -> None:
    library.write("Fan", "yaml", DEVICE, "topic: home/Fan\n")
    (folder / "Fan.yml").chmod(0o640)
    before = library.version("home/Fan")
    library.write("home/Fan", "yaml", DEVICE + "# more\n")
    assert library.version("home/Fan") != before
    assert (folder / "Fan.yml").stat().st_mode & 0o777 == 0o640
    assert library.source("home/Fan") == Source("home/Fan", "yaml", DEVICE + "# more\n", "topic: home/Fan\n")
    library.write("home/Fan", "yaml", DEVICE, "")
    assert not (folder / "Fan.spec.yaml").exists()


def test_a_component_that_the_configuration_names_is_written_to_its_own_file(library: Library, folder: Path) -> None:
    library.write("other/Lamp", "python", CODE + "# more\n")
    assert (folder / "lamp.py").read_text() == CODE + "# more\n"
    assert not (folder / "Lamp.py").exists()


@pytest.mark.parametrize(
    ("name", "language", "code", "message"),
    [
        ("../evil", "python", CODE, "allowed are at most 64 letters"),
        ("/etc/evil", "python", CODE, "allowed are at most 64 letters"),
        ("home/../../evil", "python", CODE, "allowed are at most 64 letters"),
        ("home/.hidden", "python", CODE, "allowed are at most 64 letters"),
        ("home/_private", "python", CODE, "allowed are at most 64 letters"),
        ("home/-rf", "python", CODE, "allowed are at most 64 letters"),
        ("home/a\x00b", "python", CODE, "allowed are at most 64 letters"),
        ("home/a\n", "python", CODE, "allowed are at most 64 letters"),
        ("home/a b", "python", CODE, "allowed are at most 64 letters"),
        ("home/ä", "python", CODE, "allowed are at most 64 letters"),
        ("", "python", CODE, "allowed are at most 64 letters"),
        ("home/" + "a" * 65, "python", CODE, "allowed are at most 64 letters"),
        ("elsewhere/A", "python", CODE, "new ones begin with home/"),
        ("other/Sleep", "python", CODE, "has no source in the component folder"),
        ("other/Away", "yaml", DEVICE, "is not a file of the component folder"),
        ("home/A", "json", "{}", "no handler for 'json'; there are handlers for python, yaml, javascript"),
        ("home/A", "rust", "", "no handler for 'rust'"),
        ("home/Fan", "python", CODE, "home/Fan is written in yaml, not in 'python'"),
        ("home/asyncio", "python", CODE, "would hide Python's own module asyncio"),
        ("home/msgflo", "python", CODE, "would hide Python's own module msgflo"),
        ("home/A", "python", "def f(:\n", "A.py:1:7: invalid syntax"),
        ("home/A", "python", "Participant\0", "A.py: source code string cannot contain null bytes"),
        ("home/A", "python", "print(1)\n", "A.py: defines no subclass of msgflo.Participant"),
        ("home/A", "python", CODE + "#" * 262_144, "at most 262144 are allowed"),
        ("home/A", "python", CODE + "# \ud800", "half of a surrogate pair"),
        ("home/Fan", "yaml", "component: x\n", "Fan.yml:1:1: has neither 'inports' nor 'outports'"),
        ("home/A", "yaml", "inports: [\n", "A.yml:2:1: a [ or { is not closed"),
    ],
)
def test_a_refused_source_has_the_reason_and_changes_nothing(
    library: Library, folder: Path, name: str, language: str, code: str, message: str
) -> None:
    before, names = everything(folder), library.names()
    with pytest.raises(LibraryError) as caught:
        library.write(name, language, code, "topic: x\n")
    assert message in str(caught.value)
    assert everything(folder) == before
    assert library.names() == names


def test_while_the_configuration_has_a_mistake_nothing_is_written(library: Library, folder: Path) -> None:
    with (folder / "msgflo.yaml").open("a") as config:
        config.write("variables: {\n")
    before = everything(folder)
    for name in ("New", "other/Lamp"):
        with pytest.raises(LibraryError, match=r"msgflo\.yaml:7:1: a \[ or \{ is not closed"):
            library.write(name, "python", CODE + "# more\n", "topic: x\n")
    assert everything(folder) == before


def test_a_link_is_not_written_through(folder: Path) -> None:
    (folder / "Link.yml").symlink_to(folder.parent / "away.yml")
    (folder / "Suite.yml").write_text(DEVICE)
    (folder / "Suite.spec.yaml").symlink_to(folder.parent / "victim")
    (folder / "Gone.py").symlink_to(folder.parent / "new.py")
    library = load(folder)
    before = everything(folder)
    for name, language, code in (("Link", "yaml", DEVICE), ("Suite", "yaml", DEVICE), ("Gone", "python", CODE)):
        with pytest.raises(LibraryError, match="is not a file of the component folder"):
            library.write(name, language, code + "# more\n", "topic: x\n")
    assert everything(folder) == before


def test_a_full_folder_takes_no_more(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(component_sources, "MAX_COMPONENTS", len(library.names()))
    with pytest.raises(LibraryError, match="components already"):
        library.write("A", "python", CODE)
    library.write("Fan", "yaml", DEVICE)
