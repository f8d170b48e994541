// @ts-check
// The dashboard: draws the instruments of the graph, and writes what people do with them into the graph.

import { announce, element, toast } from "../core/dom.js";
import { emptyGraph } from "../core/graph.js";
import { openMenu } from "../core/menu.js";
import { emit } from "../core/registry.js";
import { componentOf, kindOf } from "../devices/kinds.js";
import { connectionStatus } from "../devices/connection_status.js";
import { askInstrument } from "./add_instrument.js";
import { makeArrangeable } from "./drag.js";
import { freeBox, same, settle, within } from "./grid.js";
import { Instrument, ownId } from "./instrument.js";

const EMPTY = "No instruments yet. Add a switch, a lamp, a chart: each is a node of the graph, where its wires are drawn.";

/** @import { Context } from "../core/registry.js" */
/** @import { Command } from "../core/inverse.js" */
/** @import { Box } from "./grid.js" */

export class Dashboard {
  /** @type {Map<string, Instrument>} by their roles */
  instruments = new Map();
  grid = element("ul", { className: "dashboard-grid", "aria-label": "Instruments" });

  #context;
  #isArranged = false; // just now
  #isOpen = false; // now
  #wasOpened = false; // and from then on instruments run here, whatever view is shown
  #saves = 0; // that were not answered yet
  /** @type {Map<string, Box>} of these saves */
  #sent = new Map();
  #known = false; // whether the status has come since it was opened
  #empty = element("p", { className: "empty", hidden: true });
  #status;
  #add = element("button", { type: "button", click: () => this.#ask() }, "Add");
  #edit = element("button", { type: "button", "aria-pressed": "false", click: () => this.#arrange(!this.#isArranged) }, "Edit");

