// @ts-check
// The tree of topics on the page: a row each, chosen and opened by mouse and keyboard.

import { agoText } from "../core/text.js";
import { html, nothing, render, repeat } from "../vendor/lit-html.js";
import { availabilityOf } from "./availability.js";
import { MOST_ROWS, rowsOf, topicsIn, treeOf } from "./branches.js";
import { shortened } from "./values.js";

const MOST_VALUE = 120; // characters
const MOST_LEVEL = 8; // that is shown by a distance

/** Events: "choice" when other topics are chosen. */
export class Tree extends EventTarget {
  /** The topics that are chosen. @type {Set<string>} */
  chosen = new Set();
  /** @type {HTMLElement} */
  element;

  /** @type {Map<string, boolean>} */
  #opened = new Map();
  /** @type {import("./branches.js").Row[]} */
  #rows = [];
  /** @type {import("./seen.js").Seen[]} */
  #topics = [];
  #more = false;
  #focused = ""; // the path of the row that takes the focus

  /** @param {HTMLElement} element */
  constructor(element) {
    super();
    this.element = element;
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("click", (event) => this.#click(event));
    element.addEventListener("focusin", (event) => this.#focus(this.#rowAt(event)?.branch.path ?? this.#focused, false));
  }

  /** @param {import("./seen.js").Seen[]} topics */
  show(topics) {
    this.#topics = topics;
    const { rows, more } = rowsOf(treeOf(topics), this.#opened);
    this.#rows = rows;
    this.#more = more;
    if (!rows.some((row) => row.branch.path === this.#focused)) this.#focused = rows[0]?.branch.path ?? "";
    this.#draw();
  }

  #draw() {
    const now = Date.now();
    const rows = repeat(this.#rows, (/** @type {import("./branches.js").Row} */ row) => row.branch.path, (/** @type {import("./branches.js").Row} */ row) => this.#row(row, now));
    const more = html`<p class="hint">Only the first ${MOST_ROWS} rows are shown: close branches, or search.</p>`;
    render(html`<div role="tree" aria-label="Topics of nobody" aria-multiselectable="true" class="topic-tree">${rows}</div>${this.#more ? more : nothing}`, this.element);
  }

  /** @param {import("./branches.js").Row} row @param {number} now */
  #row({ branch, level, open, place, siblings }, now) {
    const checked = this.#isChecked(branch);
    const { seen } = branch;
    return html`<div role="treeitem" class="topic-row" data-path=${branch.path} data-level=${Math.min(level, MOST_LEVEL)} tabindex=${branch.path === this.#focused ? 0 : -1}
      aria-level=${level} aria-setsize=${siblings} aria-posinset=${place} aria-checked=${checked} aria-expanded=${open === null ? nothing : String(open)}>
      <span class="topic-twisty" aria-hidden="true"></span><span class="topic-box" aria-hidden="true"></span>
      <span class="topic-name">${shortened(branch.name, MOST_VALUE)}${seen !== null && availabilityOf(seen) ? html` <small>whether it is there</small>` : nothing}</span>
      ${seen === null ? html`<span class="topic-value muted">${branch.total} topics</span>` : html`<span class="topic-value mono">${valueOf(seen)}</span>
        <span class="topic-count" title=${seen.count === 1 ? "one message" : `${seen.count} messages`}>${seen.count}×</span><span class="topic-age">${agoText((now - seen.at) / 1000)}</span>`}
    </div>`;
  }

  /** @param {import("./branches.js").Branch} branch */
  #isChecked(branch) {
    if (this.chosen.size === 0) return "false";
    const topics = topicsIn(branch);
    const count = topics.filter((seen) => this.chosen.has(seen.topic)).length;
    if (count === 0) return "false";
    return count === topics.length ? "true" : "mixed";
  }

  /** @param {Event} event */
  #rowAt(event) {
    const row = /** @type {Element} */ (event.target).closest?.("[role=treeitem]");
    return this.#rows.find((each) => each.branch.path === /** @type {HTMLElement | null} */ (row)?.dataset.path);
  }

  /** @param {Event} event */
  #click(event) {
    const row = this.#rowAt(event);
    if (row === undefined) return;
    this.#focus(row.branch.path);
    const isBox = /** @type {Element} */ (event.target).closest(".topic-box") !== null;
    if (row.open !== null && !isBox) this.#open(row, !row.open);
    else this.#choose(row);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = this.#rowAt(event);
    if (row === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const at = this.#rows.indexOf(row);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.#rows.length - 1 }[event.key];
    if (to !== undefined) this.#focus(this.#rows[Math.max(0, Math.min(to, this.#rows.length - 1))].branch.path);
    else if (event.key === " " || event.key === "Enter") this.#choose(row);
    else if (event.key === "ArrowRight") this.#right(row, at);
    else if (event.key === "ArrowLeft") this.#left(row, at);
    else return;
    event.preventDefault();
  }

  /** @param {import("./branches.js").Row} row @param {number} at */
  #right(row, at) {
    if (row.open === false) this.#open(row, true);
    else if (row.open) this.#focus(this.#rows[at + 1].branch.path);
  }

  /** @param {import("./branches.js").Row} row @param {number} at */
  #left(row, at) {
    const above = this.#rows.slice(0, at).findLast((each) => each.level < row.level);
    if (row.open) this.#open(row, false);
    else if (above !== undefined) this.#focus(above.branch.path);
  }

  /** @param {import("./branches.js").Row} row @param {boolean} open */
  #open(row, open) {
    this.#opened.set(row.branch.path, open);
    this.show(this.#topics);
  }

  /** All topics of a row, or none of them. @param {import("./branches.js").Row} row */
  #choose(row) {
    const wanted = this.#isChecked(row.branch) !== "true";
    for (const { topic } of topicsIn(row.branch)) {
      if (wanted) this.chosen.add(topic);
      else this.chosen.delete(topic);
    }
    this.#draw();
    this.dispatchEvent(new Event("choice"));
  }

  /** @param {string} path @param {boolean} [move] */
  #focus(path, move = true) {
    if (this.#focused !== path) {
      this.#focused = path;
      this.#draw();
    }
    if (!move) return;
    /** @type {HTMLElement | undefined} */ ([...this.element.querySelectorAll("[role=treeitem]")].find((row) => /** @type {HTMLElement} */ (row).dataset.path === path))?.focus();
  }
}

/** @param {import("./seen.js").Seen} seen */
function valueOf(seen) {
  return seen.text === null ? `${seen.size} bytes` : shortened(seen.text, MOST_VALUE);
}
