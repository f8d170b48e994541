// @ts-check
// A port map in the list: the board's devices, the problems of the map, and the button that starts it.

import { element } from "../core/dom.js";

/**
 * @typedef {{element: HTMLElement, update: (board: import("./api.js").Board) => void, wait: (what: "start" | "stop") => void, done: (trouble: string) => void,
 *   focus: () => void}} Row
 * @param {string} name @param {(what: "start" | "stop") => void} order @returns {Row}
 */
export function makeRow(name, order) {
  let trouble = ""; // of the last start or stop
  let waiting = false;
  /** @type {import("./api.js").Board | null} */
  let board = null;
  const button = element("button", { type: "button", click: () => waiting || board?.state === "elsewhere" || order(board?.state === "stopped" ? "start" : "stop") }, "Start");
  const about = element("p", { className: "board-about" });
  const wrong = element("pre", { className: "board-wrong", role: "status", hidden: true });
  const made = element("li", { className: "board-row", "data-map": name }, element("div", {}, element("strong", {}, name), about), button, wrong);

  const show = () => {
    if (board === null) return;
    const { valid, problems, state, error, title, devices } = board;
    const elsewhere = state === "elsewhere";
    const runs = state !== "stopped" && !elsewhere;
    text(about, valid ? [title, ...devices.map((each) => `${each.role} (${each.kind})`)].join(" · ") : "This port map cannot be used.");
    text(wrong, valid ? trouble || error || "" : problems.join("\n"));
    wrong.hidden = wrong.textContent === "";
    if (!waiting) text(button, elsewhere ? "Runs elsewhere" : runs ? "Stop" : "Start");
    button.setAttribute("aria-label", `${button.textContent}${elsewhere ? ":" : ""} ${name}`);
    button.disabled = !waiting && !valid && !runs;
    button.setAttribute("aria-disabled", String(waiting || elsewhere)); // really disabled, it would lose the focus
    made.dataset.state = state;
  };
  return {
    element: made,
    update: (now) => {
      board = now;
      show();
    },
    wait: (what) => {
      waiting = true;
      trouble = "";
      text(button, what === "start" ? "Starting…" : "Stopping…");
      show();
    },
    done: (problem) => {
      waiting = false;
      trouble = problem;
      show();
    },
    focus: () => button.focus(),
  };
}

/** @param {HTMLElement} place @param {string} content */
function text(place, content) {
  if (place.textContent !== content) place.textContent = content; // else a screen reader reads it again
}
