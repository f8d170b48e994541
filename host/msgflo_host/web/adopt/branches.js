// @ts-check
// The tree of topics, and its rows on the page.

import { MOST_TOPICS } from "./seen.js";

const OPEN_BELOW = 60; // topics: a branch with fewer is open from the start
const NAMELESS = "/"; // a level without a name, as before a slash at the beginning
export const MOST_ROWS = 500;

/**
 * @typedef {import("./seen.js").Seen} Seen
 * @typedef {{name: string, path: string, seen: Seen | null, branches: Map<string, Branch>, total: number}} Branch  `total`: topics in it
 * @typedef {{branch: Branch, level: number, open: boolean | null, place: number, siblings: number}} Row  `open` is null for a leaf
 */

/** @param {string} name @param {string} path @returns {Branch} */
const branch = (name, path) => ({ name, path, seen: null, branches: new Map(), total: 0 });

/**
 * The tree of topics. Levels with nothing beside them are joined into one.
 * @param {Iterable<Seen>} topics @returns {Branch} the root, which is no topic
 */
export function treeOf(topics) {
  const root = branch("", "");
  for (const seen of topics) {
    let at = root;
    for (const level of seen.topic.split("/")) {
      at.total++;
      let next = at.branches.get(level);
      if (next === undefined) {
        next = branch(level, at === root ? level : `${at.path}/${level}`);
        at.branches.set(level, next);
      }
      at = next;
    }
    at.total++;
    at.seen = seen;
  }
  root.branches = new Map([...root.branches].map(([key, each]) => [key, joined(each)]));
  return root;
}

/** @param {Branch} each @returns {Branch} */
function joined(each) {
  let at = each;
  let name = each.name;
  while (at.seen === null && at.branches.size === 1) {
    [at] = at.branches.values();
    name = `${name}/${at.name}`;
  }
  return { ...at, name: name || NAMELESS, branches: new Map([...at.branches].map(([key, inner]) => [key, joined(inner)])) };
}

/**
 * The rows that are shown, in order, at most MOST_ROWS.
 * @param {Branch} root @param {Map<string, boolean>} opened branches that people have opened (true) or closed, by path
 * @returns {{rows: Row[], more: boolean}}
 */
export function rowsOf(root, opened) {
  /** @type {Row[]} */
  const rows = [];
  const add = (/** @type {Branch} */ of, /** @type {number} */ level) => {
    const inner = [...of.branches.values()].sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
    for (const [i, each] of inner.entries()) {
      if (rows.length > MOST_ROWS) return;
      const isBranch = each.branches.size > 0;
      const open = isBranch ? (opened.get(each.path) ?? each.total <= OPEN_BELOW) : null;
      rows.push({ branch: each, level, open, place: i + 1, siblings: inner.length });
      if (open) add(each, level + 1);
    }
  };
  add(root, 1);
  return { rows: rows.slice(0, MOST_ROWS), more: rows.length > MOST_ROWS };
}

/** All topics in a branch, its own first. @param {Branch} of @returns {Seen[]} */
export function topicsIn(of) {
  const inner = [...of.branches.values()].flatMap(topicsIn);
  return (of.seen === null ? inner : [of.seen, ...inner]).slice(0, MOST_TOPICS);
}
