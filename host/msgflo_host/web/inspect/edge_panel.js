// @ts-check
// The panel of an edge: how it is joined, its packets, and a form to send one.

import { element } from "../core/dom.js";
import { apart, numberText } from "../core/text.js";
import { soon, terms, section } from "./elements.js";
import { sendForm, typeOf } from "./send_form.js";
import { Plots } from "./plots.js";
import { sendTo } from "./send_packet.js";
import { Timeline } from "./timeline.js";
import { endText } from "./value_text.js";

const STATUS_MS = 500;

/** @param {import("../core/registry.js").Context} context @param {string} key @returns {import("./inspect.js").Panel | null} null where there is no such edge */
export function edgePanel(context, key) {
  const { system, packets } = context;
  const edge = system.graph.edges.get(key);
  if (edge === undefined) return null;
  const graph = system.current;
  const secret = edge.metadata.secure === true;
  const timeline = new Timeline(packets, graph, edge, { sendAgain: secret ? null : (data) => sendTo(context, graph, edge.tgt, data) });
  const plots = new Plots(context, [key]);
  const status = element("div");
  const show = () => {
    const there = system.graphs.get(graph)?.edges.has(key);
    status.replaceChildren(there ? statusOf(system, graph, key) : element("p", { className: "warn" }, "This edge is no longer there."));
  };
  const later = soon(show, STATUS_MS);
  const leaving = new AbortController();
  const { signal } = leaving;
  system.addEventListener("change", later, { signal });
  system.addEventListener("data", (event) => {
    const { detail } = event;
    if (detail.graph !== graph) return;
    timeline.add(detail.edge);
    plots.add(detail.edge);
  }, { signal });
  context.bus.addEventListener("theme", () => plots.redraw(), { signal });
  show();
  const hidden = secret ? element("p", { className: "hint" }, "This edge is marked as secure: its values are not shown.") : null;
  const content = element("div", { className: "inspect" }, status, hidden,
    section("Packets", true, timeline.element), plots.element, section("Send a packet", true, sendForm(context, graph, edge.tgt, typeOf(system, edge.tgt))));
  return {
    id: `edge ${graph} ${key}`,
    title: `${endText(edge.src)} → ${endText(edge.tgt)}`,
    content,
    shown: () => plots.redraw(),
    stop() {
      leaving.abort();
      later.stop();
      timeline.stop();
      plots.stop();
    },
  };
}

/** @type {Record<string, string>} */
const KINDS = {
  same: "both ends have the same topic",
  direct: "directly, by the devices themselves",
  forwarded: "by the coordinator",
  pending: "not yet",
  refused: "not possible",
};

/** @param {import("../core/system.js").System} system @param {string} graph @param {string} key */
function statusOf(system, graph, key) {
  const known = graph === system.runtime?.graph ? system.edgeStatus(key) : undefined;
  if (known === undefined) return terms([["Packets", "The state of this edge is not known here."]]);
  /** @type {[string, string | Node][]} */
  const pairs = [["Joined", `${KINDS[known.kind] ?? known.kind}${known.reason ? `: ${known.reason}` : ""}`], ["Rate", `${numberText(known.rate)} packets/s, ${known.packets} in all`]];
  for (const [from, to] of known.topics) pairs.push(["Topics", from === to ? from : `${apart(from)} → ${apart(to)}`]);
  return terms(pairs);
}
