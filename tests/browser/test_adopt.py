"""Adopting on the page: topics of nobody become nodes whose ports carry what is sent on them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
import pytest
from playwright.sync_api import Page

from browser import PHONE, SECRET, Pages, axe, edit, expect, node_in, of_system, running, tell, until_system
from msgflo_host.foreign import load
from paths import ROOT
from systems import Coordinator, Participants, Sink, until

EXAMPLE = ROOT / "examples/rtl433"
VIEWER = "who-may-only-look"
MARKUP = "<img src=x onerror=window.hacked=1><b class=hacked>"
PLUG: dict[str, Any] = {
    "tele/desk/LWT": "Online",
    "tele/desk/STATE": {"Time": "2026-01-01T10:00:00", "POWER": "ON", "Dimmer": 40, "Wifi": {"RSSI": 80}},
    "tele/desk/SENSOR": {"ENERGY": {"Power": 21}},
    "tele/desk/INFO1": {"Info1": {"Module": "Plug"}},
    "stat/desk/POWER": "ON",
}


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A system with a broker of its own and a component folder `home`, in which each test adopts under names of its own."""
    folder = tmp_path_factory.mktemp("adopt")
    (folder / "home").mkdir()
    (folder / "secrets.yaml").write_text(f"hall:\n  secret: {VIEWER}\n  may: viewer\n")
    options = ("--componentdir", folder / "home", "--secrets", folder / "secrets.yaml")
    with (
        running(folder, "sink(test/Sink)\n", *options) as coordinator,
        Participants(Sink("sink"), broker=broker_of(coordinator)),
    ):
        coordinator.wait(lambda status: status["nodes"][0]["state"] == "alive")
        yield coordinator


def broker_of(coordinator: Coordinator) -> str:
    return str(coordinator.wait(lambda status: status["connected"])["broker"])


class Device:
    """Something that only knows MQTT."""

    def __init__(self, coordinator: Coordinator) -> None:
        self.sent: Counter[str] = Counter()  # packets, by topic
        self.heard: dict[str, bytes] = {}
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda client, userdata, message: self.heard.update({message.topic: message.payload})
        self._client.connect("127.0.0.1", urlsplit(broker_of(coordinator)).port or 1883)
        self._client.subscribe("cmnd/#")
        self._client.loop_start()

    def send(self, topic: str, value: Any, *, retain: bool = False) -> None:
        payload = value if isinstance(value, str) else json.dumps(value)
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(20)
        self.sent[topic] += 1

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def device(coordinator: Coordinator) -> Iterator[Device]:
    device = Device(coordinator)
    yield device
    device.close()


@pytest.fixture
def page(coordinator: Coordinator, same_page: Pages) -> Page:
    """The page where it adopts, when it hears the broker: no form is open, and no topic is chosen."""
    page = opened(same_page, coordinator)
    page.evaluate(
        """() => {
          const click = (selector) => [...document.querySelectorAll(selector)].forEach((each) => each.click());
          click(".adopt-form header button");
          click("dialog[open] button.danger");
          const search = document.querySelector("[aria-label='Search topics']");
          search.value = "";
          search.dispatchEvent(new Event("input"));
          const chosen = "[role=treeitem]:is([aria-checked=true], [aria-checked=mixed]) .topic-box";
          for (let box; (box = document.querySelector(chosen)); ) box.click();
        }"""
    )
    page.locator(".adopt-overview").wait_for()
    return page


def opened(pages: Pages, coordinator: Coordinator, **options: Any) -> Page:
    """The page where it adopts, when it hears the broker."""
    page = pages(coordinator, **options)
    until_system(page, "system.isReady && system.status.nodes.length > 0")
    tell(page, "show-view", {"view": "adopt"})
    page.locator("#adopt-view:not([hidden]) .adopt").wait_for()
    expect(page.locator(".adopt-message")).not_to_contain_text("Connecting")
    return page


def sent_until_seen(page: Page, device: Device, values: dict[str, Any], seen: Callable[[], Any]) -> None:
    """Send, again and again, until the page shows it: it may have subscribed a moment later."""
    deadline = time.monotonic() + 40
    while True:
        for topic, value in values.items():
            device.send(topic, value)
        page.wait_for_timeout(50)
        if seen():
            return
        assert time.monotonic() < deadline, "the page does not show it"


