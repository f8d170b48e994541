"""Hostile clients: names that lead out of the component folder write nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from editors import Editor, Refused
from hostile_names import NAMES
from local_system import LocalSystem
from msgflo_host.components.library import load
from msgflo_host.fbp.permissions import ALL

SECRET = "the-owner-of-the-house"
CODE = """\
from msgflo import Participant
class Evil(Participant):
    component = "home/Evil"
"""


@pytest.fixture
def system(tmp_path: Path) -> LocalSystem:
    """With a component folder `home`, beside which there is another that nobody may write to or read from."""
    home, outside = tmp_path / "home", tmp_path / "outside"
    for folder in (home, outside, outside / "deep"):
        folder.mkdir()
    (outside / "Evil.py").write_text(CODE)
    (outside / "victim.txt").write_text("as it was\n")
    (home / "Link.py").symlink_to(outside / "victim.txt")
    (home / "Gone.py").symlink_to(outside / "absent.py")
    (home / "away").symlink_to(outside)
    (home / "Suite.py").write_text(CODE)
    (home / "Suite.spec.yaml").symlink_to(outside / "victim.txt")
    return LocalSystem("one(core/Repeat) OUT -> IN two(core/Drop)\n", secrets={SECRET: ALL}, library=load(home))


@pytest.fixture(autouse=True)
def nothing_fails(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing of ours may fail, and no secret is logged."""
    yield
    assert not [record for record in caplog.get_records("call") if record.exc_info]
    assert SECRET not in caplog.text


def listing(folder: Path, *but: str) -> dict[str, tuple[int, int, int, bytes]]:
    """All there is in a folder, but for parts of it: kinds, times, sizes and contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not any(name == each or name.startswith(f"{each}/") for each in but):
            state = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            found[name] = (state.st_mode, state.st_mtime_ns if path.is_file() else 0, state.st_size, content)
    return found


async def is_served(client: Editor) -> None:
    assert (await client.ask("runtime", "getruntime"))["type"] == "msgflo"


async def test_a_name_leads_nowhere_but_into_the_component_folder(system: LocalSystem, tmp_path: Path) -> None:
    before = listing(tmp_path)
    sources = [{"name": name} for name in NAMES]
    sources += [{"name": name, "library": "home"} for name in NAMES]
    sources += [{"name": "Evil", "library": name} for name in NAMES if name]
    sources += [
        {"name": "Evil", "library": "home", "language": language} for language in ("", "../x", "json", "sh", "c")
    ]
    sources += [{"name": "Suite", "library": "home", "tests": "topology: x\n"}]
    async with system.editor(secret=SECRET) as client, system.editor() as other:
        for number, source in enumerate(sources):
            payload = {"language": "python", "code": CODE, **source}
            with pytest.raises(Refused):
                await client.ask("component", "source", **payload)
            if number % 20 == 0:
                await is_served(other)
    assert listing(tmp_path) == before
