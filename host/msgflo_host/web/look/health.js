// @ts-check
// How a node is: its state and why, and that of each participant in its role.

import { element } from "../core/dom.js";
import { nodeKey } from "../core/system.js";
import { agoText } from "../core/text.js";
import { terms } from "./dom.js";

/** @type {Record<string, string>} */
const KINDS = { alive: "good", asleep: "muted", lost: "bad", pending: "warn" };

/** @param {import("../core/system.js").System} system @param {string} graph @param {string} id of a node of it */
export function healthOf(system, graph, id) {
  const error = system.health.get(nodeKey(graph, id))?.error;
  const trouble = error ? element("p", { className: "bad", role: "note" }, error) : null;
  const status = graph === system.runtime?.graph ? system.nodeStatus(id) : undefined;
  if (status === undefined) return element("div", {}, trouble, element("p", { className: "hint" }, "More is not known of it here."));
  const { state, reason, instances } = status;
  const summary = element("p", {}, element("strong", { className: KINDS[state] ?? "" }, state), reason ? ` – ${reason}` : "");
  return element("div", {}, trouble, summary, ...(instances.length > 1 ? [element("p", { className: "hint" }, `${instances.length} play this role:`)] : []), ...instances.map(instance));
}

/** @param {import("../core/status.js").Instance} each */
function instance({ id, state, reason, since_s: since, heard_s: heard, last_packet_s: packet }) {
  /** @type {[string, string][]} */
  const pairs = [["Participant", id], ["State", `${state}${reason ? `: ${reason}` : ""}`], ["Since", agoText(since)], ["Heard of", agoText(heard)], ["Last packet", agoText(packet)]];
  return terms(pairs);
}
