// @ts-check
// Inside a node: what it is, how it is, its ports with their last values, what it has said, its source.

import { element } from "../core/dom.js";
import { section, soon, terms } from "./dom.js";
import { healthOf } from "./health.js";
import { Heard } from "./heard.js";
import { Log } from "./log.js";
import { Ports } from "./ports.js";
import { sourceSection } from "./source.js";

const STATUS_MS = 300;

/**
 * @param {import("../core/registry.js").Context} context @param {string} id @param {boolean} atSource whether its source is open and in sight
 * @returns {import("./look.js").Inside | null} null where there is no such node
 */
export function insideNode(context, id, atSource = false) {
  const { system } = context;
  const graph = system.current;
  const node = system.graph.nodes.get(id);
  if (node === undefined) return null;
  const about = element("div");
  const health = element("div");
  const heard = new Heard(context, () => values());
  const ports = new Ports(context, graph, id, heard);
  const log = new Log(system, graph, id);
  const show = () => {
    const now = system.graphs.get(graph)?.nodes.get(id);
    about.replaceChildren(now ? aboutOf(system, graph, now) : element("p", { className: "warn" }, "This node is no longer there."));
    ports.show();
    health.replaceChildren(healthOf(system, graph, id, ports.sent));
    system.recallOutput();
  };
  const later = soon(show, STATUS_MS);
  const values = soon(() => ports.showValues(), STATUS_MS);
  const leaving = new AbortController();
  const { signal } = leaving;
  for (const type of ["change", "health", "state", "current"]) system.addEventListener(type, later, { signal });
  system.addEventListener("recalled", () => log.fill(), { signal });
  system.addEventListener("output", (event) => log.add(/** @type {CustomEvent} */ (event).detail), { signal });
  system.addEventListener("data", (event) => {
    if (/** @type {CustomEvent} */ (event).detail.graph === graph) values();
  }, { signal });
  show();
  const source = sourceSection(context, node.component, signal, atSource);
  const content = element("div", { className: "look" }, about, section("Health", true, health), section("Ports", true, ports.element),
    section("Output", true, log.element), source.element);
  return {
    id: `node ${graph} ${id}`,
    title: id,
    content,
    shown: () => log.toEnd(),
    unsaved: () => (source.isChanged() ? `The source of ${node.component} has been edited, and is not saved.` : ""),
    stop() {
      leaving.abort();
      later.stop();
      values.stop();
      heard.stop();
    },
  };
}

/** @param {import("../core/system.js").System} system @param {string} graph @param {import("../core/graph.js").Node} node of it */
function aboutOf(system, graph, { id, component, metadata }) {
  const definition = system.components.get(component);
  const label = graph === system.runtime?.graph ? system.nodeStatus(id)?.label : "";
  const texts = [metadata.label, label, definition?.description].filter((each) => typeof each === "string" && each !== "");
  const description = texts.length ? element("p", {}, [...new Set(texts)].join(" – ")) : null;
  const pairs = /** @type {[string, string][]} */ ([["Component", component || "not known"]]);
  if (metadata.discovered) pairs.push(["Part of", "no graph; it has announced itself"]);
  return element("div", {}, description, terms(pairs));
}
