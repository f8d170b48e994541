// @ts-check
// Looking inside: what passes on an edge, what a node is and says, traces.

import { announce, confirmDialog, openPanel, toast } from "../core/dom.js";
import { insideEdge } from "./edge.js";
import { insideNode } from "./node.js";
import { startTidying } from "./send.js";
import { startTraces } from "./traces.js";

/**
 * What is shown in the inspector. `shown` is called when it is there, `stop` when it is not any more; `unsaved` says what would be
 * lost then, for people, and is empty where that is nothing.
 * @typedef {{id: string, title: string, content: HTMLElement, shown?: () => void, stop: () => void, unsaved?: () => string}} Inside
 */

const SECOND_CLICK_MS = 300;

/** @param {import("../core/registry.js").Context} context */
export function start(context) {
  const { bus } = context;
  const shower = new Shower();
  bus.addEventListener("open-edge", (event) => {
    const { key } = /** @type {CustomEvent} */ (event).detail;
    shower.show(() => insideEdge(context, key), "This edge is not there (any more).");
  });
  bus.addEventListener("open-node", (event) => {
    const { id, source = false } = /** @type {CustomEvent} */ (event).detail;
    shower.show(() => insideNode(context, id, source), "This node is not there (any more).");
  });
  startTidying(context);
  startTraces(context, shower);
}

/** Shows one thing at a time in the inspector. */
export class Shower {
  /** @type {Inside | null} */
  #inside = null;
  #byKey = false;
  #released = -Infinity; // when somebody has clicked or tapped last
  #timer = 0;

  constructor() {
    addEventListener("keydown", () => (this.#byKey = true), { capture: true });
    addEventListener("pointerdown", () => (this.#byKey = false), { capture: true });
    addEventListener("pointerup", () => (this.#released = performance.now()), { capture: true });
    addEventListener("dblclick", () => clearTimeout(this.#timer), { capture: true });
    addEventListener("beforeunload", (event) => this.#inside?.unsaved?.() && event.preventDefault());
  }

  /** @param {() => Inside | null} make @param {string} otherwise what is said where there is nothing */
  show(make, otherwise) {
    clearTimeout(this.#timer);
    const byKey = this.#byKey; // and not a key that comes before the panel: it is for the picture
    const open = () => this.#open(make(), otherwise, byKey);
    // The picture becomes smaller by it: a second click is to meet what the first one has met.
    const left = this.#released + SECOND_CLICK_MS - performance.now();
    if (left > 0 && !byKey && document.getElementById("inspector")?.hidden) this.#timer = setTimeout(open, left);
    else open();
  }

  /** @param {Inside | null} inside @param {string} otherwise @param {boolean} byKey whether the focus goes there */
  async #open(inside, otherwise, byKey) {
    if (inside === null) return toast(otherwise, "warn");
    const before = this.#inside;
    if (before?.unsaved?.() && (before.id === inside.id || !(await this.#mayLeave()))) return inside.stop();
    this.#put(inside, byKey);
  }

  /** Whether what is shown may go, or people say that it may. */
  async #mayLeave() {
    const unsaved = this.#inside?.unsaved?.();
    if (!unsaved) return true;
    if (document.querySelector("dialog[open]")) return false; // they are being asked
    return confirmDialog(unsaved, { title: "Leave it?", yes: "Discard", no: "Keep editing", danger: true });
  }

  /** @param {Inside} inside @param {boolean} byKey */
  #put(inside, byKey) {
    this.#inside?.stop();
    this.#inside = inside;
    const onClose = () => {
      inside.stop();
      if (this.#inside === inside) this.#inside = null;
    };
    const holder = openPanel(inside.id, inside.title, inside.content, { onClose, mayLeave: () => this.#mayLeave() });
    holder.scrollTop = 0;
    inside.shown?.();
    // By keys one goes on in the panel; the mouse stays where it is.
    if (!byKey) return announce(`Looking inside ${inside.title}`);
    const close = holder.parentElement?.querySelector(".panel-head button");
    if (close instanceof HTMLElement) close.focus();
  }
}
