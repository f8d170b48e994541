import assert from "node:assert/strict";
import { test } from "node:test";

import { byHand } from "../../../host/msgflo_host/web/adopt/by_hand.js";
import { rowsOf, treeOf } from "../../../host/msgflo_host/web/adopt/branches.js";
import { Topics } from "../../../host/msgflo_host/web/adopt/seen.js";
import esphome from "../../../host/msgflo_host/web/adopt/templates/esphome.js";
import homeassistant from "../../../host/msgflo_host/web/adopt/templates/homeassistant.js";
import rtl433 from "../../../host/msgflo_host/web/adopt/templates/rtl_433.js";
import shelly from "../../../host/msgflo_host/web/adopt/templates/shelly.js";
import tasmota from "../../../host/msgflo_host/web/adopt/templates/tasmota.js";
import zigbee2mqtt from "../../../host/msgflo_host/web/adopt/templates/zigbee2mqtt.js";
import { toYaml } from "../../../host/msgflo_host/web/adopt/yaml.js";

/** What a template finds among topics with these values; texts are payloads as they are, all else is JSON. */
function find(template, values) {
  const topics = new Topics();
  for (const [topic, value] of Object.entries(values)) {
    topics.take(topic, new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)));
  }
  const chosen = (ports) => Object.fromEntries(ports.filter((port) => port.chosen).map((port) => [port.id, [port.topic, port.type]]));
  return template.find(topics.all).map(({ device, role, inports, outports, availability }) => ({
    device, role, availability, in: chosen(inports), out: chosen(outports), about: outports.map((port) => port.description),
    text: inports.filter((port) => port.isText).map((port) => port.id),
  }));
}

test("rtl_433: a device and its receiver, from the topics that it sends by default", () => {
  const base = "rtl_433/pi/devices/TPMS/Citroen/70a1";
  const [device, receiver] = find(rtl433, {
    [`${base}/time`]: "2026-01-01 10:00:00",
    [`${base}/pressure_kPa`]: "221",
    [`${base}/battery_ok`]: "1",
    "rtl_433/pi/events": { model: "Citroen", pressure_kPa: 221 },
    "rtl_433/pi/availability": "online",
  });
  assert.equal(device.role, "TPMS-Citroen-70a1");
  assert.deepEqual(device.out, {
    pressure_kPa: [`${base}/pressure_kPa`, "number"],
    battery_ok: [`${base}/battery_ok`, "number"],
  });
  assert.deepEqual(device.availability, { topic: "rtl_433/pi/availability", online: "online", offline: "offline" });
  assert.deepEqual(receiver.out, { events: ["rtl_433/pi/events", "object"] });
});

test("zigbee2mqtt: names with slashes, and both kinds of availability", () => {
  const [lamp, button] = find(zigbee2mqtt, {
    "zigbee2mqtt/bridge/state": { state: "online" },
    "zigbee2mqtt/hall/lamp": { state: "ON", brightness: 254 },
    "zigbee2mqtt/hall/lamp/availability": { state: "online" },
    "zigbee2mqtt/hall/lamp/set": { state: "ON" },
    "zigbee2mqtt/button": { action: "single" },
    "zigbee2mqtt/button/availability": "online",
  });
  assert.deepEqual([lamp.device, lamp.role], ["hall/lamp", "hall_lamp"]);
  assert.deepEqual(lamp.in, { set: ["zigbee2mqtt/hall/lamp/set", "object"] });
  assert.deepEqual(lamp.out, { state: ["zigbee2mqtt/hall/lamp", "object"] });
  assert.deepEqual(lamp.availability.online, { state: "online" });
  assert.deepEqual(button.in, {});
  assert.deepEqual(button.out, { action: ["zigbee2mqtt/button", "object"] });
  assert.equal(button.availability.online, "online");
});

test("tasmota: both orders of its topics", () => {
  for (const topic of [(prefix, last) => `${prefix}/fan/${last}`, (prefix, last) => `fan/${prefix}/${last}`]) {
    const [fan] = find(tasmota, {
      [topic("tele", "LWT")]: "Online",
      [topic("tele", "STATE")]: { POWER1: "ON" },
      [topic("stat", "POWER2")]: "OFF",
    });
    assert.deepEqual(fan.in, { power1: [topic("cmnd", "POWER1"), "boolean"], power2: [topic("cmnd", "POWER2"), "boolean"] });
    assert.deepEqual(fan.out, {
      state: [topic("tele", "STATE"), "object"],
      power1: [topic("stat", "POWER1"), "string"],
      power2: [topic("stat", "POWER2"), "string"],
    });
    assert.deepEqual(fan.text, ["power1", "power2"]);
    assert.deepEqual(fan.availability, { topic: topic("tele", "LWT"), online: "Online", offline: "Offline" });
  }
  assert.deepEqual(find(tasmota, { "stat/other/thing": "1" }), []);
});

