// A new component: its name, where it goes, and its first source.

import assert from "node:assert/strict";
import { test } from "node:test";

import { madeText, whereText, wrongComponent } from "../../../host/msgflo_host/web/core/project.js";
import { unlock } from "../../../host/msgflo_host/web/core/secret.js";
import { startable } from "../../../host/msgflo_host/web/graph/library.js";
import { LANGUAGES, className } from "../../../host/msgflo_host/web/graph/new_component.js";

const project = { names: ["home/Lamp"], folder: "/home/pi/home", suffixes: { python: ".py", yaml: ".yml" }, creates: "msgflo.yaml" };
const NEEDS = ["component:setsource", "protocol:graph"];

test("only what the coordinator can start is offered", () => {
  const components = ["core/Repeat", "home/Lamp", "devices/Climate", "web/Button", "bell/Bell"].map((name) => ({ name }));
  const names = (own) => startable(components, own).map(({ name }) => name);
  assert.deepEqual(names(new Set(project.names)), ["core/Repeat", "home/Lamp"]);
  assert.equal(names(null).length, 5);
});

test("it is said before and after saving which files are made, and where", () => {
  assert.equal(whereText(project, "Fan", "yaml", true),
    "It is saved as /home/pi/home/Fan.yml. msgflo.yaml is made beside it: the coordinator then runs the components of this folder.");
  assert.equal(whereText({ ...project, creates: "" }, "Fan", "python", false), "It is saved as /home/pi/home/Fan.py. Saving asks for a secret that allows it.");
  assert.equal(whereText(null, "Fan", "yaml", false), "It is saved in the folder of the project. Saving asks for a secret that allows it.");
  assert.equal(madeText(project, "Fan", "yaml"), "Made in /home/pi/home: Fan.yml and msgflo.yaml.");
  assert.equal(madeText({ ...project, creates: "" }, "Fan", "yaml"), "Made in /home/pi/home: Fan.yml.");
  assert.equal(madeText(null, "Fan", "yaml"), "");
});

test("a component has the name of a file, and in Python that of a class", () => {
  for (const name of ["", "_x", "a b", "a/b", "ä", "x".repeat(65)]) assert.notEqual(wrongComponent(name), "");
  for (const name of ["Lamp", "wind-speed", "433", "x".repeat(64)]) assert.equal(wrongComponent(name), "");
  const classes = { Lamp: "Lamp", "wind-speed": "WindSpeed", wind_2: "Wind2", 433: "Component433", None: "ComponentNone", Participant: "ComponentParticipant", "0-": "Component0" };
  for (const [name, expected] of Object.entries(classes)) assert.equal(className(name), expected);
  assert.match(LANGUAGES.python.begin("home/wind-speed", "wind-speed"), /^class WindSpeed\(Participant\):$/m);
  assert.match(LANGUAGES.yaml.begin("home/Fan", "Fan"), /^component: home\/Fan$/m);
});

/** A page whose secret allows nothing, and a person who enters one that allows `entered`; null: none is entered. */
function locked(entered) {
  const rights = new Set();
  let asked = 0;
  const fbp = {
    askSecret: async () => (asked++, entered && "secret"),
    request: async (protocol, command) => {
      assert.deepEqual([protocol, command], ["runtime", "getruntime"]);
      entered.forEach((each) => rights.add(each));
    },
  };
  return { context: { fbp, system: { may: (each) => rights.has(each) } }, asked: () => asked };
}

test("a secret is asked for once, where something is not allowed", async () => {
  const { context, asked } = locked(NEEDS);
  await unlock(context, NEEDS);
  await unlock(context, NEEDS);
  assert.equal(asked(), 1);
});

test("it is said what is lacking where nobody has entered a secret, or one that allows less", async () => {
  await assert.rejects(unlock(locked(null).context, NEEDS), { message: "Not saved: that takes a secret which allows component:setsource and protocol:graph." });
  await assert.rejects(unlock(locked(["protocol:graph"]).context, NEEDS), { message: "Not saved: that takes a secret which allows component:setsource." });
});
