"""Hostile clients of the whole program: they run nothing outside of the component folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from brokers import Broker
from editors import Refused, editor
from hostile_names import MAIN, NAMES
from systems import Coordinator

SECRET = "the-owner-of-the-house"
CODE = """\
import pathlib
pathlib.Path(r"{marker}").touch()
from msgflo import Participant
class Evil(Participant):
    component = "home/Evil"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def coordinator(shared_broker: Broker, folder: Path) -> Iterator[Coordinator]:
    """With a component folder `home`, beside which there is another that nobody may run from."""
    (folder / "graph.fbp").write_text("one(core/Repeat) OUT -> IN two(core/Drop)\n")
    home, outside = folder / "home", folder / "outside"
    for each in (home, outside, outside / "deep"):
        each.mkdir()
    (outside / "Evil.py").write_text(CODE.format(marker=folder / "evil"))
    (home / "away").symlink_to(outside)
    (home / "Suite.py").write_text(CODE.partition("\n")[2].partition("\n")[2])
    with Coordinator(
        "graph.fbp", "--plain", "--componentdir", "home", "--data", "data", "--secret", SECRET,
        broker=shared_broker.url, cwd=folder,
    ) as running:  # fmt: skip
        running.wait(lambda status: status["nodes"])
        yield running
        assert running.process is not None
        assert running.process.poll() is None, running.output
        assert "Traceback" not in running.output
        assert SECRET not in running.output


async def test_a_node_runs_nothing_that_lies_outside_of_the_component_folder(
    coordinator: Coordinator, folder: Path
) -> None:
    names = [
        *filter(None, NAMES),
        "../outside/Evil",
        "home/../outside/Evil",
        "outside/Evil",
        "home/away/Evil.py",
        "away/Evil",
    ]
    names += [str(folder / "outside/Evil.py"), str(folder / "outside/Evil"), "import os", "python:outside/Evil.py"]
    async with editor(coordinator.port) as client:
        for number, name in enumerate(names):
            with suppress(Refused):  # an empty name, one with a NUL
                await client.ask("graph", "addnode", graph=MAIN, id=f"n{number}", component=name)
        await client.ask("graph", "addnode", graph=MAIN, id="true", component="home/Suite")
        # Processes are started in the order of the graph.
        assert coordinator.process is not None
        process, commands = psutil.Process(coordinator.process.pid), [""]
        async with asyncio.timeout(30):
            while not any("Suite.py" in command for command in commands):
                await asyncio.sleep(0.05)
                with suppress(psutil.Error):
                    commands = [" ".join(child.cmdline()) for child in process.children(recursive=True)]
        assert not [command for command in commands if "outside" in command or "Evil" in command]
        for number in range(len(names)):
            with suppress(Refused):
                await client.ask("graph", "removenode", graph=MAIN, id=f"n{number}")
        await client.ask("graph", "removenode", graph=MAIN, id="true")
    assert not (folder / "evil").exists()


ROLES = [
    "x; touch ran; true", "x$(touch ran)", "`touch ran`", "' ; touch ran ; '", '"; touch ran; "', "a\u2028touch ran",
    "a && touch ran", "| touch ran", "> ran", "x;touch\\ ran", "x;${IFS}touch${IFS}ran", "*",
]  # fmt: skip


async def test_a_name_of_a_node_and_its_initial_packets_are_never_run(coordinator: Coordinator, folder: Path) -> None:
    command = """sh -c 'printf "started %s with %s" "$1" "$2"; echo; exec sleep 100' sh #ROLE #IIPS"""
    (folder / "home/msgflo.yaml").write_text(f"components:\n  sh/Legacy: {json.dumps(command)}\n")
    refused = ["x\ntouch ran\n", "x\x00", "\x1b"]
    async with editor(coordinator.port) as client:
        await client.ask("runtime", "getruntime")
        await client.told("component", "component", name="sh/Legacy")
        for role in ROLES:
            initial = {"src": {"data": role}, "tgt": {"node": role, "port": "in"}}
            await client.ask("graph", "addnode", graph=MAIN, id=role, component="sh/Legacy")
            await client.ask("graph", "addinitial", graph=MAIN, **initial)
        for role in refused:
            with pytest.raises(Refused, match="which is not allowed"):
                await client.ask("graph", "addnode", graph=MAIN, id=role, component="sh/Legacy")
        await client.ask("graph", "addnode", graph=MAIN, id="-c", component="sh/Legacy")
        for role in ROLES:
            iips = json.dumps({"in": role}, ensure_ascii=False, separators=(",", ":"))
            await client.told("network", "output", message=f"{role}: started {role} with {iips}")
        assert not any("started -c" in each["message"] for each in client.all("network", "output"))
    assert not list(folder.rglob("ran"))