  /** @param {Context} context @param {HTMLElement} whole the button for the whole screen */
  constructor(context, whole) {
    this.#context = context;
    this.#status = connectionStatus(context, { className: "warn" });
    const bar = element("div", { className: "dashboard-bar", role: "toolbar", "aria-label": "Dashboard" },
      element("h2", {}, "Instruments"), this.#status.text, this.#status.button, this.#add, this.#edit, whole);
    const hints = element("div", { className: "dashboard-hints" },
      element("p", { className: "hint dashboard-wide" }, "Drag a card to move it, its corner to resize it; or use the arrow keys there. The graph is saved by the button in the bar above, unless it saves itself."),
      element("p", { className: "hint dashboard-narrow" }, "Here they stand in one column, in reading order: arrange them on a wider screen."));
    const keys = [["move", "The arrow keys move it by one cell."], ["size", "The arrow keys resize it by one cell."]].map(([name, text]) => element("p", { id: `dashboard-${name}-keys`, hidden: true }, text));
    /** @type {HTMLElement} */
    this.element = element("div", { className: "dashboard" }, bar, hints, this.#empty, this.grid, ...keys);
  }

  /** The graph with the instruments: the main one. */
  get graph() {
    const { system } = this.#context;
    return system.graphs.get(system.main) ?? emptyGraph(system.main);
  }

  /** Another view is shown. @param {string} view */
  viewChanged(view) {
    this.#isOpen = view === "dashboard";
    if (this.#isOpen) this.#open();
    else this.#arrange(false);
  }

  /** Save the options of instruments in the browser. */
  save() {
    for (const each of this.instruments.values()) each.save();
  }

  #open() {
    this.#wasOpened = true;
    this.#toMain();
    this.show();
    this.#context.system.askStatus();
  }

  // Show the main graph, which edits are for.
  #toMain() {
    const { system } = this.#context;
    if (system.isReady && system.current !== this.graph.id) system.show(this.graph.id).catch((error) => toast(error.message, "bad"));
  }

  /** Draw the instruments of the graph. */
  show() {
    const { system } = this.#context;
    const found = instrumentsOf(this.graph);
    if (system.isReady) {
      for (const [role, each] of this.instruments) {
        if (found.get(role)?.kind !== each.kind) this.#drop(each);
      }
      for (const [role, { kind }] of found) if (!this.instruments.has(role)) this.#make(role, kind);
      for (const [role, { label }] of found) this.instruments.get(role)?.entitle(label);
      this.#place(settle([...found].map(([role, { box }]) => [role, box])));
    }
    const may = system.isReady && system.may("protocol:graph");
    this.#add.hidden = this.#edit.hidden = !may;
    if (!may) this.#arrange(false);
    const none = may ? EMPTY : "No instruments yet. Who may change the graph can add some.";
    this.#empty.textContent = system.isReady ? none : "Instruments are shown when there is a connection to the coordinator.";
    this.#empty.hidden = found.size > 0;
  }

  /** The status of the system has come: which roles are free? */
  statusChanged() {
    const { system } = this.#context;
    if (!this.#wasOpened || !system.isReady || !system.status.connected) return;
    if (this.#isOpen) this.#toMain();
    for (const each of this.instruments.values()) each.statusChanged(system.nodeStatus(each.role), ownId(each.role));
    this.#known = true;
  }

  /** @param {string} role @param {string} kind */
  #make(role, kind) {
    // One that comes later was added on another page, where it runs at once.
    const around = { menu: (/** @type {Instrument} */ each) => this.#menu(each), connected: this.#status.connected };
    const made = new Instrument(role, kind, around, this.#known ? 2 : 1);
    made.arrange(this.#isArranged);
    makeArrangeable(made, this);
    this.instruments.set(role, made);
  }

  /** @param {Instrument} instrument */
  #drop(instrument) {
    instrument.stop();
    instrument.element.remove();
    this.instruments.delete(instrument.role);
  }

  /** @param {Map<string, Box>} boxes in reading order, which is that of the elements too */
  #place(boxes) {
    // Places in the graph are older than what is held, or on its way.
    if (this.#saves > 0 || [...this.instruments.values()].some((each) => each.isHeld)) return;
    let at = this.grid.firstElementChild;
    for (const [role, box] of boxes) {
      const instrument = this.instruments.get(role);
      if (!instrument) continue;
      instrument.place(box);
      if (instrument.element === at) at = at.nextElementSibling;
      else this.#insert(instrument.element, at);
    }
  }

  /** @param {HTMLElement} item @param {Element | null} before an element that is moved would lose the focus */
  #insert(item, before) {
    const focused = item.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
    this.grid.insertBefore(item, before);
    focused?.focus({ preventScroll: true });
  }

  /** Write where instruments stand now into the graph. @param {string} title @param {Map<string, Box>} boxes */
  async saveBoxes(title, boxes) {
    const found = instrumentsOf(this.graph);
    const moved = [...boxes].filter(([id, box]) => !same(this.#sent.get(id) ?? found.get(id)?.box ?? box, box));
    if (moved.length === 0) return;
    for (const [id, box] of moved) this.#sent.set(id, { ...box });
    /** @type {Command[]} */
    const commands = moved.map(([id, box]) => ["changenode", { id, metadata: { dashboard: { ...box } } }]);
    this.#saves++;
    await this.#context.edits.run(title, commands); // a toast tells what was refused
    if (--this.#saves > 0) return;
    this.#sent.clear();
    this.show();
  }

  /** @param {boolean} isOn */
  #arrange(isOn) {
    if (isOn === this.#isArranged) return;
    this.#isArranged = isOn;
    this.element.classList.toggle("editing", isOn);
    this.#edit.setAttribute("aria-pressed", String(isOn));
    for (const each of this.instruments.values()) each.arrange(isOn);
  }

  async #ask() {
    const chosen = await askInstrument(this.#context.system, this.graph, new Set(this.instruments.keys()));
    if (chosen === null) return;
    const { kind, role } = chosen;
    const box = freeBox([...this.instruments.values()].map((each) => each.box), kind.size);
    const isThere = this.graph.nodes.has(role) && !this.graph.nodes.get(role)?.metadata.discovered;
    const metadata = { dashboard: box };
    /** @type {Command} */
    const command = isThere ? ["changenode", { id: role, metadata }] : ["addnode", { id: role, component: componentOf(kind.kind), metadata }];
    if (!(await this.#context.edits.run(`Add ${role}`, [command]))) return;
    this.show();
    const added = this.instruments.get(role);
    added?.element.scrollIntoView({ block: "nearest" });
    added?.menuButton.focus();
    announce(`${role} added`);
    this.#context.system.askStatus().then(() => {
      if (!this.#runsElsewhere(role)) added?.run(true);
    });
  }

  /** @param {string} role */
  #runsElsewhere(role) {
    return this.#context.system.nodeStatus(role)?.instances.some((each) => each.state === "alive") ?? false;
  }

  /** @param {Instrument} instrument */
  #menu(instrument) {
    const { bottom, right } = instrument.menuButton.getBoundingClientRect();
    openMenu([
      { label: "Draw its wires in the graph", action: () => this.#toGraph(instrument.role) },
      { label: this.#isArranged ? "Remove" : "Remove: press Edit first", off: !this.#isArranged, action: () => this.#remove(instrument.role) },
    ], { x: right - 208, y: bottom + 4 }, () => instrument.menuButton.focus());
  }

  /** @param {string} role */
  #toGraph(role) {
    const { bus } = this.#context;
    emit(bus, "show-view", { view: "graph" });
    emit(bus, "select", { kind: "node", ids: [role] });
    /** @type {HTMLElement | null} */ (document.querySelector(`#graph-view [data-node="${CSS.escape(role)}"]`))?.focus();
  }

  /** @param {string} role */
  async #remove(role) {
    if (!(await this.#context.edits.run(`Remove ${role}`, [["removenode", { id: role }]]))) return;
    this.#edit.focus();
    toast(`${role} is removed, also from the graph. Undo brings it back.`);
  }
}

/**
 * The nodes of a graph that are instruments.
 * @param {import("../core/graph.js").Graph} graph @returns {Map<string, {kind: string, box: Box, label: unknown}>}
 */
function instrumentsOf({ nodes }) {
  const found = new Map();
  for (const { id, component, metadata } of nodes.values()) {
    const kind = kindOf(component);
    const { dashboard, label } = metadata;
    if (kind && dashboard !== null && typeof dashboard === "object" && !Array.isArray(dashboard)) found.set(id, { kind, box: within(dashboard), label });
  }
  return found;
}
