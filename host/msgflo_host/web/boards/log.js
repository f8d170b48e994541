// @ts-check
// The last lines that a board prints.

import { element } from "../core/dom.js";

const MOST_LINES = 200;

/** @returns {{element: HTMLElement, add: (lines: string[]) => void}} */
export function makeLog() {
  const lines = element("div", { className: "board-lines", role: "log", tabIndex: 0, "aria-label": "Log of the board", "aria-live": "off" });
  const made = element("details", { className: "board-log", open: true }, element("summary", {}, "Log"), lines);
  /** @type {string[]} */
  let waiting = [];
  const show = () => {
    const atEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 8;
    lines.append(...waiting.slice(-MOST_LINES).map((line) => element("div", {}, line)));
    waiting = [];
    while (lines.childElementCount > MOST_LINES) lines.firstElementChild?.remove();
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  };
  return {
    element: made,
    add: (more) => {
      if (waiting.length === 0 && more.length > 0) setTimeout(show); // lines that come together are shown together
      waiting.push(...more);
      if (waiting.length > 10 * MOST_LINES) waiting = waiting.slice(-MOST_LINES);
    },
  };
}
