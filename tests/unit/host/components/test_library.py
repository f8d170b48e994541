"""The library of a project: its folder becomes one with the first component that is written."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from msgflo_host.components.library import Library, load, of_project
from msgflo_host.errors import LibraryError
from msgflo_host.model.events import LibraryChanged

CODE = "from msgflo import Participant\n\n\nclass Lamp(Participant):\n    pass\n"
DEVICE = "component: x/Fan\ninports: {on: {queue: '#ROLE/on'}}\noutports: {}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project without components of its own, and with files that could be some."""
    folder = tmp_path / "2024"  # which YAML takes for a number
    folder.mkdir()
    (folder / "graph.fbp").write_text("")
    (folder / "Other.py").write_text(CODE)
    return folder


def test_a_project_without_a_file_of_components_has_none(folder: Path) -> None:
    library = of_project(folder)
    assert library.names() == []
    assert (library.namespace, library.creates) == ("2024", "msgflo.yaml")
    assert library.suffixes == {"python": ".py", "yaml": ".yml"}


@pytest.mark.parametrize(("language", "code", "file"), [("yaml", DEVICE, "Fan.yml"), ("python", CODE, "Fan.py")])
def test_the_first_component_makes_the_file_where_the_project_is(
    folder: Path, language: str, code: str, file: str, caplog: pytest.LogCaptureFixture
) -> None:
    library = of_project(folder)
    changed: list[frozenset[str]] = []
    library.events.listen(LibraryChanged, lambda event: changed.append(event.names))
    with caplog.at_level(logging.INFO, "msgflo"):
        assert library.write("Fan", language, code).name == "2024/Fan"
        library.write("Fan", language, code)
    assert (folder / file).read_text() == code
    assert changed[0] == {"2024/Fan", "2024/Other"}
    assert (library.names(), library.creates) == (["2024/Fan", "2024/Other"], "")
    made = folder / "msgflo.yaml"
    assert caplog.messages == [f"{made} is made: the components of its folder are run from now on"]
    again = of_project(folder)  # as the next start reads it, also under another name
    assert (again.names(), again.namespace) == (library.names(), "2024")
    assert load(folder.rename(folder.with_name("moved"))).namespace == "2024"


def test_what_is_refused_leaves_no_file_behind(folder: Path) -> None:
    library = of_project(folder)
    before = sorted(folder.iterdir())
    for name, language, code in (("Fan", "yaml", "component: [\n"), ("Fan", "cobol", ""), ("../Fan", "yaml", DEVICE)):
        with pytest.raises(LibraryError):
            library.write(name, language, code)
    assert sorted(folder.iterdir()) == before
    assert (library.names(), library.creates) == ([], "msgflo.yaml")


def test_a_folder_in_which_nothing_can_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"msgflo\.yaml: cannot be written: No such file"):
        of_project(tmp_path / "gone").write("Fan", "yaml", DEVICE)


def test_a_file_that_is_written_by_hand_makes_it_a_library_as_well(folder: Path) -> None:
    library = of_project(folder)
    (folder / "msgflo.yaml").write_text("namespace: home\nhandlers: {.yml: , .js: 'node #FILENAME #ROLE'}\n")
    library.reload()
    assert library.names() == ["home/Other"]
    assert library.suffixes == {"python": ".py", "yaml": ".yaml", "javascript": ".js"}
    (folder / "msgflo.yaml").unlink()  # it stays one until the next start
    library.reload()
    assert library.names() == ["2024/Other"]


def test_a_library_without_a_folder_refuses_to_write() -> None:
    with pytest.raises(LibraryError, match="there is no component folder to write to"):
        Library().write("A", "python", CODE)
