// @ts-check
// The panel of a trace: its steps as a list, each shown in the picture.

import { announce, element } from "../core/dom.js";
import { emit } from "../core/registry.js";
import { numberText } from "../core/text.js";
import { button, section, write } from "./elements.js";
import { filterOf, pretty, timeText } from "./value_text.js";

const SHOWN = 200; // rows at a time

let number = 0;

/**
 * @param {import("../core/registry.js").Context} context @param {import("./trace_file.js").Trace} trace @param {string} name of it, for people
 * @returns {import("./inspect.js").Panel}
 */
export function tracePanel(context, trace, name) {
  const steps = new Steps(context, trace);
  return { id: `trace ${++number}`, title: name, content: steps.element, stop: () => {} };
}

class Steps {
  #context;
  #all;
  /** @type {import("./trace_file.js").Step[]} */
  #chosen;
  #at = -1;
  #begin = 0; // the first step that has a row

  /** @param {import("../core/registry.js").Context} context @param {import("./trace_file.js").Trace} trace */
  constructor(context, trace) {
    this.#context = context;
    this.#all = trace.steps;
    this.#chosen = trace.steps;
    this.previous = button("Back", () => this.go(this.#at - 1));
    this.next = button("Next", () => this.go(this.#at + 1), { className: "primary" });
    this.position = element("p", { className: "hint" });
    this.value = element("pre", { tabIndex: 0, "aria-label": "Value of this step" });
    this.list = element("ol", { className: "inspect-steps", "aria-label": "Steps of the trace" });
    const filter = element("input", { type: "search", placeholder: "Filter", "aria-label": "Filter the steps: a text, or a number as in > 20", input: () => this.#filter(filter.value) });
    const left = trace.leftOut > 0 ? element("p", { className: "warn" }, `${trace.leftOut} more are in the file; the first ${this.#all.length} are shown.`) : null;
    this.element = element("div", { className: "inspect" }, element("div", { className: "inspect-tools" }, this.previous, this.next, filter), this.position, left,
      section("Value", true, this.value), this.list);
    this.#fill();
  }

  /** @param {string} text */
  #filter(text) {
    const fits = filterOf(text);
    const lower = text.trim().toLowerCase();
    this.#chosen = this.#all.filter((step) => fits(step.data ?? step.text) || step.where.toLowerCase().includes(lower));
    this.#at = -1;
    this.#fill();
  }

  /** Show a step. @param {number} to counted from 0 */
  go(to) {
    const step = this.#chosen[to];
    if (step === undefined) return;
    this.#at = to;
    const focused = document.activeElement;
    if (this.#begin !== Math.floor(to / SHOWN) * SHOWN) this.#fill();
    else this.#write();
    this.#buttons()[to - this.#begin].scrollIntoView({ block: "nearest" });
    // A button that is disabled loses the focus.
    if (focused === this.next && this.next.disabled) this.previous.focus();
    if (focused === this.previous && this.previous.disabled) this.next.focus();
    announce(`Step ${to + 1}: ${step.where}, ${step.text}`);
    this.#highlight(step);
  }

  /** @param {import("./trace_file.js").Step} step */
  #highlight({ edge, node, graph }) {
    const { system, bus } = this.#context;
    const shown = system.current === graph ? system.graph : null;
    if (edge !== null && shown?.edges.has(edge)) emit(bus, "select", { kind: "edge", ids: [edge] });
    else if (node !== null && shown?.nodes.has(node)) emit(bus, "select", { kind: "node", ids: [node] });
    else emit(bus, "select", { kind: null, ids: [] });
  }

  /** @returns {HTMLElement[]} */
  #buttons() {
    return [...this.list.querySelectorAll("button")];
  }

  /** Write other rows. */
  #fill() {
    this.#begin = Math.floor(Math.max(0, this.#at) / SHOWN) * SHOWN;
    const first = this.#chosen[0]?.at ?? 0;
    this.list.start = this.#begin + 1;
    this.list.replaceChildren(...this.#chosen.slice(this.#begin, this.#begin + SHOWN).map((step, i) => this.#row(step, this.#begin + i, first)));
    this.#write();
  }

  /** Mark the current step. The rows stay: one of them may have the focus. */
  #write() {
    const count = this.#chosen.length;
    this.list.querySelector("[aria-current]")?.removeAttribute("aria-current");
    this.#buttons()[this.#at - this.#begin]?.setAttribute("aria-current", "step");
    this.previous.disabled = this.#at <= 0;
    this.next.disabled = this.#at + 1 >= count;
    write(this.position, count === 0 ? "Nothing has happened in it." : this.#at < 0 ? `${count} steps. Choose one, or begin with Next.` : `Step ${this.#at + 1} of ${count}.`);
    const step = this.#chosen[this.#at];
    write(this.value, step === undefined ? "" : step.data === undefined ? step.text : pretty(step.data));
  }

  /** @param {import("./trace_file.js").Step} step @param {number} i @param {number} first the time of the first one */
  #row({ at, where, text }, i, first) {
    const time = Number.isFinite(at) ? `${timeText(at)} (+${numberText((at - first) / 1000)} s)` : "no time";
    const inside = [element("time", {}, time), element("span", {}, where), element("code", {}, text)];
    return element("li", {}, element("button", { type: "button", className: "plain", click: () => this.go(i) }, ...inside));
  }
}