def adopt(page: Page, name: str, role: str, component: str) -> None:
    """Adopt a device that was found, by its button and the form."""
    page.get_by_role("button", name=f"Adopt {name},").click()
    page.get_by_label("Role:").fill(role)
    page.get_by_label("Component:").fill(component)
    page.get_by_role("button", name="Save and add").click()
    expect(node_in(page, role)).to_be_visible()


def connect_to_sink(page: Page, node: str, port: str) -> str:
    edit(page, ["addedge", {"src": {"node": node, "port": port}, "tgt": {"node": "sink", "port": "in"}}])
    return f"{node}.{port.lower()} sink.in"


def last_is(edge: str, value: Any) -> str:
    return f"JSON.stringify(packets.last({json.dumps(edge)})?.data) === {json.dumps(json.dumps(value))}"


@pytest.mark.skipif(shutil.which("rtl_433") is None, reason="rtl_433 is not installed (Debian: rtl-433)")
def test_topics_of_a_real_rtl_433_become_a_node_whose_ports_carry_the_values(
    page: Page, coordinator: Coordinator
) -> None:
    environment = {**os.environ, "MSGFLO_BROKER": broker_of(coordinator)}
    command = [sys.executable, str(EXAMPLE / "receiver.py"), str(EXAMPLE / "cool.ook")]
    receiver = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        adopt(page, "Nexus-TH-2", "garden", "Nexus")
        edges = {
            connect_to_sink(page, "garden", port): value for port, value in (("temperature_C", 12.6), ("humidity", 84))
        }
        for edge, value in edges.items():
            until_system(page, last_is(edge, value))
    finally:
        receiver.terminate()
        receiver.wait(10)
    types = "Object.fromEntries(system.nodeStatus('garden').outports.map((port) => [port.id, port.type]))"
    until_system(page, "system.nodeStatus('garden')?.outports.length")
    assert of_system(page, types) == {"temperature_C": "number", "humidity": "number", "battery_ok": "number"}


def test_topics_of_a_tasmota_device_become_a_node_whose_ports_carry_the_values(
    page: Page, coordinator: Coordinator, device: Device
) -> None:
    device.send("tele/desk/LWT", "Online", retain=True)
    sent_until_seen(page, device, PLUG, page.locator("[data-path='stat/desk/POWER']").count)  # the last of them
    adopt(page, "desk", "desk", "Plug")
    status = coordinator.wait(
        lambda status: any(node["id"] == "desk" and node["state"] == "alive" for node in status["nodes"])
    )
    (node,) = [node for node in status["nodes"] if node["id"] == "desk"]
    assert {port["id"]: port["topic"] for port in node["inports"]} == {
        "power": "cmnd/desk/POWER",
        "dimmer": "cmnd/desk/Dimmer",
    }
    assert {port["id"]: port["topic"] for port in node["outports"]} == {
        "state": "tele/desk/STATE",
        "sensor": "tele/desk/SENSOR",
        "power": "stat/desk/POWER",
    }
    edge = connect_to_sink(page, "desk", "power")
    for value in ("OFF", "ON"):
        told = last_is(edge, value)
        sent_until_seen(page, device, {"stat/desk/POWER": value}, lambda told=told: of_system(page, told))
    edit(page, ["addinitial", {"src": {"data": "TOGGLE"}, "tgt": {"node": "desk", "port": "power"}}])
    edit(page, ["addinitial", {"src": {"data": 70}, "tgt": {"node": "desk", "port": "dimmer"}}])
    until(lambda: "cmnd/desk/Dimmer" in device.heard)
    assert device.heard == {"cmnd/desk/POWER": b"TOGGLE", "cmnd/desk/Dimmer": b"70"}
    device.send("tele/desk/LWT", "Offline", retain=True)
    coordinator.wait(lambda status: any(node["id"] == "desk" and node["state"] == "lost" for node in status["nodes"]))


