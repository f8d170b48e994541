// @ts-check
// The form that makes a foreign device of a proposal: names, ports, and the file made of them.

import { confirmDialog, download, element, toClipboard, toast } from "../core/dom.js";
import { freeName } from "../core/names.js";
import { askProject, madeText, namespaceOf, whereText, wrongComponent } from "../core/project.js";
import { emit } from "../core/registry.js";
import { portRows } from "./ports.js";
import { NEEDS, save, wrongRole } from "./save.js";
import { toYaml, withRole } from "./yaml.js";

/** @typedef {import("./proposal.js").Proposal} Proposal */

export class Form {
  #context;
  #proposal;
  #leave;
  #isEdited = false; // the text of the file
  #isTouched = false; // any field
  #isBusy = false;
  /** @type {import("../core/project.js").Project | null} */
  #project = null;
  #abort = new AbortController();

  #role;
  #component;
  #label;
  #usesRole;
  #availability;
  #code = element("textarea", { rows: 16, spellcheck: false, "aria-label": "The file", input: () => this.#edited(true) });
  #again = element("button", { type: "button", hidden: true, click: () => (this.#edited(false), this.#write()) }, "Make it from the fields again");
  #save = element("button", { type: "submit", className: "primary" }, "Save and add to the graph");
  #where = element("p", { className: "adopt-where" });
  #advice = element("p", { className: "adopt-advice" });
  #wrong = element("p", { className: "bad", role: "alert" });
  /** @type {HTMLElement} */
  element;

  /**
   * @param {import("../core/registry.js").Context} context @param {Proposal} proposal
   * @param {(isDone: boolean) => void} leave closes the form
   */
  constructor(context, proposal, leave) {
    const { system } = context;
    this.#context = context;
    this.#proposal = proposal;
    this.#leave = (/** @type {boolean} */ isDone) => (this.#abort.abort(), leave(isDone));
    const role = freeName(proposal.role, (name) => wrongRole(name, system) === "There is a node of that name already");
    const component = freeName(proposal.component, (name) => system.components.has(`${namespaceOf(system)}/${name}`));
    const change = () => this.#write();
    this.#role = element("input", { value: role, required: true, maxLength: 100, autocomplete: "off", spellcheck: false, input: change });
    this.#component = element("input", { value: component, required: true, maxLength: 64, autocomplete: "off", spellcheck: false, input: change });
    this.#label = element("input", { value: proposal.label, maxLength: 200, autocomplete: "off", input: change });
    this.#usesRole = element("input", { type: "checkbox", checked: true, change });
    this.#availability = element("input", { type: "checkbox", checked: proposal.availability !== null, change });
    this.element = this.#form(change);
    this.#write();
    this.#fetchProject();
    system.addEventListener("state", () => this.#fetchProject(), { signal: this.#abort.signal }); // other rights
  }

  /** True if edits would be lost with the form. */
  get isUnsaved() {
    return this.#isTouched && !this.#abort.signal.aborted;
  }

  async #back() {
    const question = "What was changed here is not saved.";
    if (!this.isUnsaved || (await confirmDialog(question, { title: "Leave it?", yes: "Discard", no: "Keep editing", danger: true }))) this.#leave(false);
  }

  focus() {
    this.#role.focus();
    this.element.scrollIntoView({ block: "start" });
  }

