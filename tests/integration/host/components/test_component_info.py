"""Components that do not run are asked for their ports, in a process of their own."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from msgflo_host.components import component_info as infos
from msgflo_host.components.component_info import ask
from msgflo_host.components.library import ComponentInfo, load
from msgflo_host.components.source_outline import outline
from msgflo_host.wire.discovery import Port
from paths import ROOT

OURS = """
import os
from pathlib import Path
from msgflo import Participant, Port, serve
print("this is no part of the answer")
Path("imported-by").write_text(str(os.getpid()))

class Lamp(Participant):
    label = "A lamp"
    icon = "lightbulb-o"
    inports = (Port("on", "boolean", "Whether it is on"),)
    outports = (Port("state"),)
    def on_on(self, value): ...

serve(Lamp("x"))
"""
MSGFLO = """
import msgflo
class Repeat(msgflo.Participant):
    def __init__(self, role):
        ports = [{"id": name, "type": "any"} for name in ("in",)]
        msgflo.Participant.__init__(self, {"component": "x/Repeat", "label": "Repeats", "inports": ports, "outports": []}, role)
    def process(self, inport, msg): ...
msgflo.main(Repeat)
"""


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Components that are asked run with low priority, beside other tests."""
    monkeypatch.setattr(infos, "TIMEOUT_S", 40.0)


def asked(folder: Path, code: str, *, options: str = "") -> ComponentInfo:
    (folder / "part.py").write_text(code)
    (folder / "msgflo.yaml").write_text(f"components: {{n/Part: 'msgflo participant part.py #ROLE {options}'}}\n")
    library = load(folder)
    ((name, command),) = library.unasked()
    info = asyncio.run(ask(name, command))
    library.learn(name, info, command.version)
    assert library.info(name) == info
    assert not list(library.unasked())
    return info


def test_a_component_of_ours_describes_itself_in_a_process_of_its_own(tmp_path: Path) -> None:
    info = asked(tmp_path, OURS)
    ports = (Port("on", type="boolean", description="Whether it is on"),), (Port("state"),)
    assert info == ComponentInfo("n/Part", "A lamp", "lightbulb-o", *ports)
    pid = (tmp_path / "imported-by").read_text()
    assert not Path(f"/proc/{pid}").exists()


def test_a_component_that_is_called_like_a_module_we_need_describes_itself(tmp_path: Path) -> None:
    for name in ("msgspec", "random", "Lamp"):
        (tmp_path / f"{name}.py").write_text(OURS)
    asking = load(tmp_path).unasked()
    assert [asyncio.run(ask(*each)).about for each in asking] == ["A lamp"] * 3


def test_a_component_for_msgflos_library_describes_itself(tmp_path: Path) -> None:
    info = asked(tmp_path, MSGFLO)
    assert info == ComponentInfo("n/Part", "Repeats", "file-word-o", inports=(Port("in"),))


def test_of_several_classes_the_command_names_one(tmp_path: Path) -> None:
    code = "from msgflo import Participant\nclass A(Participant): label = 'a'\nclass B(Participant): label = 'b'\n"
    assert asked(tmp_path, code, options="--class B").description == "b"
    assert asked(tmp_path, code, options="--class=A").description == "a"
    assert "name one with --class" in asked(tmp_path, code).trouble


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("import no_such_module  # Participant\n", "part.py:1: ModuleNotFoundError: No module named 'no_such_module'"),
        ("def Participant(:\n", "part.py:1:17: invalid syntax"),
        ("import os  # Participant\nos._exit(0)\n", "part.py: ended without describing itself"),
        ("raise SystemExit  # Participant\n", "part.py: ended without describing itself"),
        ("x = 'Participant'\n", "part.py: defines no subclass of msgflo.Participant"),
        (
            "from msgflo import Participant\nclass A(Participant):\n  def __init__(self, role): 1 / 0\n",
            "part.py: ZeroDivisionError",
        ),
    ],
)
def test_a_component_that_cannot_describe_itself_has_the_reason(tmp_path: Path, code: str, trouble: str) -> None:
    assert trouble in asked(tmp_path, code).trouble


def test_a_program_is_imported_only_if_it_has_a_main_part(tmp_path: Path) -> None:
    code = "from msgflo import Participant, serve\nclass A(Participant): label = 'a'\n"
    (tmp_path / "guarded.py").write_text(code + "if __name__ == '__main__': serve(A('a'))\n")
    (tmp_path / "open.py").write_text(code + "while True: ...\n")
    (tmp_path / "plain.py").write_text("import paho  # __main__\n")
    names = ("guarded", "open", "plain")
    lines = [f"  n/{name}: 'python {name}.py #ROLE'\n" for name in names]
    (tmp_path / "msgflo.yaml").write_text("components:\n" + "".join(lines))
    library = load(tmp_path)
    ((name, command),) = library.unasked()
    assert name == "n/guarded"
    assert asyncio.run(ask(name, command)).description == "a"


def test_it_is_asked_with_low_priority(tmp_path: Path) -> None:
    code = "import os\nfrom msgflo import Participant\nclass A(Participant): label = str(os.nice(0))\n"
    assert asked(tmp_path, code).description == str(min(os.nice(0) + 10, 19))


def test_one_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infos, "TIMEOUT_S", 1.0)
    info = asked(tmp_path, "import time  # Participant\ntime.sleep(99)\n")
    assert info.trouble == "part.py: has not described itself within 1 s"


def test_a_foreign_device_is_read_and_read_again_when_its_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "fan.yml"
    file.write_text("component: x/Fan\nlabel: A fan\ninports: {on: {queue: '#ROLE/on'}}\noutports: {}\n")
    (tmp_path / "msgflo.yaml").write_text("components: {n/Fan: fan.yml}\n")
    library = load(tmp_path)
    assert library.info("n/Fan") == ComponentInfo("n/Fan", "A fan", inports=(Port("on"),))
    file.write_text("component: x/Fan\n")
    library.reload()
    info = library.info("n/Fan")
    assert info is not None
    assert "fan.yml:1:1: has neither 'inports' nor 'outports'" in info.trouble


def test_the_answer_of_an_older_source_is_shown_until_the_new_one_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "Lamp.py"
    file.write_text("class Lamp(Participant): ...\n")
    library = load(tmp_path)
    ((name, command),) = library.unasked()
    library.learn(name, ComponentInfo(name, "old"), command.version)
    file.write_text("class Lamp(Participant): ...  # another\n")
    library.reload()
    library.learn(name, ComponentInfo(name, "too late"), command.version)
    info = library.info(name)
    assert info is not None
    assert info.description == "old"
    assert [name for name, _ in library.unasked()] == [name]


@pytest.mark.parametrize("folder", ["demo", "rtl433", "zigbee2mqtt"])
def test_the_outline_of_a_source_equals_the_answer_of_the_component(folder: str) -> None:
    library = load(ROOT / "examples" / folder)
    asked = list(library.unasked())
    assert asked
    for name, command in asked:
        assert command.source is not None
        assert outline(name, command.source) == asyncio.run(ask(name, command))
