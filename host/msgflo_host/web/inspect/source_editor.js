// @ts-check
// The source of a component: shown, and where the secret allows it, edited and run.

import { confirmDialog, dropToasts, element, toast } from "../core/dom.js";
import { afterSaving } from "./after_saving.js";
import { button, copy, section, write } from "./elements.js";

const MOST_ROWS = 24;

/** @typedef {{name: string, library?: string, language: string, code: string}} Source */

/**
 * @param {import("../core/registry.js").Context} context @param {string} component @param {AbortSignal} signal when the panel has gone
 * @param {boolean} isOpen whether it is open from the beginning, and in sight when it has come
 * @returns {{element: HTMLDetailsElement, isChanged: () => boolean}} which asks for the source when it is opened; whether somebody has
 *   edited it, and not saved that
 */
export function sourceSection(context, component, signal, isOpen) {
  const { system, fbp } = context;
  const place = element("div", {}, element("p", { className: "hint" }, "Asking for it…"));
  const made = section("Source", isOpen, place);
  let asked = false;
  let isChanged = () => false;
  made.addEventListener("toggle", async () => {
    if (!made.open || asked) return;
    asked = true;
    try {
      const source = await fbp.request("component", "getsource", { name: component });
      const editor = makeEditor(context, component, source);
      system.addEventListener("state", editor.show, { signal });
      system.addEventListener("health", editor.report, { signal });
      place.replaceChildren(editor.element);
      if (isOpen) made.scrollIntoView({ block: "start" });
      isChanged = editor.isChanged;
    } catch (error) {
      asked = false;
      place.replaceChildren(element("p", { className: "hint" }, `There is no source to be seen: ${/** @type {Error} */ (error).message}`));
    }
  });
  return { element: made, isChanged: () => isChanged() };
}

/** The source with the line ends of a text field. @param {Source} source */
const textOf = ({ code }) => code.replace(/\r\n?/g, "\n");

/** @param {import("../core/registry.js").Context} context @param {string} component @param {Source} source */
function makeEditor({ system, fbp }, component, source) {
  let before = textOf(source);
  const field = element("textarea", {
    value: before, spellcheck: false, wrap: "off", autocomplete: "off", "aria-label": `Source of ${component}, ${source.language}`,
    rows: Math.min(MOST_ROWS, before.split("\n").length + 1), input: () => show(),
  });
  const reason = element("p", { className: "hint" });
  const wrong = element("p", { className: "bad", role: "alert" });
  const run = button("Save and run", () => send(), { className: "primary" });
  const back = button("As it was", () => {
    field.value = before;
    show();
  });
  const unlock = button("Enter a secret", () => fbp.askSecret?.());
  const show = () => {
    const why = whyNot(system, component, source);
    field.readOnly = why !== null;
    write(reason, why ?? runsWhere(source));
    unlock.hidden = why === null || system.may("component:setsource");
    run.hidden = back.hidden = why !== null;
    run.disabled = back.disabled = !isChanged();
  };
  const isChanged = () => field.value !== before;
  /** Whether the saved source is still the one that was edited, or people agree to replace it. */
  const mayReplace = async () => {
    const now = textOf(await fbp.request("component", "getsource", { name: component }));
    if (now === before || now === field.value) return true;
    before = now;
    const answer = await confirmDialog(`Somebody has saved another source of ${component} since it was read here.`,
      { title: "Save it all the same?", yes: "Replace theirs", no: "Keep editing", danger: true });
    if (!answer) write(wrong, 'Not saved. "As it was" shows what somebody else has saved; "Save and run" takes its place.');
    return answer;
  };
  let isSaved = false; // since the source was opened
  let isReported = true; // that it runs as it was saved last
  /** Why its nodes do not run as it was saved last. @type {Map<string, string>} */
  const failing = new Map();
  /** Report whether its nodes run, or why they do not. @param {CustomEvent<{graph: string, node: string}>} event "health" of a System */
  const report = ({ detail }) => {
    const { text, runs } = afterSaving(system, component, detail);
    if (!isSaved || (text === "" && !runs)) return;
    if (runs) failing.delete(detail.node);
    else failing.set(detail.node, text);
    if (failing.size > 0) dropToasts(`${component} is `);
    else if (!isReported) {
      toast(`${component} is saved, and runs.`, "good");
      isReported = true;
    }
    write(wrong, [...failing.values()].join("\n"));
  };
  const send = async () => {
    run.disabled = true;
    write(wrong, "");
    dropToasts(`${component} is `);
    failing.clear();
    try {
      if (!(await mayReplace())) return show();
      const code = field.value;
      const { name, library = "", language } = source;
      await fbp.request("component", "source", { name, library, language, code });
      before = code;
      isSaved = true;
      isReported = false;
      toast(`${component} is saved, and its nodes start again.`, "info");
    } catch (error) {
      write(wrong, /** @type {Error} */ (error).message);
    }
    show();
  };
  show();
  const tools = element("div", { className: "inspect-tools" }, run, back, unlock, button("Copy", () => copy(field.value, "The source")));
  return { element: element("div", { className: "inspect-source" }, reason, field, wrong, tools), show, report, isChanged };
}

/** What saving does, for people. @param {Source} source */
function runsWhere({ language }) {
  if (language === "yaml") return "The file that declares it, or what it has announced of itself: only a file of the coordinator's components can be saved.";
  return `${language}, in the coordinator's folder of components. Its nodes start again when it is saved.`;
}

/** Why a source cannot be changed, for people; null where it can be. @param {import("../core/system.js").System} system @param {string} component @param {Source} source */
function whyNot(system, component, { language }) {
  if (system.graphs.has(component)) return "This is a graph: open it to change it.";
  if (component.startsWith("core/")) return "This component is built in, so it can only be read.";
  if (system.may("component:setsource")) return language === "text" ? "This is no source that could be saved." : null;
  return "Read only: changing what runs here takes a secret that allows it (component:setsource).";
}
