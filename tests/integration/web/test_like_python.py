"""What JavaScript of the page writes and Python reads, and what both declare: the two agree."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from msgflo import Participant, Port, Session
from msgflo.describe import describe
from msgflo_host.components.foreign.foreign_file import load
from paths import ROOT

WEB = ROOT / "host/msgflo_host/web"


def evaluate(function: str, argument: Any = None) -> Any:
    """The result of an async function in Node; its first argument imports a module of the page."""
    code = f"""
    const load = (path) => import({json.dumps(WEB.as_uri())} + path);
    const result = await ({function})(load, {json.dumps(argument)});
    console.log(JSON.stringify(result));
    """
    run = subprocess.run(["node", "--input-type=module", "-e", code], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_the_file_of_an_adopted_device_keeps_every_text(tmp_path: Path) -> None:
    nasty = ["yes", "no: x", "# a", '"\\', "- x", "12", "🐌", "{a}", "'", "Höhe", "ضوء"]
    port = {"type": "any", "description": "", "chosen": True}
    strange = "é\n\t\u0085\u2028\x7f"  # a name may not hold it, a description may
    ports = [
        {**port, "id": text, "topic": f"x/{number}", "description": text + strange} for number, text in enumerate(nasty)
    ]
    device = {
        "component": "home/X", "label": nasty[3], "icon": "plug", "role": "x", "usesRole": True, "inports": [], "outports": ports,
        "availability": {"topic": "x/there", "online": {"a: b": ["no"]}, "offline": "off"},
    }  # fmt: skip
    file = tmp_path / "x.yml"
    file.write_text(evaluate("async (load, device) => (await load('/adopt/yaml.js')).toYaml(device)", device))
    foreign = load(file, "x")
    assert [port.id for port in foreign.participant.outports] == nasty
    assert [port.description for port in foreign.participant.outports] == [text + strange for text in nasty]
    assert [port.queue for port in foreign.participant.outports] == [f"x/{number}" for number in range(len(nasty))]
    assert foreign.participant.label == nasty[3]
    assert foreign.availability is not None
    assert (foreign.availability.online, foreign.availability.offline) == ({"a: b": ["no"]}, "off")


def test_a_participant_of_a_page_describes_itself_as_one_in_python_does() -> None:
    class Bell(Participant):
        component = "page/Bell"
        label = "Rings"
        icon = "bell"
        period = 30
        inports = (Port("in", "number", "How loud", schema={"minimum": 0}), Port("raw", raw=True, topic="else/where"))
        outports = (Port("rung", "number", state=True), Port("out", qos=1), Port("kept", retain=True))

        def process(self, inport: str, msg: Any) -> None:
            """It has nothing to do."""

    bell = Bell(role="front door", id="a/b+c#d%e")
    Session([bell], client_id="page/1")
    about = {
        "id": bell.id,
        "component": "page/Bell",
        "label": "Rings",
        "icon": "bell",
        "period": 30,
        "inports": [
            {"id": "in", "type": "number", "description": "How loud", "schema": {"minimum": 0}},
            {"id": "raw", "raw": True, "topic": "else/where"},
        ],
        "outports": [
            {"id": "rung", "type": "number", "state": True},
            {"id": "out", "qos": 1},
            {"id": "kept", "retain": True},
        ],
    }
    message = evaluate(
        """async (load, about) => {
          const { Participant } = await load("/msgflo.js");
          const { describe } = await load("/msgflo/wire.js");
          return JSON.parse(describe(new Participant("front door", about), "page/1"));
        }""",
        about,
    )
    assert message == json.loads(describe(bell, "page/1"))


def test_ports_of_virtual_devices_are_named_as_those_of_devices_on_boards() -> None:
    from devices import button, climate, light, potentiometer, relay, rgb, sound

    reported = evaluate(
        """async (load) => {
          const { allKinds } = await load("/devices/kinds.js");
          return Object.fromEntries((await allKinds()).map(({ kind, ports }) => [kind, ports]));
        }"""
    )
    real = {
        "button": button.Button("x", {}, {}, type("Contact", (), {})()),
        "potentiometer": potentiometer.Potentiometer("x", {}, {}, None),
        "rgb": rgb.Rgb("x", {}, {}, None),
        "relay": relay.Relay("x", {}, {}, None, 0),
        "light": light.Light("x", {}, {}, None),
        "sound": sound.Sound("x", {}, {}, None),
        "temperature": climate.Climate("x", {}, {}, None),
        "humidity": climate.Climate("x", {}, {}, None),
    }
    for kind, device in real.items():
        for direction, ports in (("in", device.inports), ("out", device.outports)):
            there = {port.id: (port.type, port.qos, port.retain) for port in ports}
            for port in reported[kind][direction]:
                state = port.get("state", False)
                assert there.get(port["id"]) == (port["type"], int(state), state), f"{kind}.{port['id']}"