def test_topics_of_participants_are_not_shown_and_adopted_ones_go(page: Page, device: Device) -> None:
    rows = page.get_by_role("treeitem")
    sent_until_seen(
        page, device, {"own/thing/a": 1, "own/thing/set": "x", "sink/in": 5}, rows.filter(has_text="own").count
    )
    expect(rows.filter(has_text="sink")).to_have_count(0)
    # By keyboard: the branch is chosen with all that is in it.
    expect(rows.filter(has_text="own").first).to_contain_text("2 topics")
    rows.filter(has_text="own").first.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Adopt 2 topics")).to_be_enabled()
    page.get_by_role("button", name="Adopt 2 topics").click()
    expect(page.get_by_label("The file")).to_have_value(OWN)
    page.get_by_label("Role:").fill("mine")
    page.get_by_label("Component:").fill("Mine")
    page.get_by_role("button", name="Save and add").click()
    expect(node_in(page, "mine")).to_be_visible()
    tell(page, "show-view", {"view": "adopt"})
    until_system(page, "system.nodeStatus('mine') !== undefined")
    expect(rows.filter(has_text="own")).to_have_count(0)
    # Nor are those of an instrument that nobody plays just now, or that say whether the adopted one is there.
    edit(page, ["addnode", {"id": "lamp", "component": "web/Rgb", "metadata": {}}])
    until_system(page, "system.nodeStatus('lamp')?.state === 'pending'")
    values = {"lamp/state": {"on": True}, "own/thing/status": "online", "own/thing/bright": 2}
    sent_until_seen(page, device, values, rows.filter(has_text="bright").count)
    expect(rows.filter(has_text="own")).to_have_text(re.compile("own/thing/bright"))
    expect(rows.filter(has_text="lamp")).to_have_count(0)
    edit(page, ["removenode", {"id": "lamp"}])


OWN = """component: home/Thing
icon: plug
inports:
  set:
    queue: "own/#ROLE/set"
    type: string
    options: {payload: text}
outports:
  a:
    queue: "own/#ROLE/a"
    type: number
"""


def test_a_topic_that_says_whether_a_device_is_there_is_marked_and_becomes_no_port(page: Page, device: Device) -> None:
    rows = page.get_by_role("treeitem")
    values = {"hut/heater/heat": 21, "hut/heater/there": "Online"}
    sent_until_seen(page, device, values, rows.filter(has_text="hut").count)
    page.get_by_label("Search topics").fill("hut")
    expect(rows.filter(has_text="availability").locator(".topic-name")).to_contain_text("there")
    expect(rows.filter(has_text="heat").last.locator("small")).to_be_empty()
    expect(rows.first).to_contain_text("2 topics")
    rows.first.locator(".topic-box").click()
    page.get_by_role("button", name="Adopt 2 topics").click()
    expect(page.get_by_label("The file")).to_have_value(HEATER)


HEATER = """component: home/Heater
icon: plug
inports: {}
outports:
  heat:
    queue: "hut/#ROLE/heat"
    type: number
availability:
  topic: "hut/#ROLE/there"
  online: Online
  offline: Offline
"""


def test_the_tree_is_walked_by_keyboard(page: Page, device: Device) -> None:
    values = {f"walk/{room}/{what}": 1 for room in ("attic", "cellar") for what in ("heat", "light")}
    rows = page.get_by_role("treeitem")
    sent_until_seen(page, device, values, rows.filter(has_text="cellar").count)
    page.get_by_label("Search topics").fill("walk")
    expect(rows).to_have_count(7)
    rows.first.focus()
    here = page.locator("[role=treeitem]:focus")
    for key, name in (("ArrowDown", "attic"), ("ArrowLeft", "attic"), ("ArrowDown", "cellar"), ("ArrowUp", "attic")):
        page.keyboard.press(key)
        expect(here.locator(".topic-name")).to_have_text(name)
    expect(here).to_have_attribute("aria-expanded", "false")
    expect(rows).to_have_count(5)
    page.keyboard.press("ArrowRight")
    expect(rows).to_have_count(7)
    page.keyboard.press("ArrowRight")
    expect(here.locator(".topic-name")).to_have_text("heat")
    page.keyboard.press("Space")
    expect(here).to_have_attribute("aria-checked", "true")
    expect(rows.nth(1)).to_have_attribute("aria-checked", "mixed")


