// @ts-check
// The lines that a node has printed, and its errors.

import { element } from "../core/dom.js";
import { timeText } from "./value_text.js";

const MOST_LINES = 200;

export class Output {
  #system;
  #graph;
  #id;

  /** @param {import("../core/system.js").System} system @param {string} graph @param {string} id of a node of it */
  constructor(system, graph, id) {
    this.#system = system;
    this.#graph = graph;
    this.#id = id;
    this.none = element("p", { className: "hint" }, "It has printed nothing of late.");
    this.lines = element("ol", { className: "inspect-log", role: "log", "aria-label": `Output of ${id}`, tabIndex: 0 });
    this.element = element("div", {}, this.none, this.lines);
    this.fill();
  }

  /** Write all lines anew, with those of before. */
  fill() {
    const lines = this.#system.outputOf(this.#graph, this.#id).slice(-MOST_LINES);
    this.lines.replaceChildren(...lines.map(itemOf));
    this.#show();
    this.toEnd();
  }

  /** @param {import("../core/health.js").Line} line of any node */
  add(line) {
    if (this.#system.isAbout(line, this.#graph, this.#id)) this.#write(line);
  }

  /** @param {import("../core/health.js").Line} line */
  #write(line) {
    const isAtEnd = this.lines.scrollTop + this.lines.clientHeight >= this.lines.scrollHeight - 8;
    this.lines.append(itemOf(line));
    while (this.lines.childElementCount > MOST_LINES) this.lines.firstElementChild?.remove();
    this.#show();
    if (isAtEnd) this.toEnd();
  }

  toEnd() {
    this.lines.scrollTop = this.lines.scrollHeight;
  }

  #show() {
    this.lines.hidden = this.lines.childElementCount === 0;
    this.none.hidden = !this.lines.hidden;
  }
}

/** @param {import("../core/health.js").Line} line */
const itemOf = ({ text, at }) => element("li", {}, element("time", { dateTime: new Date(at).toISOString() }, timeText(at)), element("span", {}, text));
