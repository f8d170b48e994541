// @ts-check
// The tree of topics on the page: a row each, chosen and opened by mouse and keyboard.

import { element } from "../core/dom.js";
import { agoText } from "../core/text.js";
import { availabilityOf } from "./availability.js";
import { MOST_ROWS, rowsOf, topicsIn, treeOf } from "./branches.js";
import { shortened } from "./values.js";

const MOST_VALUE = 120; // characters
const MOST_LEVEL = 8; // with an indent of its own

/**
 * @typedef {import("./branches.js").Branch} Branch
 * @typedef {import("./branches.js").Row} Row
 * @typedef {import("./seen.js").Seen} Seen
 */

/** Events: "choice" when other topics are chosen. */
export class Tree extends EventTarget {
  /** The topics that are chosen. @type {Set<string>} */
  chosen = new Set();
  /** @type {HTMLElement} */
  element;

  #tree = element("div", { role: "tree", "aria-label": "Topics of nobody", "aria-multiselectable": true, className: "topic-tree" });
  #more = element("p", { className: "hint" }, `Only the first ${MOST_ROWS} rows are shown: close branches, or search.`);
  /** The rows on the page, by path. @type {Map<string, DrawnRow>} */
  #drawn = new Map();
  /** @type {Map<string, boolean>} */
  #opened = new Map();
  /** @type {Row[]} */
  #rows = [];
  /** @type {Seen[]} */
  #topics = [];
  #focused = ""; // the path of the row that takes the focus

  /** @param {HTMLElement} element */
  constructor(element) {
    super();
    this.element = element;
    element.append(this.#tree, this.#more);
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("click", (event) => this.#click(event));
    element.addEventListener("focusin", (event) => this.#focus(this.#rowAt(event)?.branch.path ?? this.#focused, false));
  }

  /** @param {Seen[]} topics */
  show(topics) {
    this.#topics = topics;
    const { rows, more } = rowsOf(treeOf(topics), this.#opened);
    this.#rows = rows;
    this.#more.hidden = !more;
    if (!rows.some((row) => row.branch.path === this.#focused)) this.#focused = rows[0]?.branch.path ?? "";
    this.#draw();
  }

  #draw() {
    const now = Date.now();
    const before = this.#drawn;
    this.#drawn = new Map(this.#rows.map(({ branch: { path } }) => [path, before.get(path) ?? new DrawnRow()]));
    for (const [path, { element }] of before) if (!this.#drawn.has(path)) element.remove();
    let next = this.#tree.firstElementChild;
    for (const row of this.#rows) {
      const { path } = row.branch;
      const drawn = /** @type {DrawnRow} */ (this.#drawn.get(path));
      drawn.update(row, this.#isChecked(row.branch), path === this.#focused, now);
      if (drawn.element === next) next = next.nextElementSibling;
      else this.#tree.insertBefore(drawn.element, next); // none that stays is moved: it would lose the focus
    }
  }

  /** @param {Branch} branch */
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
    /** @type {number | undefined} */
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.#rows.length - 1 }[event.key];
    if (to !== undefined) this.#focus(this.#rows[Math.max(0, Math.min(to, this.#rows.length - 1))].branch.path);
    else if (event.key === " " || event.key === "Enter") this.#choose(row);
    else if (event.key === "ArrowRight") this.#right(row, at);
    else if (event.key === "ArrowLeft") this.#left(row, at);
    else return;
    event.preventDefault();
  }

  /** @param {Row} row @param {number} at */
  #right(row, at) {
    if (row.open === false) this.#open(row, true);
    else if (row.open) this.#focus(this.#rows[at + 1].branch.path);
  }

  /** @param {Row} row @param {number} at */
  #left(row, at) {
    const above = this.#rows.slice(0, at).findLast((each) => each.level < row.level);
    if (row.open) this.#open(row, false);
    else if (above !== undefined) this.#focus(above.branch.path);
  }

  /** @param {Row} row @param {boolean} open */
  #open(row, open) {
    this.#opened.set(row.branch.path, open);
    this.show(this.#topics);
  }

  /** Choose all topics of a row, or none of them. @param {Row} row */
  #choose(row) {
    const isChosen = this.#isChecked(row.branch) !== "true";
    for (const { topic } of topicsIn(row.branch)) {
      if (isChosen) this.chosen.add(topic);
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
    if (move) this.#drawn.get(path)?.element.focus();
  }
}

/** A row on the page. Each second it is updated; what stays the same is left alone. */
class DrawnRow {
  #name = element("span");
  #note = element("small");
  #value = element("span");
  #count = element("span", { className: "topic-count" });
  #age = element("span", { className: "topic-age" });
  element = element("div", { role: "treeitem", className: "topic-row" }, element("span", { className: "topic-twisty", "aria-hidden": true }),
    element("span", { className: "topic-box", "aria-hidden": true }), element("span", { className: "topic-name" }, this.#name, " ", this.#note),
    this.#value, this.#count, this.#age);

  /** @param {Row} row @param {"true" | "false" | "mixed"} checked @param {boolean} isFocused @param {number} now ms since 1970 */
  update({ branch, level, open, place, siblings }, checked, isFocused, now) {
    const { seen } = branch;
    Object.assign(this.element.dataset, { path: branch.path, level: Math.min(level, MOST_LEVEL) });
    Object.assign(this.element, { tabIndex: isFocused ? 0 : -1, ariaLevel: level, ariaSetSize: siblings, ariaPosInSet: place, ariaChecked: checked, ariaExpanded: open });
    setText(this.#name, shortened(branch.name, MOST_VALUE));
    setText(this.#note, seen === null || availabilityOf(seen) === null ? "" : "availability");
    this.#value.className = `topic-value ${seen === null ? "muted" : "mono"}`;
    setText(this.#value, seen === null ? `${branch.total} topics` : valueOf(seen));
    this.#count.hidden = this.#age.hidden = seen === null;
    if (seen === null) return;
    setText(this.#count, `${seen.count}×`);
    this.#count.title = seen.count === 1 ? "one message" : `${seen.count} messages`;
    setText(this.#age, agoText((now - seen.at) / 1000));
  }
}

/** Write a text where it is another one: a selection in it stays. @param {Element} on @param {string} text */
function setText(on, text) {
  if (on.textContent !== text) on.textContent = text;
}

/** @param {Seen} seen */
function valueOf(seen) {
  return seen.text === null ? `${seen.size} bytes` : shortened(seen.text, MOST_VALUE);
}