def test_the_broker_is_heard_only_while_the_view_is_open(page: Page, device: Device) -> None:
    count = page.locator(".topic-row").filter(has_text="pulse").locator(".topic-count")  # also where it is not shown
    sent_until_seen(page, device, {"pulse": 1}, count.count)
    page.get_by_label("Search topics").fill("pulse")
    before = f"{device.sent['pulse']}\N{MULTIPLICATION SIGN}"
    expect(count).to_have_text(before)
    tell(page, "show-view", {"view": "graph"})
    page.wait_for_function("() => document.querySelector('#adopt-view').hidden")
    device.send("pulse", 2)
    tell(page, "show-view", {"view": "adopt"})
    sent_until_seen(page, device, {"pulse/after": 1}, page.get_by_role("treeitem").filter(has_text="after").count)
    assert count.first.text_content() == before


def test_what_is_wrong_in_the_file_is_said_and_what_was_edited_is_kept(page: Page, device: Device) -> None:
    sent_until_seen(page, device, {"slip/value": 1}, page.get_by_role("treeitem").filter(has_text="slip").count)
    page.get_by_role("treeitem").filter(has_text="slip").locator(".topic-box").click()
    page.get_by_role("button", name="Adopt 1 topic").click()
    file = page.get_by_label("The file")
    file.fill("component: home/Slip\noutports:\n  a: {topic: slip/value}\n")
    page.get_by_label("Role:").fill("slip")
    assert "topic: slip/value" in file.input_value()
    page.get_by_role("button", name="Save and add").click()
    expect(page.get_by_role("alert")).to_contain_text("port 'a' has no 'queue'")
    expect(page.get_by_role("alert")).to_be_in_viewport()
    page.get_by_role("button", name="Make it from the fields again").click()
    assert 'queue: "#ROLE/value"' in file.input_value()