test("esphome: commands are added", () => {
  const [node] = find(esphome, {
    "porch/sensor/outside/state": "12.5",
    "porch/switch/pump/state": "ON",
    "porch/light/lamp/state": { state: "ON" },
    "porch/status": "online",
    "porch/debug": "[D] hello",
  });
  assert.deepEqual(node.out, {
    outside: ["porch/sensor/outside/state", "number"],
    pump: ["porch/switch/pump/state", "string"],
    lamp: ["porch/light/lamp/state", "object"],
  });
  assert.deepEqual(node.in, { pump: ["porch/switch/pump/command", "string"], lamp: ["porch/light/lamp/command", "object"] });
  assert.deepEqual(node.text, ["pump"]);
  assert.deepEqual(node.availability, { topic: "porch/status", online: "online", offline: "offline" });
});

test("shelly: both generations", () => {
  const [first, later] = find(shelly, {
    "shellies/announce": { id: "shelly1-AB" },
    "shellies/shelly1-AB/announce": { id: "shelly1-AB" },
    "shellies/shelly1-AB/online": "true",
    "shellies/shelly1-AB/relay/0": "on",
    "shellies/shelly1-AB/relay/0/power": "3.5",
    "shellyplus1-CD/online": "true",
    "shellyplus1-CD/status/switch:0": { output: true },
    "shellyplus1-CD/status/sys": { uptime: 4 },
  });
  assert.deepEqual(first.out, {
    relay_0: ["shellies/shelly1-AB/relay/0", "string"],
    relay_0_power: ["shellies/shelly1-AB/relay/0/power", "number"],
  });
  assert.deepEqual(first.in, { relay_0: ["shellies/shelly1-AB/relay/0/command", "string"] });
  assert.deepEqual(first.availability, { topic: "shellies/shelly1-AB/online", online: true, offline: false });
  assert.deepEqual(later.out, { switch_0: ["shellyplus1-CD/status/switch:0", "object"] });
  assert.deepEqual(later.in, { switch_0: ["shellyplus1-CD/command/switch:0", "string"] });
  assert.deepEqual([first.text, later.text], [["relay_0"], ["switch_0"]]);
});

test("Home Assistant: what is of one device is joined", () => {
  const device = { ids: ["0x1"], name: "Weather" };
  const [weather] = find(homeassistant, {
    "homeassistant/sensor/0x1/t/config": {
      "~": "station", name: "Temperature", stat_t: "~/now", val_tpl: "{{ value_json.t }}", unit_of_meas: "°C",
      dev: device, avty: [{ t: "~/there", val_tpl: "{{ value_json.state }}" }],
    },
    "homeassistant/sensor/0x1/rain/config": {
      name: "Rain", state_topic: "station/rain", unit_of_measurement: "mm", device: { identifiers: "0x1" },
    },
    "homeassistant/switch/0x1/pump/config": {
      name: "Pump", stat_t: "station/pump", cmd_t: "station/pump/set", pl_on: "ON", pl_off: "OFF", dev: device,
    },
    "station/pump": "OFF",
  });
  assert.deepEqual([weather.device, weather.role], ["Weather", "Weather"]);
  assert.deepEqual(weather.out, {
    Temperature: ["station/now", "object"],
    Rain: ["station/rain", "number"],
    Pump: ["station/pump", "string"],
  });
  assert.deepEqual(weather.in, { Pump: ["station/pump/set", "string"] });
  assert.deepEqual(weather.text, ["Pump"]);
  assert.equal(weather.about[0], "Temperature in °C (value_template {{ value_json.t }})");
  assert.deepEqual(weather.availability, { topic: "station/there", online: { state: "online" }, offline: { state: "offline" } });
});

test("names of any script stay, and a level without a name is a slash", () => {
  const topics = ["haus/Küche/Licht", "haus/Küche/Höhe", "مصباح/ضوء", "/führend", "/x/y", "straße/größe"];
  const seen = topics.map((topic) => ({ topic, type: "number", value: 5, text: "5" }));
  const made = [seen.slice(0, 2), [seen[2]], [seen[3]], [seen[5]]].map((chosen) => byHand(chosen));
  assert.deepEqual(made.map(({ role, component }) => [role, component]), [
    ["Küche", "Kuche"], ["مصباح", "Device"], ["device", "Device"], ["straße", "Strasse"],
  ]);
  assert.deepEqual(made.map(({ outports }) => outports[0].id), ["Licht", "ضوء", "führend", "größe"]);
  assert.match(toYaml({ ...made[0], component: "home/Kuche", usesRole: true }), /"haus\/#ROLE\/Licht"/);
  const names = rowsOf(treeOf(seen), new Map()).rows.map(({ branch }) => branch.name);
  assert.deepEqual(names.slice(0, 3), ["/", "führend", "x/y"]);
});

test("topics and values are bounded, and ours are not among them", () => {
  const topics = new Topics();
  for (let i = 0; i < 5003; i++) topics.take(`t/${i}`, new Uint8Array(20_000).fill(65));
  topics.take("fbp/x", new Uint8Array(1));
  topics.take("$SYS/x", new Uint8Array(1));
  const kept = [...topics.all.values()];
  assert.deepEqual([kept.length, topics.leftOut], [5000, 3]);
  assert.ok(kept.reduce((sum, { payload }) => sum + payload.length, 0) < 20_000_000);
  assert.equal(kept[0].value, undefined);
});
