// @ts-check
// The health of a node: its state and why, and that of each participant in its role.

import { element } from "../core/dom.js";
import { nodeKey } from "../core/system.js";
import { agoText } from "../core/text.js";
import { terms } from "./elements.js";

/** @type {Record<string, string>} */
const KINDS = { alive: "good", asleep: "muted", lost: "bad", pending: "warn" };

/**
 * @param {import("../core/system.js").System} system @param {string} graph @param {string} id of a node of it
 * @param {number} sent when this page has seen its last packet, in ms since 1970; 0 where it has seen none
 */
export function healthOf(system, graph, id, sent) {
  const error = system.health.get(nodeKey(graph, id))?.error;
  const trouble = error ? element("p", { className: "bad", role: "note" }, error) : null;
  const status = graph === system.runtime?.graph ? system.nodeStatus(id) : undefined;
  if (status === undefined) return element("div", {}, trouble, element("p", { className: "hint" }, "More is not known of it here."));
  const { state, reason, instances } = status;
  const summary = element("p", {}, element("strong", { className: KINDS[state] ?? "" }, state), reason ? ` – ${reason}` : "");
  return element("div", {}, trouble, summary, ...(instances.length > 1 ? [element("p", { className: "hint" }, `${instances.length} participants have this role:`)] : []), ...instances.map((each) => instance(each, instances.length === 1 ? sent : 0)));
}

/** @param {import("../core/status.js").Instance} each @param {number} sent as above, where it is known to be of this one */
function instance({ id, state, reason, since_s: since, heard_s: heard, last_packet_s: noted }, sent) {
  /** @type {[string, string][]} */
  const pairs = [["Participant", id], ["State", `${state}${reason ? `: ${reason}` : ""}`], ["Since", agoText(since)], ["Heard of", agoText(heard)]];
  // The coordinator only notes packets of participants that are alive by them.
  const seen = [noted ?? Infinity, sent > 0 ? Math.max(0, (Date.now() - sent) / 1000) : Infinity];
  if (Math.min(...seen) < Infinity) pairs.push(["Last packet", agoText(Math.min(...seen))]);
  return terms(pairs);
}
