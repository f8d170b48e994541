// @ts-check
// The panel of a node: its component, health, ports with their last values, output and source.

import { element } from "../core/dom.js";
import { section, soon, terms } from "./elements.js";
import { healthOf } from "./node_health.js";
import { Output } from "./output.js";
import { PortList } from "./port_list.js";
import { sourceSection } from "./source_editor.js";
import { TopicValues } from "./topic_values.js";

const STATUS_MS = 300;

/**
 * @param {import("../core/registry.js").Context} context @param {string} id @param {boolean} atSource whether its source is open and in sight
 * @returns {import("./inspect.js").Panel | null} null where there is no such node
 */
export function nodePanel(context, id, atSource = false) {
  const { system } = context;
  const graph = system.current;
  const node = system.graph.nodes.get(id);
  if (node === undefined) return null;
  const about = element("div");
  const health = element("div");
  const topics = new TopicValues(context, () => values());
  const ports = new PortList(context, graph, id, topics);
  const output = new Output(system, graph, id);
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
  for (const type of /** @type {const} */ (["change", "health", "state", "current"])) system.addEventListener(type, later, { signal });
  system.addEventListener("recalled", () => output.fill(), { signal });
  system.addEventListener("output", (event) => output.add(event.detail), { signal });
  system.addEventListener("data", (event) => {
    if (event.detail.graph === graph) values();
  }, { signal });
  show();
  const source = sourceSection(context, node.component, signal, atSource);
  const content = element("div", { className: "inspect" }, about, section("Health", true, health), section("Ports", true, ports.element),
    section("Output", true, output.element), source.element);
  return {
    id: `node ${graph} ${id}`,
    title: id,
    content,
    shown: () => output.toEnd(),
    unsaved: () => (source.isChanged() ? `The source of ${node.component} has been edited, and is not saved.` : ""),
    stop() {
      leaving.abort();
      later.stop();
      values.stop();
      topics.stop();
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
