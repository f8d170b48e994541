// @ts-check
// The frame around the views: the connection, banners for trouble, the buttons of the bar, the status line.

import { dropToasts, element, iconButton, isTyping, toast } from "./dom.js";
import { icon } from "./icons.js";

const FIRST_MS = 2000; // after the page opens, before a missing connection is reported

/** @param {string} id @returns {HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {import("./registry.js").Context} context @param {(title?: string) => Promise<string | null>} askSecret */
export function startBar(context, askSecret) {
  showConnection(context, askSecret);
  addTools(context, askSecret);
  showRights(context, askSecret);
  showFoot(context);
  context.edits.addEventListener("refused", ({ detail: { title, message } }) => {
    toast(`${title}: ${message}`, "bad");
  });
  context.edits.addEventListener("undone", ({ detail: { title, redo } }) => {
    toast(`${redo ? "Done again" : "Taken back"}: ${title}`);
  });
}

/** A line across the page; an empty text takes it away. @param {string} id @param {string} text @param {string} kind @param {Node | null} [button] */
function banner(id, text, kind, button = null) {
  const old = document.getElementById(id);
  if (old?.dataset.text === text) return;
  old?.remove();
  if (text !== "") byId("banners").append(element("div", { id, className: `banner ${kind}`, role: "alert", "data-text": text }, element("p", {}, text), button));
}

/** @param {import("./registry.js").Context} context @param {(title?: string) => Promise<string | null>} askSecret */
function showConnection({ fbp, system }, askSecret) {
  const connection = byId("connection");
  let wasOpen = false;
  let lastTrouble = ""; // with the graph's file
  const show = () => {
    wasOpen ||= fbp.state === "open" || performance.now() > FIRST_MS;
    const lost = fbp.state !== "open" && wasOpen;
    const state = fbp.state === "open" ? (system.isReady ? "connected" : "waiting") : "lost";
    connection.dataset.state = state;
    connection.textContent = { connected: String(system.runtime?.label ?? "connected"), waiting: "Connecting…", lost: lost ? "not connected" : "Connecting…" }[state];
    document.title = `${system.runtime?.label ?? "MsgFlo"}${lost ? " – not connected" : ""}`;
    const again = element("button", { type: "button", click: () => fbp.reconnect() }, "Try now");
    banner("banner-connection", lost ? "There is no connection to the coordinator. What you see is how it was; it is tried again every few seconds." : "", "bad", again);
    const stale = system.trouble && `What you see may be out of date; it is asked for again every few seconds: ${system.trouble}`;
    banner("banner-stale", stale, "bad");
    const strange = fbp.state === "open" && system.runtime !== null && system.runtime.capabilities.length === 0;
    const enter = element("button", { type: "button", click: () => askSecret() }, "Enter the secret");
    banner("banner-secret", strange ? "This runtime shows nothing without a secret." : "", "warn", enter);
  };
  setTimeout(show, FIRST_MS);
  system.addEventListener("state", show);
  system.addEventListener("change", ({ detail: { kinds } }) => {
    if (!kinds.has("status")) return;
    const { broker, connected, broker_trouble: why, graph_trouble: trouble, save_trouble: saving } = system.status;
    banner("banner-broker", broker !== "" && !connected ? `The coordinator has no connection to the broker, and keeps trying: ${why || broker}` : "", "warn");
    if (lastTrouble && lastTrouble !== trouble) dropToasts(lastTrouble);
    lastTrouble = trouble ?? "";
    banner("banner-trouble", trouble ? `The graph's file is not used, and nothing is saved into it: ${trouble}` : "", "warn");
    banner("banner-unsaved", saving && !trouble ? `${saving[0].toUpperCase()}${saving.slice(1)}` : "", "bad");
  });
  show();
}