def test_what_was_typed_is_not_lost_without_a_question(page: Page, device: Device) -> None:
    leaving = """() => {
      const event = new Event("beforeunload", { cancelable: true });
      dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    row = page.get_by_role("treeitem").filter(has_text="typed")
    sent_until_seen(page, device, {"typed/value": 5}, row.count)
    row.locator(".topic-box").click()
    adopt = page.get_by_role("button", name="Adopt 1 topic")
    back = page.get_by_role("button", name="Back to the topics")
    adopt.click()
    assert not page.evaluate(leaving)
    back.click()
    expect(adopt).to_be_visible()
    adopt.click()
    page.get_by_label("Role:").fill("mine")
    assert page.evaluate(leaving)
    back.click()
    page.get_by_role("dialog").get_by_role("button", name="Keep editing").click()
    expect(page.get_by_label("Role:")).to_have_value("mine")
    back.click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(adopt).to_be_visible()
    assert not page.evaluate(leaving)


def test_without_the_right_it_says_what_to_do_with_the_text_and_two_devices_of_one_name_have_two_texts(
    coordinator: Coordinator, page_of: Pages, device: Device
) -> None:
    page = opened(page_of, coordinator, secret=None)
    twins = {f"rtl_433/{host}/devices/Nexus/7/humidity": 50 for host in ("attic", "cellar")}
    sent_until_seen(page, device, twins, page.get_by_role("button", name="Adopt Nexus-7 (rtl_433/cellar").count)
    for topic in twins:
        page.get_by_role("button", name=f"Adopt Nexus-7 ({topic[: topic.index('/devices')]}").click()
        expect(page.get_by_label("The file")).to_have_value(re.compile(re.escape(topic)))
        page.get_by_role("button", name="Back to the topics").click()
    sent_until_seen(
        page, device, {"tele/hall/STATE": {"POWER": "ON"}}, page.get_by_role("button", name="Adopt hall,").count
    )
    page.get_by_role("button", name="Adopt hall,").click()
    expect(page.locator("#adopt-view")).to_contain_text("Saving asks for a secret that allows it.")
    expect(page.locator("#adopt-view")).to_contain_text("msgflo register hall:Hall.yml")
    page.evaluate(
        """() => {
          navigator.clipboard.writeText = () => Promise.reject(); // as where a page came without encryption
          addEventListener("copy", ({ target }) => (window.copied = target.value));
        }"""
    )
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("The file is copied.")
    assert page.evaluate("() => window.copied") == page.get_by_label("The file").input_value()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "Hall.yml"
    foreign = load(download.value.path(), "hall")
    assert [port.queue for port in foreign.participant.outports] == ["tele/hall/STATE", "stat/hall/POWER"]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Coordinator]:
    """A system whose project has a graph, and no components yet."""
    with running(tmp_path, "sink(test/Sink)\n") as coordinator:
        yield coordinator


def test_adopting_asks_for_the_secret_in_place_and_makes_the_file_where_the_project_is(
    project: Coordinator, page_of: Pages, tmp_path: Path
) -> None:
    device = Device(project)
    page = opened(page_of, project, secret=None)
    button = page.get_by_role("button", name="Adopt hall,")
    sent_until_seen(page, device, {"tele/hall/STATE": {"POWER": "ON"}, "stat/hall/POWER": "ON"}, button.count)
    device.close()
    button.click()
    where = page.locator(".adopt-where")
    expect(where).to_have_text(
        f"It is saved as {tmp_path}/Hall.yml. msgflo.yaml is made beside it: the coordinator then runs the components"
        " of this folder. Saving asks for a secret that allows it."
    )
    page.get_by_label("Component:").fill("Plug")
    expect(where).to_contain_text(f"{tmp_path}/Plug.yml")
    save = page.get_by_role("button", name="Save and add")
    save.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_have_text("Not saved: that takes a secret which allows component:setsource.")
    expect(page.get_by_label("Component:")).to_have_value("Plug")
    save.click()
    page.get_by_label("Secret", exact=True).fill(SECRET)
    page.get_by_role("button", name="Use it").click()
    expect(node_in(page, "hall")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="is in the graph")).to_have_text(
        f"hall is in the graph. Made in {tmp_path}: Plug.yml and msgflo.yaml."
    )
    project.wait(lambda status: any(each["id"] == "hall" and each["instances"] for each in status["nodes"]))
    assert (tmp_path / "Plug.yml").read_text().startswith(f"component: {tmp_path.name}/Plug\n")
    assert f'namespace: "{tmp_path.name}"' in (tmp_path / "msgflo.yaml").read_text()


def test_it_says_why_nothing_is_heard(coordinator: Coordinator, page_of: Pages, same_page: Pages, page: Page) -> None:
    expect(opened(page_of, coordinator, secret=VIEWER).locator(".adopt-message")).to_contain_text("protocol:network")
    same_page.tolerate("status of 409")
    page.route("**/page.json", lambda route: route.fulfill(status=409, body="It is a test.\n"))
    tell(page, "show-view", {"view": "graph"})
    tell(page, "show-view", {"view": "adopt"})
    expect(page.locator(".adopt-message")).to_have_text("no way to the broker: It is a test.")
    page.unroute("**/page.json")


def test_hostile_topics_and_payloads_are_text_up_to_the_file(page: Page, device: Device) -> None:
    config = {
        "name": MARKUP,
        "stat_t": MARKUP,
        "val_tpl": MARKUP,
        "unit_of_meas": MARKUP,
        "dev": {"name": MARKUP, "ids": ["__proto__"]},
    }
    values = {
        f"zigbee2mqtt/{MARKUP}": {MARKUP: MARKUP, "__proto__": MARKUP},
        "homeassistant/sensor/x/config": config,
        f"a/{MARKUP}/\"'": MARKUP,
    }
    sent_until_seen(page, device, values, page.locator(".adopt-devices li").filter(has_text=MARKUP).nth(1).count)
    harm = "() => window.hacked || document.querySelectorAll('.hacked, img[src=x], [onerror]').length"
    for card in range(2):
        page.locator(".adopt-devices li").filter(has_text=MARKUP).nth(card).get_by_role("button").click()
        text = page.get_by_label("The file").input_value()
        assert json.dumps(MARKUP)[1:-1] in text
        assert not page.evaluate(harm)
        page.get_by_role("button", name="Back to the topics").click()
    assert not page.evaluate(harm)


def test_nothing_keeps_people_out_where_they_adopt(page: Page, device: Device) -> None:
    values = {f"tele/lamp{number}/STATE": {"POWER": "ON"} for number in range(3)} | {"some/topic": 5, "some/other": "x"}
    sent_until_seen(page, device, values, page.get_by_role("button", name="Adopt lamp2,").count)
    page.get_by_role("treeitem").filter(has_text="topic").last.locator(".topic-box").click()
    faults = axe(page, "#adopt-view")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Adopt lamp2,").click()
    faults += axe(page, "#adopt-view")
    assert not faults, "\n".join(faults)
    assert page.evaluate("() => document.querySelector('#adopt-view').scrollWidth") <= PHONE[0]
