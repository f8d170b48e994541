// @ts-check
// Traces: recorded by the coordinator, saved as a file, loaded from one.

import { download, element, toast } from "../core/dom.js";
import { isRefusal } from "../core/fbp.js";
import { button, write } from "./elements.js";
import { tracePanel } from "./trace_steps.js";
import { checkSize, readTrace } from "./trace_file.js";

const EVENTS = 10_000; // the newest ones

/** @param {import("../core/registry.js").Context} context @param {import("./inspect.js").Inspector} inspector */
export function startTraces(context, inspector) {
  const { system, fbp, page } = context;
  /** Graphs that are recorded, as far as this page knows. @type {Set<string>} */
  const recorded = new Set();
  const state = element("p", { className: "hint", role: "status" });
  const record = button("Record", () => (recorded.has(system.current) ? stop() : start()), { className: "primary" });
  const file = element("input", { type: "file", accept: ".json,application/json", "aria-label": "Trace file", change: () => load() });
  const results = element("div");

  const show = () => {
    const isOn = recorded.has(system.current);
    write(record, isOn ? "Stop recording" : "Record");
    record.disabled = fbp.state !== "open";
    write(state, isOn ? `${system.current} is being recorded, for everybody.` : "");
  };
  const start = () => attempt(async () => {
    const graph = system.current;
    await fbp.request("trace", "start", { graph, buffersize: EVENTS });
    recorded.add(graph);
    show();
  });
  const stop = () => attempt(async () => {
    const graph = system.current;
    try {
      await fbp.request("trace", "stop", { graph });
      recorded.delete(graph);
    } catch (error) {
      if (!isRefusal(error)) recorded.delete(graph); // the trace is lost
      throw error;
    } finally {
      show();
    }
    const { flowtrace } = await fbp.request("trace", "dump", { graph, type: "flowtrace.json" });
    const text = typeof flowtrace === "string" ? flowtrace : JSON.stringify(flowtrace);
    const name = fileName(graph);
    offer(name, text);
    open(readTrace(text), name);
  });
  const offer = (/** @type {string} */ name, /** @type {string} */ text) => {
    results.replaceChildren(element("p", {}, name), element("div", { className: "inspect-tools" },
      button("Save as a file", () => download(name, text)), button("Step through", () => attempt(async () => open(readTrace(text), name)))));
  };
  const open = (/** @type {import("./trace_file.js").Trace} */ trace, /** @type {string} */ name) => {
    context.page.makeWay();
    inspector.show(() => tracePanel(context, trace, name), "");
  };
  const load = () => attempt(async () => {
    const chosen = file.files?.[0];
    file.value = ""; // so that the same file can be loaded again
    if (chosen === undefined) return;
    checkSize(chosen.size);
    open(readTrace(await chosen.text()), chosen.name);
  });

  fbp.addEventListener("message", (event) => {
    const { protocol, command, payload } = event.detail;
    if (protocol !== "trace" || (command !== "start" && command !== "stop")) return;
    if (command === "start") recorded.add(payload.graph);
    else recorded.delete(payload.graph);
    show();
  });
  // The runtime sends trace:start for what is recorded, with each runtime:runtime; the first may have passed.
  if (fbp.state === "open") fbp.send("runtime", "getruntime");
  fbp.addEventListener("state", () => fbp.state !== "open" && recorded.clear());
  for (const type of /** @type {const} */ (["state", "current"])) system.addEventListener(type, show);
  show();
  const hint = "The packets of the graph that is shown, with their times: to step through, to save, or to send to somebody who can help. It may hold whatever devices have sent.";
  page.addSide("traces", "Traces", element("div", { className: "inspect-traces" }, element("p", { className: "hint" }, hint), record, state, results,
    element("label", { className: "field" }, element("span", {}, "Load a trace (flowtrace)"), file)));
}

/** @param {() => Promise<void>} action */
async function attempt(action) {
  try {
    await action();
  } catch (error) {
    toast(/** @type {Error} */ (error).message, "bad");
  }
}

/** @param {string} graph */
function fileName(graph) {
  const time = new Date().toISOString().slice(0, 19).replace(/[T:]/g, "-");
  return `${graph.replace(/[^\w-]+/g, "-")}-${time}.flowtrace.json`;
}