/** @param {import("./registry.js").Context} context @param {(title?: string) => Promise<string | null>} askSecret */
function addTools({ system, edits, fbp, page, bus }, askSecret) {
  const undo = iconButton("undo", "Undo", () => edits.undo(), { id: "tool-undo" });
  const redo = iconButton("redo", "Redo", () => edits.redo(), { id: "tool-redo" });
  const run = iconButton("stop", "Stop the graph", () => ask(fbp, "network", system.graph.started ? "stop" : "start", { graph: system.current }), { id: "tool-run" });
  const save = iconButton("save", "Save the graph into its file", async () => {
    if (await ask(fbp, "network", "persist", {})) toast("The graph is saved in its file.", "good");
    system.askStatus();
  }, { id: "tool-save" });
  const key = iconButton("key", "Enter a secret", () => askSecret("Enter a secret"), { id: "tool-secret" });
  const theme = iconButton("dark", "Dark", () => (page.theme = page.theme === "dark" ? "light" : "dark"), { id: "tool-theme" });
  const side = iconButton("library", "Library and devices", () => page.openSide(!page.sideIsOpen), { id: "tool-side", "aria-controls": "side" });
  byId("bar").prepend(side);
  byId("tools").append(undo, redo, run, save, key, theme);

  const showSave = () => {
    const { graph, unsaved } = system.status;
    save.disabled = fbp.state !== "open" || !system.may("network:persist") || graph === null;
    save.dataset.unsaved = String(unsaved === true);
    label(save, graph === null ? "There is no file to save the graph into" : `Save the graph into its file${unsaved ? ": it has edits that are not saved" : ""}`);
  };
  const show = () => {
    const open = fbp.state === "open";
    const mayRun = system.may("network:control") || system.may("protocol:network");
    // Tools that are never possible here are hidden.
    undo.hidden = redo.hidden = system.readOnly !== "";
    run.hidden = system.isReady && !mayRun;
    save.hidden = system.isReady && !system.may("network:persist");
    label(undo, edits.undoTitle ? `Undo: ${edits.undoTitle}` : "Undo");
    label(redo, edits.redoTitle ? `Redo: ${edits.redoTitle}` : "Redo");
    undo.disabled = !open || !edits.canUndo;
    redo.disabled = !open || !edits.canRedo;
    const started = system.graph.started;
    run.replaceChildren(icon(started ? "stop" : "start"));
    label(run, started ? "Stop the graph" : "Start the graph");
    run.disabled = !open || !mayRun;
    showSave();
    theme.replaceChildren(icon(page.theme === "dark" ? "light" : "dark"));
    label(theme, page.theme === "dark" ? "Light" : "Dark");
    side.setAttribute("aria-expanded", String(page.sideIsOpen));
  };
  edits.addEventListener("change", show);
  system.addEventListener("state", show);
  system.addEventListener("change", ({ detail: { kinds } }) => {
    if (kinds.has("graphs")) show();
    else if (kinds.has("status")) showSave();
  });
  for (const type of /** @type {const} */ (["theme", "side"])) bus.addEventListener(type, show);
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || isTyping(event) || document.querySelector("dialog[open]")) return;
    const pressed = event.key.toLowerCase();
    if (pressed === "z" || pressed === "y") {
      event.preventDefault();
      if (pressed === "y" || event.shiftKey) edits.redo();
      else edits.undo();
    }
  });
  show();
}

/** Show people without the right to edit that they can only look on, and a way out. @param {import("./registry.js").Context} context @param {(title?: string) => Promise<string | null>} askSecret */
function showRights({ system }, askSecret) {
  const what = element("span", {}, ": enter a secret to change things");
  const button = element("button", { type: "button", id: "read-only", hidden: true, click: () => askSecret("Enter a secret") }, element("span", {}, "Only looking on", what));
  byId("connection").after(button);
  const show = () => {
    const { readOnly } = system;
    button.hidden = readOnly === "";
    button.title = readOnly && `${readOnly[0].toUpperCase()}${readOnly.slice(1)}. Press to enter a secret that allows more.`;
  };
  system.addEventListener("state", show);
  show();
}

/** @param {HTMLElement} button @param {string} text */
function label(button, text) {
  button.title = text;
  button.setAttribute("aria-label", text);
}

/** @param {import("./fbp.js").Fbp} fbp @param {string} protocol @param {string} command @param {object} payload @returns {Promise<boolean>} */
async function ask(fbp, protocol, command, payload) {
  try {
    await fbp.request(protocol, command, payload);
    return true;
  } catch (error) {
    toast(/** @type {Error} */ (error).message, "bad");
    return false;
  }
}

/** @param {import("./registry.js").Context} context */
function showFoot({ system, packets }) {
  const counts = element("span", { id: "status-counts" });
  const leftOut = element("span", { id: "status-left-out", className: "warn" });
  byId("status-line").append(counts, leftOut);
  const show = () => {
    const { nodes, edges, started } = system.graph;
    const rate = system.status.edges.reduce((sum, edge) => sum + edge.rate, 0);
    const parts = [many(nodes.size, "node"), many(edges.size, "edge"), started ? `${rate.toFixed(rate < 10 ? 1 : 0)} packets/s` : "stopped"];
    counts.textContent = system.isReady ? parts.join(" · ") : "";
  };
  system.addEventListener("change", show);
  system.addEventListener("state", show);
  packets.addEventListener("leftout", () => {
    leftOut.textContent = packets.leftOut > 0 ? `${many(packets.leftOut, "packet")} not shown in the last second` : "";
  });
}

/** @param {number} count @param {string} what */
const many = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
