"""A library whose components do not run, in editors: their ports and descriptions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local_system import LocalSystem
from msgflo_host.components.library import ComponentInfo, Library, load
from paths import ROOT


def ids(ports: list[dict[str, Any]]) -> list[str]:
    return [port["id"] for port in ports]


def test_components_that_do_not_run_are_listed_with_their_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Library, "programs", {})  # they would be started
    system = LocalSystem(library=load(ROOT / "examples/demo"))

    async def main() -> None:
        async with system.editor() as client:
            listed = await client.listing()
            lamp = listed["demo/Lamp"]
            assert lamp["description"] == "Shows a level as a colour and says when it is too high"
            assert lamp["icon"] == "lightbulb-o"
            assert ids(lamp["inPorts"]) == ["level", "limit", "cooling"]
            assert [(port["id"], port["type"]) for port in lamp["outPorts"]] == [
                ("color", "string"),
                ("alarm", "boolean"),
            ]
            assert ids(listed["demo/Machine"]["outPorts"]) == ["load", "memory", "temperature"]
            assert ids(listed["demo/Fan"]["inPorts"]) == ["power"]

    system.run(main)


def test_the_reason_why_a_component_cannot_say_what_it_is_is_its_description(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "Crash.py").write_text("from msgflo import Participant\nclass Crash(Participant): ...\n")
    library = load(folder)
    ((name, command),) = library.unasked()
    trouble = "Crash.py:1: ModuleNotFoundError: No module named 'no_such_module'"
    library.learn(name, ComponentInfo(name, trouble=trouble), command.version)
    system = LocalSystem(library=library)

    async def main() -> None:
        async with system.editor() as client:
            assert (await client.listing())["home/Crash"]["description"] == trouble

    system.run(main)
