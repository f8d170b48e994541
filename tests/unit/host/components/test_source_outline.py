"""Ports that are read from a source without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from msgflo_host.components.library import ComponentInfo, load
from msgflo_host.components.source_outline import MAX_READ, outline
from msgflo_host.model.events import LibraryChanged
from msgflo_host.wire.discovery import Port

LAMP = """
import no_such_module

class Lamp(msgflo.Participant):
    label = "A lamp"
    icon = "lightbulb-o"
    inports = [Port("on", "boolean", description="Whether it is on", schema={"type": "boolean"})]
    outports = (msgflo.Port("state", state=True), Port("raw", raw=True))
"""


def read(folder: Path, code: str, class_name: str | None = None) -> ComponentInfo | None:
    (folder / "part.py").write_text(code)
    return outline("n/Part", folder / "part.py", class_name)


def test_a_component_that_cannot_be_imported_has_its_ports(tmp_path: Path) -> None:
    on = Port("on", type="boolean", description="Whether it is on", schema={"type": "boolean"})
    outports = Port("state", qos=1, retain=True), Port("raw", type="buffer")
    assert read(tmp_path, LAMP) == ComponentInfo("n/Part", "A lamp", "lightbulb-o", (on,), outports)


@pytest.mark.parametrize(
    "code",
    [
        "class Lamp(Participant):\n    inports = ports()\n",
        "class Lamp(Participant):\n    inports = [Port(NAME)]\n",
        "class Lamp(Participant):\n    inports = [Port(*all)]\n",
        "class Lamp(Participant):\n    inports = [Port('a', **more)]\n",
        "class Lamp(Participant):\n    inports = [Port('')]\n",
        "class Lamp(Participant):\n    inports = [Other('a')]\n",
        "class Lamp(Participant):\n    pass\n",
        "class Lamp:\n    inports = [Port('a')]\n",
        "class Lamp(Participant:\n",
        "x = " + "[" * 5000 + "\n",
        "x = " + "-" * 60_000 + "1\n",
        LAMP + "#" * MAX_READ,
        "\0",
        "",
    ],
)
def test_without_literal_declarations_there_is_no_outline(tmp_path: Path, code: str) -> None:
    assert read(tmp_path, code) is None


def test_the_answer_of_a_component_replaces_the_outline_and_trouble_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text(LAMP)
    (tmp_path / "msgflo.yaml").write_text("components: {n/Part: 'msgflo participant part.py #ROLE'}\n")
    library = load(tmp_path)
    changed: list[frozenset[str]] = []
    library.events.listen(LibraryChanged, lambda event: changed.append(event.names))
    assert library.unread() == ["n/Part"]
    library.read("n/Part")
    assert changed == [{"n/Part"}]
    assert library.unread() == []
    ((name, command),) = library.unasked()
    library.learn(name, ComponentInfo(name, trouble="no lamp"), command.version)
    info = library.info(name)
    assert info is not None
    assert info.about == "A lamp (no lamp)"
    assert [port.id for port in info.inports] == ["on"]
    assert not library.knows(name)
    library.learn(name, ComponentInfo(name, "another"), command.version)
    library.read(name)
    assert library.info(name) == ComponentInfo(name, "another")
