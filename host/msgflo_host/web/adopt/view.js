// @ts-check
// The view: devices that templates recognize, all other topics as a tree, and the form that makes a node of one.

import { announce, element } from "../core/dom.js";
import { byHand } from "./by_hand.js";
import { Form } from "./form.js";
import { Known } from "./known.js";
import { MOST_TOPICS, Topics } from "./seen.js";
import { Subscription } from "./subscription.js";
import { devicesAmong } from "./templates/all.js";
import { Tree } from "./tree.js";

const SOON_MS = 250; // after a new topic
const AGE_MS = 1000; // between two other updates

export class Adopting {
  #context;
  #topics = new Topics();
  #known = new Known();
  #subscription;
  #tree;
  /** @type {import("./proposal.js").Proposal[]} */
  #devices = [];
  #drawn = ""; // the version of the topics and ports in which the devices were found
  #timer = 0;
  #isSoon = false; // the timer is for a new topic
  #updated = -Infinity;
  /** @type {Form | null} the last one that was opened */
  #form = null;

  #message = element("p", { className: "adopt-message", role: "status" });
  #list = element("ul", { className: "adopt-devices", "aria-label": "Devices that are found" });
  #found = element("section", { hidden: true }, element("h3", {}, "Devices"), this.#list);
  #search = element("input", { type: "search", placeholder: "Search topics", "aria-label": "Search topics", input: () => this.#update() });
  #adopt = element("button", { type: "button", className: "primary", disabled: true, click: () => this.#adoptChosen() }, "Adopt the chosen topics");
  #rows = element("div", {});
  #others = element("section", { hidden: true }, element("h3", {}, "Topics"),
    element("div", { className: "adopt-tools" }, this.#search, this.#adopt), this.#rows);
  #overview = element("div", { className: "adopt-overview" },
    element("p", { className: "hint" }, "What is sent to the broker on topics that belong to no participant. A device of it becomes a node of the graph; nothing on the device changes."),
    this.#message, this.#found, this.#others);
  /** @type {HTMLElement} */
  element = element("div", { className: "adopt" }, element("h2", { className: "unseen" }, "Adopt"), this.#overview);

  /** @param {import("../core/registry.js").Context} context */
  constructor(context) {
    this.#context = context;
    this.#subscription = new Subscription(context.fbp, (topic, payload) => this.#take(topic, payload));
    this.#subscription.addEventListener("state", () => this.#showMessage());
    this.#tree = new Tree(this.#rows);
    this.#tree.addEventListener("choice", () => this.#choice());
    context.system.addEventListener("change", ({ detail: { kinds } }) => {
      if (kinds.has("status")) this.#updatePorts();
    });
    addEventListener("beforeunload", (event) => this.#form?.isUnsaved && event.preventDefault());
    this.#updatePorts();
  }

  /** Subscribe to all topics and show them, or end that. @param {boolean} isShown */
  setActive(isShown) {
    this.#subscription.setActive(isShown && this.#may);
    this.#stopTimer();
    if (isShown) this.#update();
    this.#showMessage();
  }

  /** True if the coordinator gives us an account of the broker. */
  get #may() {
    return this.#context.system.may("protocol:network");
  }

  /** @param {string} topic @param {Uint8Array} payload */
  #take(topic, payload) {
    const { version } = this.#topics;
    this.#topics.take(topic, payload);
    if (version !== this.#topics.version) this.#plan(SOON_MS);
  }

  #updatePorts() {
    const known = new Known(this.#context.system.status.nodes);
    if (known.key === this.#known.key) return;
    this.#known = known;
    this.#update();
  }

  /** @param {number} ms */
  #plan(ms) {
    if (ms === SOON_MS && this.#isSoon) return;
    this.#stopTimer();
    this.#isSoon = ms === SOON_MS;
    this.#timer = setTimeout(() => this.#update(), this.#updated + ms - performance.now());
  }

  #stopTimer() {
    clearTimeout(this.#timer);
    this.#isSoon = false;
  }

  #update() {
    this.#stopTimer();
    this.#updated = performance.now();
    if (this.#subscription.state === "off") return;
    if (!this.#overview.hidden) this.#show();
    this.#plan(AGE_MS);
  }

  #show() {
    const free = [...this.#topics.all.values()].filter((seen) => !this.#known.covers(seen));
    const left = new Set(free.map(({ topic }) => topic));
    for (const topic of this.#tree.chosen) if (!left.has(topic)) this.#tree.chosen.delete(topic);
    const words = this.#search.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const shown = free.filter(({ topic }) => words.every((word) => topic.toLowerCase().includes(word)));
    this.#others.hidden = free.length === 0;
    this.#rows.hidden = shown.length === 0;
    this.#tree.show(shown);
    this.#choice();
    this.#showMessage();
    const among = `${this.#topics.version}\n${this.#known.key}`;
    if (among === this.#drawn) return;
    this.#drawn = among;
    this.#findDevices();
    this.#list.replaceChildren(...this.#devices.map((each) => this.#card(each)));
    this.#found.hidden = this.#devices.length === 0;
  }

  #findDevices() {
    this.#devices = devicesAmong(this.#topics.all, (topic) => this.#known.has(topic));
  }

  /** @param {import("./proposal.js").Proposal} device */
  #card({ template, key, device, outports, inports }) {
    const adopt = () => {
      this.#findDevices(); // by their present values
      const now = this.#devices.find((each) => each.template === template && each.key === key);
      if (now !== undefined) this.#open(now);
    };
    const ports = [...outports, ...inports].filter((port) => port.chosen).map((port) => port.id);
    const isOneOfSeveral = this.#devices.some((each) => each.template === template && each.device === device && each.key !== key);
    const name = isOneOfSeveral ? `${device} (${key})` : device;
    return element("li", {}, element("div", {}, element("strong", {}, name), " ", element("span", { className: "adopt-template" }, template),
      element("p", { className: "hint" }, ports.slice(0, 8).join(", ") + (ports.length > 8 ? ", …" : ""))),
    element("button", { type: "button", "aria-label": `Adopt ${name}, ${template}`, click: adopt }, "Adopt"));
  }

  #choice() {
    const count = this.#tree.chosen.size;
    this.#adopt.disabled = count === 0;
    const text = count === 0 ? "Adopt the chosen topics" : `Adopt ${count} ${count === 1 ? "topic" : "topics"}`;
    if (this.#adopt.textContent !== text) this.#adopt.textContent = text;
  }

  #adoptChosen() {
    const chosen = [...this.#tree.chosen].flatMap((topic) => this.#topics.all.get(topic) ?? []);
    if (chosen.length > 0) this.#open(byHand(chosen));
  }

  /** @param {import("./proposal.js").Proposal} proposal */
  #open(proposal) {
    const form = (this.#form = new Form(this.#context, proposal, (isDone) => {
      form.element.remove();
      this.#overview.hidden = false;
      if (isDone) this.#tree.chosen.clear();
      this.#update();
      this.#search.focus();
    }));
    this.#overview.hidden = true;
    this.element.append(form.element);
    form.focus();
    announce(`Adopt ${proposal.device}`);
  }

  #showMessage() {
    const { state, trouble } = this.#subscription;
    const { all, leftOut } = this.#topics;
    let text = this.#may || this.#context.system.runtime === null ? trouble : "Topics are heard by those who may control the network: enter a secret that allows protocol:network.";
    if (text === "" && leftOut > 0) text = `There are more than ${MOST_TOPICS} topics: the others are not shown.`;
    if (text === "" && state === "on" && [...all.values()].every((seen) => this.#known.covers(seen))) text = "Nothing is heard of that belongs to nobody. Topics appear here when something is sent on them.";
    if (text === "" && state !== "on") text = "Connecting to the broker…";
    if (this.#message.textContent !== text) this.#message.textContent = text;
    this.#message.hidden = text === "";
  }
}
