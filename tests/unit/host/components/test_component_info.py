"""Which components of a folder are asked what they are, and when."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from msgflo_host.components import live_folder as module
from msgflo_host.components.library import ComponentInfo, Library, load
from msgflo_host.components.live_folder import watch
from msgflo_host.processes.process_command import Command
from simulation import beside, until

CODE = "from msgflo import Participant\nclass Part(Participant):\n    label = '{}'\n"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of those that were asked; each takes a second. One that is called Broken has nothing to say."""
    names: list[str] = []

    async def ask(name: str, command: Command) -> ComponentInfo:
        names.append(name.partition("/")[2])
        await asyncio.sleep(1)
        return ComponentInfo(name, trouble="Broken.py:1: of the test" if "Broken" in name else "")

    monkeypatch.setattr(module, "ask", ask)
    return names


def write(folder: Path, **labels: str) -> Library:
    folder.mkdir(exist_ok=True)
    for name, label in labels.items():
        (folder / f"{name}.py").write_text(CODE.format(label))
    return load(folder)


async def test_each_is_asked_once_for_each_version_one_after_another(asked: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "home"
    library = write(folder, A="a", B="b", C="c")
    async with beside(watch(library)):
        await asyncio.sleep(0.5)
        assert asked == ["A"]
        await asyncio.sleep(10)
        assert asked == ["A", "B", "C"]
        write(folder, B="another")
        await asyncio.sleep(10)
        assert asked == ["A", "B", "C", "B"]
        write(folder, D="d")
        await until(lambda: "D" in asked)
        await asyncio.sleep(10)
        assert asked == ["A", "B", "C", "B", "D"]


async def test_trouble_is_logged_once_where_the_ports_are_not_plain_to_see(
    asked: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = write(tmp_path / "home", Fine="f", Broken="b")
    async with beside(watch(library)):
        await asyncio.sleep(60)
    assert caplog.messages == ["home/Broken: its ports are not known: Broken.py:1: of the test"]
