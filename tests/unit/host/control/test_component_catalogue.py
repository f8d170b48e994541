"""What editors are told of components, wherever they come from; within the schemas of npm's fbp-protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fbp_schemas import check_output
from msgflo_host.builtin.collection import MODULES
from msgflo_host.components.library import ComponentInfo, Library, load
from msgflo_host.control.component_catalogue import Catalogue
from msgflo_host.model.participants import Registry
from msgflo_host.wire import discovery
from msgflo_host.wire.discovery import Port
from systems import discovery_message

LAMP = """\
from msgflo import Participant, Port


class Lamp(Participant):
    label = "what the file says"
    icon = "lightbulb-o"
    inports = [Port("level", "number", "0 to 100", schema={"minimum": 0})]
    outports = [Port("color", "string")]

    def on_level(self, level):
        pass
"""
SAID = ComponentInfo(
    "home/Lamp",
    "what the file says",
    "lightbulb-o",
    (Port("level", type="number", description="0 to 100", schema={"minimum": 0}),),
    (Port("color", type="string"),),
)
PLUG = "component: home/Plug\nlabel: a plug\ninports: {power: {queue: 'a/#ROLE', type: boolean}}\noutports: {}\n"


def discovered(registry: Registry, role: str, component: str, **rest: Any) -> None:
    """Somebody announces himself, and is there."""
    message = discovery_message(role, component=component, **rest).encode()
    registry.discovered(discovery.parse(message), now=0.0)


def told(catalogue: Catalogue, name: str) -> dict[str, Any]:
    """What an editor is told of a component, which keeps to the schema."""
    definition = catalogue.definition(name)
    assert definition is not None
    check_output("component", "component", definition)
    return dict(definition)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "Lamp.py").write_text(LAMP)
    (folder / "Plug.yml").write_text(PLUG)
    return folder


def asked(folder: Path) -> Library:
    """The library of a folder, whose components have been asked what they are."""
    library = load(folder)
    for name, command in list(library.unasked()):
        library.learn(name, SAID, command.version)
    return library


def test_all_are_listed_once_and_sorted(folder: Path) -> None:
    registry = Registry()
    for role, component in (("a", "home/Lamp"), ("b", "x/Board"), ("c", "x/Board"), ("d", "core/Not")):
        discovered(registry, role, component)
    catalogue = Catalogue(load(folder), registry)
    assert catalogue.names() == sorted({*MODULES, "home/Lamp", "home/Plug", "x/Board"})
    assert all(catalogue.has(name) for name in catalogue.names())
    assert not catalogue.has("x/None")
    assert catalogue.definition("x/None") is None
    assert catalogue.source("x/None") is None


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_built_in_component_reports_all_of_its_ports(name: str) -> None:
    definition = told(Catalogue(Library(), Registry()), name)
    assert definition["description"]
    assert definition["icon"]
    assert all(port["description"] for port in (*definition["inPorts"], *definition["outPorts"]))


def test_a_component_of_the_library_reports_what_it_has_logged_when_it_was_asked(folder: Path) -> None:
    catalogue = Catalogue(asked(folder), Registry())
    common = {"required": False, "addressable": False}
    assert told(catalogue, "home/Lamp") == {
        "name": "home/Lamp",
        "subgraph": False,
        "description": "what the file says",
        "icon": "lightbulb-o",
        "inPorts": [{"id": "level", "type": "number", "description": "0 to 100", **common}],
        "outPorts": [{"id": "color", "type": "string", **common}],
    }
    plug = told(catalogue, "home/Plug")
    assert (plug["description"], [port["id"] for port in plug["inPorts"]]) == ("a plug", ["power"])


def test_what_a_device_says_of_its_ports_beyond_the_schema_is_not_reported_on() -> None:
    registry = Registry()
    port = {
        "id": "in",
        "queue": "secret/topic",
        "hidden": True,
        "options": {"qos": 1},
        "values": [1, None],
        "default": None,
    }
    ports = [port, {"id": "out", "schema": "https://x.org/y.json"}, {"id": "odd", "schema": "1:2", "values": "no list"}]
    discovered(registry, "board", "x/Board", icon="fa-bolt", inports=ports)
    common = {"type": "any", "required": False, "addressable": False}
    assert told(Catalogue(Library(), registry), "x/Board") == {
        "name": "x/Board",
        "subgraph": False,
        "icon": "bolt",
        "inPorts": [
            {"id": "in", **common, "values": [1, None], "default": None},
            {"id": "out", **common, "schema": "https://x.org/y.json"},
            {"id": "odd", **common},
        ],
        "outPorts": [],
    }


def test_what_is_built_in_counts_more_than_who_claims_to_be_it(folder: Path) -> None:
    registry = Registry()
    discovered(registry, "claims", "core/Not", label="not a Not")
    catalogue = Catalogue(load(folder), registry)
    assert told(catalogue, "core/Not")["description"] != "not a Not"
    source = catalogue.source("core/Not")
    assert source is not None
    assert "class Not" in source.code
    assert "topic: core/Not" in source.tests


def test_who_is_there_counts_more_than_the_library_and_the_library_more_than_who_is_lost(folder: Path) -> None:
    registry, library = Registry(), asked(folder)
    catalogue = Catalogue(library, registry)
    ports = [{"id": "other", "type": "bang"}]
    discovered(registry, "lamp", "home/Lamp", label="its label", inports=ports, connection="c")
    registry.connection("c", "online", 0.0)
    there = told(catalogue, "home/Lamp")
    assert [port["id"] for port in there["inPorts"]] == ["other"]
    assert there["description"] == "what the file says"
    registry.connection("c", "lost", 1.0)
    assert [port["id"] for port in told(catalogue, "home/Lamp")["inPorts"]] == ["level"]


def test_who_is_lost_counts_where_the_library_knows_nothing(folder: Path) -> None:
    registry = Registry()
    discovered(registry, "lamp", "home/Lamp", inports=[{"id": "other"}], connection="c")
    registry.connection("c", "lost", 1.0)
    catalogue = Catalogue(load(folder), registry)
    assert [port["id"] for port in told(catalogue, "home/Lamp")["inPorts"]] == ["other"]


def test_each_source_is_the_nearest_there_is(folder: Path) -> None:
    registry = Registry()
    discovered(registry, "lamp", "home/Lamp", label="elsewhere")
    discovered(registry, "board", "x/Board", label="a board", inports=[{"id": "in", "queue": "t", "type": "number"}])
    catalogue = Catalogue(load(folder), registry)
    found = {name: catalogue.source(name) for name in ("home/Lamp", "home/Plug", "x/Board")}
    lamp, plug, board = found.values()
    assert lamp is not None
    assert plug is not None
    assert board is not None
    assert (lamp.language, lamp.code) == ("python", LAMP)
    assert (plug.language, plug.code) == ("yaml", PLUG)
    assert (board.language, board.tests) == ("yaml", "")
    assert board.code.splitlines()[:2] == ["component: x/Board", "label: a board"]


def test_in_place_of_a_source_that_cannot_be_read_stands_the_reason(folder: Path) -> None:
    file = folder / "Lamp.py"
    file.write_text(LAMP + "#" * 300_000)
    source = Catalogue(load(folder), Registry()).source("home/Lamp")
    assert source is not None
    assert (source.language, source.code) == ("text", f"{file}: is larger than 256 KiB\n")


def test_the_namespace_is_that_of_the_library_or_of_the_main_graph(folder: Path) -> None:
    assert Catalogue(load(folder), Registry()).namespace == "home"
    assert Catalogue(Library(), Registry()).namespace == "default"