  /** @param {() => void} change */
  #form(change) {
    const { device, template, notes, outports, inports, availability } = this.#proposal;
    const field = (/** @type {string} */ name, /** @type {Node} */ input) => element("label", { className: "field" }, element("span", {}, name), input);
    const tick = (/** @type {Node} */ input, /** @type {string} */ text) => element("label", { className: "adopt-tick" }, input, element("span", {}, text));
    const back = element("button", { type: "button", className: "plain", click: () => this.#back() }, "Back to the topics");
    const form = element("form", { className: "adopt-form" },
      element("header", {}, back, element("h3", {}, `Adopt ${device}`), element("span", { className: "adopt-template" }, template)),
      ...notes.map((note) => element("p", { className: "hint" }, note)),
      element("div", { className: "adopt-names" }, field("Role: its name in the graph", this.#role), field("Component: what kind of device it is", this.#component), field("Label, for people", this.#label)),
      portRows("What it sends: outports", outports, change, null),
      portRows("What it takes: inports", inports, change, "Add a topic for commands"),
      availability === null ? null : tick(this.#availability, `Availability: read it from ${availability.topic}`),
      tick(this.#usesRole, "For others of its kind as well: the role stands in the topics as #ROLE"),
      element("h4", {}, "The file"), this.#code,
      element("div", { className: "adopt-buttons" }, this.#save,
        element("button", { type: "button", click: () => this.#copy() }, "Copy"),
        element("button", { type: "button", click: () => download(this.#file, this.#code.value, "application/yaml") }, "Download"), this.#again),
      this.#where, this.#wrong, this.#advice);
    form.addEventListener("input", () => (this.#isTouched = true));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    return form;
  }

  get #file() {
    return `${this.#component.value || "device"}.yml`;
  }

  /** Make the text of the file from the fields, unless it has edits of its own. */
  #write() {
    const { system } = this.#context;
    const role = this.#role.value.trim();
    this.#role.setCustomValidity(wrongRole(role, system));
    this.#component.setCustomValidity(wrongComponent(this.#component.value));
    const { inports, outports, icon } = this.#proposal;
    const availability = this.#availability.checked ? this.#proposal.availability : null;
    const topics = [...inports, ...outports].filter((port) => port.chosen).map((port) => port.topic);
    this.#usesRole.disabled = !topics.some((topic) => withRole(topic, role) !== topic);
    if (!this.#isEdited) {
      this.#code.value = toYaml({
        component: `${namespaceOf(system)}/${this.#component.value}`, label: this.#label.value, icon, role, inports, outports, availability,
        usesRole: this.#usesRole.checked && !this.#usesRole.disabled,
      });
    }
    this.#showWhere();
    const command = `msgflo register ${shell(`${role}:${this.#file}`)}`;
    this.#advice.replaceChildren(element("span", {}, "With this text in a file, it can be announced from any machine, too: "), element("code", {}, command));
  }

  /** @param {boolean} isEdited */
  #edited(isEdited) {
    this.#isEdited = isEdited;
    this.#again.hidden = !isEdited;
  }

  async #fetchProject() {
    if (!this.#context.system.isReady) return;
    this.#project = await askProject(this.#context.system);
    this.#showWhere();
  }

  #showWhere() {
    const isAllowed = NEEDS.every((each) => this.#context.system.may(each));
    this.#where.textContent = whereText(this.#project, this.#component.value, "yaml", isAllowed);
  }

  async #copy() {
    if (await toClipboard(this.#code.value)) {
      toast("The file is copied.", "good");
    } else {
      this.#code.select();
      toast("It is chosen now: copy it by keyboard.", "info");
    }
  }

  async #submit() {
    if (this.#isBusy) return;
    const { system, bus } = this.#context;
    const role = this.#role.value.trim();
    const component = this.#component.value;
    const full = `${namespaceOf(system)}/${component}`;
    const isNew = !system.components.has(full);
    if (!isNew && !(await confirmDialog(`${full} is there already. Other nodes may be of it, too.`, { title: "Replace its file?", yes: "Replace", danger: true }))) return;
    this.#isBusy = this.#save.disabled = true;
    this.#wrong.textContent = "";
    try {
      if (!(await save(this.#context, role, component, this.#code.value))) return;
      system.askStatus();
      this.#leave(true);
      toast(`${role} is in the graph. ${isNew ? madeText(this.#project, component, "yaml") : `The file of ${full} is replaced.`}`, "good");
      emit(bus, "show-view", { view: "graph" });
      emit(bus, "select", { kind: "node", ids: [role] });
    } catch (error) {
      this.#wrong.textContent = /** @type {Error} */ (error).message;
      this.#wrong.scrollIntoView({ block: "nearest" });
    } finally {
      this.#isBusy = this.#save.disabled = false;
    }
  }
}

/** Quote a word of a command line. @param {string} word */
const shell = (word) => (/^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
