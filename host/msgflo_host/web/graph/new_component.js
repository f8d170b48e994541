// @ts-check
// A new component of the project: its name, a language, and a source to begin with.

import { element, formDialog, toast } from "../core/dom.js";
import { freeName } from "../core/names.js";
import { askProject, madeText, namespaceOf, whereText, wrongComponent } from "../core/project.js";
import { emit } from "../core/registry.js";
import { unlock } from "../core/secret.js";

const NEEDS = ["component:setsource", "protocol:graph"];

/** A source to begin with, by language. @type {Record<string, {about: string, begin: (full: string, name: string) => string}>} */
export const LANGUAGES = {
  python: {
    about: "Python: a program that the coordinator runs",
    begin: (full, name) => `from msgflo import Participant, Port


class ${className(name)}(Participant):
    label = "What it does, for people"
    inports = [Port("in")]
    outports = [Port("out")]

    def on_in(self, value):
        self.send("out", value)
`,
  },
  yaml: {
    about: "YAML: a device that speaks MQTT by itself",
    begin: (full) => `component: ${full}
label: What it is, for people
inports:
  power:
    queue: "cmnd/#ROLE/POWER"
    type: boolean
outports:
  state:
    queue: "stat/#ROLE/POWER"
    type: string
`,
  },
};

/** The class of a component in Python: `wind-speed` is a WindSpeed. @param {string} name */
export function className(name) {
  const words = name.split(/[^A-Za-z0-9]+/).filter((each) => each !== "");
  const joined = words.map((each) => each[0].toUpperCase() + each.slice(1)).join("");
  return /^(\d|$|(None|True|False|Participant|Port)$)/.test(joined) ? `Component${joined}` : joined;
}

/**
 * Ask for a name and a language, save the source, and add a node with its source open.
 * @param {import("../core/registry.js").Context} context @param {(component: string) => Promise<string | null>} add gives the name of the node
 */
export async function newComponent(context, add) {
  const { system, fbp, bus } = context;
  const project = await askProject(system);
  const chosen = await askComponent(system, project);
  if (chosen === null) return;
  const { name, language } = chosen;
  const library = namespaceOf(system);
  const full = `${library}/${name}`;
  try {
    await unlock(context, NEEDS);
    await fbp.request("component", "source", { name, library, language, code: LANGUAGES[language].begin(full, name) });
  } catch (error) {
    return toast(/** @type {Error} */ (error).message, "bad");
  }
  toast(`${full} is there. ${madeText(project, name, language)}`, "good");
  const id = await add(full);
  if (id !== null) emit(bus, "open-node", { id, source: true });
}

/** @param {import("../core/system.js").System} system @param {import("../core/project.js").Project | null} project @returns {Promise<{name: string, language: string} | null>} */
function askComponent(system, project) {
  const isTaken = (/** @type {string} */ name) => system.components.has(`${namespaceOf(system)}/${name}`);
  const languages = Object.keys(LANGUAGES).filter((each) => project === null || each in project.suffixes);
  const name = element("input", { value: freeName("Component", isTaken), maxLength: 64, autocomplete: "off", spellcheck: false, input: () => show() });
  const language = element("select", { change: () => show() }, ...languages.map((each) => element("option", { value: each }, LANGUAGES[each].about)));
  const where = element("p", { className: "hint" });
  const show = () => {
    const wrong = wrongComponent(name.value) || (isTaken(name.value) ? "There is a component of that name already" : "");
    name.setCustomValidity(wrong);
    where.textContent = wrong || whereText(project, name.value, language.value, NEEDS.every((each) => system.may(each)));
  };
  show();
  const field = (/** @type {string} */ label, /** @type {Node} */ input) => element("label", { className: "field" }, element("span", {}, label), input);
  return formDialog({
    title: "New component", yes: "Make it", content: [field(`Name, in ${namespaceOf(system)}/`, name), field("Language", language), where],
    read: () => ({ name: name.value, language: language.value }),
  });
}
