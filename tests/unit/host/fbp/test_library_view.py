"""What editors see of a library whose components do not run: their ports and their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local_system import LocalSystem
from msgflo_host.components.library import ComponentInfo, Library, load
from paths import ROOT
from simulation import taking_part
from systems import Source


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


def test_every_component_of_each_kind_has_a_source(tmp_path: Path) -> None:
    config = "components: {home/Ready: 'sleep 1000', other/Away: away.yml}\nhandlers: {.sh: 'sh #FILENAME #ROLE'}\n"
    device = "component: x/Device\ninports: {on: {queue: '#ROLE/on'}}\noutports: {}\n"
    python = "from msgflo import Participant, Port\nclass Part(Participant):\n    outports = [Port('out')]\n"
    folder = tmp_path / "home"
    folder.mkdir()
    for name, text in {
        "msgflo.yaml": config,
        "Part.py": python,
        "Run.sh": "sleep 1000\n",
        "Fan.yml": device,
        "away.yml": device,
    }.items():
        (folder / name).write_text(text)
    system = LocalSystem(library=load(folder))

    async def main() -> None:
        async with taking_part(Source("source"), broker=system.broker), system.editor() as client:
            await client.ask("runtime", "getruntime")
            await system.wait(lambda status: status["nodes"])
            listed = await client.listing()
            languages = {}
            for name in listed:
                source = await client.ask("component", "getsource", name=name)
                assert f"{source.get('library')}/{source['name']}" == name
                assert source["code"].strip()
                languages[name] = source["language"]
            assert not {"json", "fbp"} & set(languages.values())
            expected = {"core/Not": "python", "home/Part": "python", "home/Run": "shell", "test/Source": "yaml"}
            expected |= dict.fromkeys(("home/Ready", "home/Fan", "other/Away"), "yaml")
            assert {name: languages[name] for name in expected} == expected

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
