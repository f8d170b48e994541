// @ts-check
// Edits of the graph as commands that can be undone.

import { announce, askText, toast } from "../core/dom.js";
import { edgeKey, initialKey } from "../core/graph.js";
import { freeName, nodeName } from "../core/names.js";
import { around } from "./geometry.js";
import { freePlace } from "./free_place.js";
import { findPort, move, pick, placesToKeep, shortText, typesFit } from "./model.js";

/** @import { End, Graph, Initial } from "../core/graph.js" */
/** @import { Command } from "../core/inverse.js" */
/** @import { Box, Point } from "./geometry.js" */
/** @import { Side } from "./model.js" */
/** @import { Stage } from "./stage.js" */

const NEW_SIZE = { width: 160, height: 92 }; // of a node that is not drawn yet

export class Actions {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.edits = stage.context.edits;
  }

  get graph() {
    return this.stage.system.graph;
  }

  /** Whether the graph may be changed; where it may not, a toast tells why. */
  may() {
    const { readOnly } = this.stage.system;
    if (readOnly) toast(`Only looking on: ${readOnly}.`, "info");
    return !readOnly;
  }

  /** Add a node. @param {string} component @param {Point} [at] its middle; by default that of what is seen @returns {Promise<string | null>} its name, null where it was refused */
  async add(component, at) {
    const { view, boxes, system } = this.stage;
    const seen = view.seen;
    const middle = at ?? { x: seen.x + seen.width / 2, y: seen.y + seen.height / 2 };
    const box = { x: middle.x - NEW_SIZE.width / 2, y: middle.y - NEW_SIZE.height / 2, ...NEW_SIZE };
    const place = at ? box : freePlace(box, [...boxes.values()]);
    const id = freeName(nodeName(component), (name) => system.graph.nodes.has(name));
    const metadata = { x: Math.round(place.x), y: Math.round(place.y) };
    if (!(await this.edits.run(`Add ${id}`, [["addnode", { id, component, metadata }], ...this.#placed()]))) return null;
    this.stage.refresh();
    this.stage.select([id]);
    this.stage.revealSelected();
    this.stage.nodes.focus(id);
    announce(`“${id}” added`);
    return id;
  }

  /** The first place that somebody chooses is saved with all that only this page knows, or the others would move. @param {Set<string>} [except] @returns {Command[]} */
  #placed(except = new Set()) {
    return [...this.stage.unsaved()].filter(([id]) => !except.has(id)).map(([id, { x, y }]) => move(id, x, y));
  }

  /** Save the places of held nodes; those of discovered ones only here, since a place would make them a part of the graph. @param {string[]} ids */
  async move(ids) {
    const { held, picture } = this.stage;
    const places = [...pick(held, ids)];
    const listed = places.filter(([id]) => picture.nodes.get(id)?.discovered === false);
    const moves = listed.map(([id, { x, y }]) => move(id, x, y));
    const title = `Move ${countOf(listed.map(([id]) => id))}`;
    try {
      if (moves.length) await this.edits.run(title, [...moves, ...this.#placed(new Set(ids))]);
    } finally {
      // Somebody may be dragging them again by now.
      this.stage.release(places.filter(([id, place]) => held.get(id) === place).map(([id]) => id));
    }
  }

  /** Lay out some nodes, or all. @param {string[]} ids */
  async layOut(ids) {
    const { stage } = this;
    if (!this.may()) return;
    const all = ids.length < 2 ? [...stage.picture.nodes.keys()] : ids;
    const places = stage.laidOut(all);
    if (all.length < stage.picture.nodes.size) toFreePlace(places, stage);
    stage.hold(places);
    if (all.length === stage.picture.nodes.size) stage.fit();
    await this.move([...places.keys()]);
    announce(`${all.length} nodes laid out`);
  }

  /** Remove what is selected. */
  async remove() {
    const { selected, selectedEdge, picture } = this.stage;
    if (selectedEdge) return this.disconnect(selectedEdge);
    const all = [...selected];
    const ids = all.filter((id) => !picture.nodes.get(id)?.discovered);
    if (ids.length < all.length) toast("What was discovered goes when its program or device ends.", "info");
    if (!ids.length) return;
    const title = `Remove ${countOf(ids)}`;
    // A group without nodes could not be seen.
    const emptied = [...this.graph.groups.values()].filter(({ nodes }) => nodes.every((id) => ids.includes(id)));
    /** @type {Command[]} */
    const commands = [...emptied.map(({ name }) => /** @type {Command} */ (["removegroup", { name }])), ...ids.map((id) => /** @type {Command} */ (["removenode", { id }]))];
    if (await this.edits.run(title, commands)) announce(`${title}: done`);
    this.stage.select([]);
  }

  /** @param {string} key of an edge */
  async disconnect(key) {
    const edge = this.stage.picture.edges.get(key);
    if (!edge) return;
    const { src, tgt } = edge;
    await this.edits.run(`Disconnect ${src.node} from ${tgt.node}`, [["removeedge", { src, tgt }]]);
    this.stage.select([]);
  }

  /** Join two ports; a toast warns of types that hardly fit. @param {End} src @param {End} tgt */
  async connect(src, tgt) {
    /** @type {Command[]} */
    const commands = [["addedge", { src, tgt }], ...placesToKeep(this.graph, [src.node, tgt.node], this.stage.boxes)];
    if (await this.edits.run(`Connect ${src.node} to ${tgt.node}`, commands)) this.#connected(src, tgt);
  }

  /** Have an edge join two other ports. @param {string} key @param {End} src @param {End} tgt */
  async reconnect(key, src, tgt) {
    const before = this.graph.edges.get(key);
    if (!before) return;
    const remove = { src: before.src, tgt: before.tgt };
    const add = { src, tgt, metadata: before.metadata };
    if (await this.edits.run(`Connect ${src.node} to ${tgt.node} instead`, [["removeedge", remove], ["addedge", add]])) this.#connected(src, tgt);
  }

  /** @param {End} src @param {End} tgt */
  #connected(src, tgt) {
    const { picture } = this.stage;
    const from = findPort(picture.nodes.get(src.node), "out", src.port)?.type ?? "all";
    const to = findPort(picture.nodes.get(tgt.node), "in", tgt.port)?.type ?? "all";
    if (!typesFit(from, to)) toast(`${src.node} ${src.port} sends ${from}; ${tgt.node} ${tgt.port} takes ${to}. It is connected all the same.`, "warn");
    announce(`${src.node} ${src.port} is connected to ${tgt.node} ${tgt.port}`);
  }

  /** @param {string} id @param {string} name @returns {Promise<boolean>} whether it has that name now */
  async rename(id, name) {
    const place = this.stage.boxes.get(id);
    /** @type {Command[]} */
    const commands = [["renamenode", { from: id, to: name }]];
    if (place && this.stage.picture.nodes.get(id)?.x === undefined) commands.push(move(name, place.x, place.y), ...this.#placed(new Set([id])));
    if (!(await this.edits.run(`Rename ${id} to ${name}`, commands))) return false;
    this.stage.refresh();
    this.stage.select([name]);
    this.stage.nodes.focus(name);
    return true;
  }

  /** Put what is selected into a group. */
  async group() {
    const nodes = [...this.stage.selected];
    if (!this.may()) return;
    if (!nodes.length) return toast("Select the nodes of the group first.", "info");
    const name = await this.#askGroup("Group", freeName("group", (each) => this.graph.groups.has(each)), "Group");
    if (name) await this.edits.run(`Group ${name}`, [["addgroup", { name, nodes }]]);
  }

  /** @param {string} title @param {string} value @param {string} yes @param {string} [own] the name that it has */
  #askGroup(title, value, yes, own = "") {
    const taken = (/** @type {string} */ text) => text !== own && this.graph.groups.has(text);
    const check = (/** @type {string} */ text) => (text.trim() ? (taken(text) ? "There is a group of that name." : "") : "A group needs a name.");
    return askText("Name of the group", { title, value, yes, check });
  }

  /** @param {string} name */
  async renameGroup(name) {
    if (!this.may()) return;
    const to = await this.#askGroup("Rename the group", name, "Rename", name);
    if (!to || to === name || !(await this.edits.run(`Rename the group ${name}`, [["renamegroup", { from: name, to }]]))) return;
    this.stage.refresh();
    this.stage.groups.title(to)?.focus({ preventScroll: true });
  }

  /** @param {string} name */
  async ungroup(name) {
    if (await this.edits.run(`Ungroup ${name}`, [["removegroup", { name }]])) this.stage.nodes.refocus();
  }

  // A group is written whole, with the nodes that it has when the command is sent.

  /** Put nodes into a group that is there. @param {string} name @param {string[]} ids */
  async joinGroup(name, ids) {
    const title = `Add ${countOf(ids)} to group ${name}`;
    const nodes = (/** @type {Graph} */ { groups }) => [...new Set([...(groups.get(name)?.nodes ?? []), ...ids])];
    if (await this.edits.run(title, [(graph) => ["addgroup", { name, nodes: nodes(graph) }]])) announce(`${title}: done`);
  }

  /** Take nodes out of a group; one that is left empty goes. @param {string} name @param {string[]} ids */
  async leaveGroup(name, ids) {
    const title = `Take ${countOf(ids)} out of group ${name}`;
    const nodes = (/** @type {Graph} */ { groups }) => (groups.get(name)?.nodes ?? []).filter((id) => !ids.includes(id));
    const isDone = await this.edits.run(title, [(graph) => (nodes(graph).length ? ["addgroup", { name, nodes: nodes(graph) }] : ["removegroup", { name }])]);
    if (isDone) announce(`${title}: done`);
  }

  /** Export a port under a name. @param {Side} side @param {End} end */
  async exportPort(side, { node, port }) {
    const known = side === "in" ? this.graph.inports : this.graph.outports;
    const name = await askText("Name of the port", {
      title: `Export ${port} of ${node}`, value: freeName(port, (text) => known.has(text)), yes: "Export",
      hint: "Tests and other editors send packets to it, or receive what leaves it.",
    });
    if (name) await this.edits.run(`Export ${name}`, [[`add${side}port`, { public: name, node, port }]]);
  }

  /** @param {Side} side @param {string} name */
  unexport(side, name) {
    return this.edits.run(`Do not export ${name}`, [[`remove${side}port`, { public: name }]]);
  }

  /**
   * Set, change or remove an initial packet. A changed one keeps its metadata and its turn: those behind it are added again after it.
   * @param {End} end
   * @param {{key: string} | null} before the packet that is replaced @param {{data: unknown} | null} after null removes it
   */
  setInitial(end, before, after) {
    const old = this.graph.initials.get(before?.key ?? "");
    const tgt = old?.tgt ?? end;
    /** @type {(packet: Initial) => Command} */
    const remove = ({ data }) => ["removeinitial", { src: { data }, tgt }];
    /** @type {(packet: {data: unknown, metadata?: Record<string, unknown>}) => Command} */
    const add = ({ data, metadata }) => ["addinitial", { src: { data }, tgt, metadata }];
    const port = edgeKey(null, tgt);
    const all = [...this.graph.initials.values()].filter((each) => edgeKey(null, each.tgt) === port);
    const behind = old && after ? all.slice(all.indexOf(old) + 1).filter(({ key }) => key !== initialKey(tgt, after.data)) : [];
    const commands = [...behind.map(remove), ...(old ? [remove(old)] : [])];
    if (after) commands.push(add({ data: after.data, metadata: old?.metadata }), ...behind.map(add));
    const what = after ? `Send ${shortText(after.data, 20)} to ${tgt.node} ${tgt.port}` : `Send nothing to ${tgt.node} ${tgt.port} at the start`;
    return this.edits.run(what, commands);
  }
}

/** @param {string[]} ids */
const countOf = (ids) => (ids.length === 1 ? ids[0] : `${ids.length} nodes`);

/** Move nodes that were laid out alone: about their old middle, to the nearest place that is free. @param {Map<string, Point>} places @param {Stage} stage */
function toFreePlace(places, stage) {
  const before = /** @type {Box} */ (around(pick(stage.boxes, places.keys()).values()));
  const after = /** @type {Box} */ (around([...places].map(([id, place]) => ({ ...place, ...stage.sizeOf(id) }))));
  const best = { ...after, x: before.x + (before.width - after.width) / 2, y: before.y + (before.height - after.height) / 2 };
  const others = [...stage.boxes].filter(([id]) => !places.has(id)).map(([, box]) => box);
  const to = freePlace(best, others);
  for (const place of places.values()) {
    place.x += Math.round(to.x - after.x);
    place.y += Math.round(to.y - after.y);
  }
}
