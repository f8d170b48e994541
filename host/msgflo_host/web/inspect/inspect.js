// @ts-check
// The inspector: the packets of an edge, a node with its ports, values, output and source, and traces.

import { announce, confirmDialog, openPanel, toast } from "../core/dom.js";
import { edgePanel } from "./edge_panel.js";
import { nodePanel } from "./node_panel.js";
import { startTidying } from "./send_packet.js";
import { startTraces } from "./traces.js";

/**
 * The inspector shows one panel at a time. It calls `shown` when the panel is in sight, and `stop` when it has gone. `unsaved` returns
 * what would be lost then, for people; an empty text where nothing would.
 * @typedef {{id: string, title: string, content: HTMLElement, shown?: () => void, stop: () => void, unsaved?: () => string}} Panel
 */

const SECOND_CLICK_MS = 300;

/** @param {import("../core/registry.js").Context} context */
export function start(context) {
  const { bus } = context;
  const inspector = new Inspector();
  bus.addEventListener("open-edge", (event) => {
    const { key } = event.detail;
    inspector.show(() => edgePanel(context, key), "This edge is not there (any more).");
  });
  bus.addEventListener("open-node", (event) => {
    const { id, source = false } = event.detail;
    inspector.show(() => nodePanel(context, id, source), "This node is not there (any more).");
  });
  startTidying(context);
  startTraces(context, inspector);
}

/** Shows one panel at a time. */
export class Inspector {
  /** @type {Panel | null} */
  #panel = null;
  #byKey = false;
  #released = -Infinity; // when somebody has clicked or tapped last, in ms
  #timer = 0;

  constructor() {
    addEventListener("keydown", () => (this.#byKey = true), { capture: true });
    addEventListener("pointerdown", () => (this.#byKey = false), { capture: true });
    addEventListener("pointerup", () => (this.#released = performance.now()), { capture: true });
    addEventListener("dblclick", () => clearTimeout(this.#timer), { capture: true });
    addEventListener("beforeunload", (event) => this.#panel?.unsaved?.() && event.preventDefault());
  }

  /** @param {() => Panel | null} make @param {string} nothing the toast where there is no panel */
  show(make, nothing) {
    clearTimeout(this.#timer);
    const byKey = this.#byKey; // a key that is pressed before the panel opens is for the picture
    const open = () => this.#open(make(), nothing, byKey);
    // The panel makes the picture smaller: it waits, so that a double click meets one node.
    const left = this.#released + SECOND_CLICK_MS - performance.now();
    if (left > 0 && !byKey && document.getElementById("inspector")?.hidden) this.#timer = setTimeout(open, left);
    else open();
  }

  /** @param {Panel | null} panel @param {string} nothing @param {boolean} byKey whether the focus goes there */
  async #open(panel, nothing, byKey) {
    if (panel === null) return toast(nothing, "warn");
    const before = this.#panel;
    if (before?.unsaved?.() && (before.id === panel.id || !(await this.#mayLeave()))) return panel.stop();
    this.#put(panel, byKey);
  }

  /** Whether nothing would be lost, or people agree to lose it. */
  async #mayLeave() {
    const unsaved = this.#panel?.unsaved?.();
    if (!unsaved) return true;
    if (document.querySelector("dialog[open]")) return false; // they are being asked
    return confirmDialog(unsaved, { title: "Leave it?", yes: "Discard", no: "Keep editing", danger: true });
  }

  /** @param {Panel} panel @param {boolean} byKey */
  #put(panel, byKey) {
    this.#panel?.stop();
    this.#panel = panel;
    const onClose = () => {
      panel.stop();
      if (this.#panel === panel) this.#panel = null;
    };
    const holder = openPanel(panel.id, panel.title, panel.content, { onClose, mayLeave: () => this.#mayLeave() });
    holder.scrollTop = 0;
    panel.shown?.();
    // The focus goes into the panel only where it was opened by a key.
    if (!byKey) return announce(`Inspecting ${panel.title}`);
    const close = holder.parentElement?.querySelector(".panel-head button");
    if (close instanceof HTMLElement) close.focus();
  }
}
