// @ts-check
// Moving and resizing instruments, by pointer and by keys.

import { announce } from "../core/dom.js";
import { COLUMNS, same, settle, sized, within } from "./grid.js";

/** @import { Box } from "./grid.js" */
/** @import { Instrument } from "./instrument.js" */
/** @typedef {{instruments: Map<string, Instrument>, grid: HTMLElement, saveBoxes: (title: string, boxes: Map<string, Box>) => Promise<unknown>, show: () => void}} Board */

const KEYS = new Map([["ArrowLeft", [-1, 0]], ["ArrowRight", [1, 0]], ["ArrowUp", [0, -1]], ["ArrowDown", [0, 1]]]);

/** @param {Instrument} instrument @param {Board} board */
export function makeArrangeable(instrument, board) {
  const ways = /** @type {const} */ ([[instrument.move, "Move", moved], [instrument.size, "Resize", resized]]);
  for (const [handle, verb, change] of ways) {
    handle.addEventListener("pointerdown", (event) => drag(event, instrument, board, `${verb} ${instrument.role}`, change));
    handle.addEventListener("keydown", (event) => step(event, instrument, board, `${verb} ${instrument.role}`, change));
  }
}

/** @param {Box} box @param {number} dx @param {number} dy */
const moved = (box, dx, dy) => within({ ...box, x: box.x + dx, y: box.y + dy });

/** @param {Box} box @param {number} dx @param {number} dy */
const resized = (box, dx, dy) => sized({ ...box, w: box.w + dx, h: box.h + dy });

/** @param {Board} board @param {string} role @param {Box} box @returns {Map<string, Box>} where all stand when one is there */
function around(board, role, box) {
  const boxes = new Map([...board.instruments].map(([id, each]) => [id, each.box]));
  return settle(boxes.set(role, box), role);
}

/** @param {KeyboardEvent} event @param {Instrument} instrument @param {Board} board @param {string} title @param {typeof moved} change */
function step(event, instrument, board, title, change) {
  const by = KEYS.get(event.key);
  if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const box = change(instrument.box, by[0], by[1]);
  announce(`${instrument.role}: column ${box.x + 1}, row ${box.y + 1}, ${box.w} wide, ${box.h} high`);
  if (same(box, instrument.box)) return;
  const boxes = around(board, instrument.role, box);
  // Shown at once: the next key begins there.
  for (const [role, each] of boxes) board.instruments.get(role)?.place(each);
  board.saveBoxes(title, boxes);
}

/** @param {PointerEvent} event @param {Instrument} instrument @param {Board} board @param {string} title @param {typeof moved} change */
function drag(event, instrument, board, title, change) {
  if (event.button !== 0) return;
  const handle = /** @type {HTMLElement} */ (event.currentTarget);
  const before = instrument.box;
  const start = { x: event.clientX, y: event.clientY + scrolled(board.grid) };
  const cell = cellOf(board.grid);
  const dragging = new AbortController();
  const origins = new Map([...board.instruments].map(([id, each]) => [id, each.box]));
  let boxes = new Map();
  handle.setPointerCapture(event.pointerId);
  hold(board, true);
  instrument.element.classList.add("held");

  const move = (/** @type {PointerEvent} */ now) => {
    const box = change(before, Math.round((now.clientX - start.x) / cell.width), Math.round((now.clientY + scrolled(board.grid) - start.y) / cell.height));
    boxes = settle(new Map(origins).set(instrument.role, box), instrument.role);
    for (const [role, each] of boxes) board.instruments.get(role)?.place(each);
  };
  const end = (/** @type {boolean} */ isMeant) => {
    dragging.abort();
    instrument.element.classList.remove("held");
    if (isMeant && !same(before, instrument.box)) board.saveBoxes(title, boxes);
    hold(board, false);
    board.show();
  };
  const { signal } = dragging;
  handle.addEventListener("pointermove", move, { signal });
  handle.addEventListener("pointerup", () => end(true), { signal });
  handle.addEventListener("pointercancel", () => end(false), { signal });
  handle.addEventListener("lostpointercapture", () => end(false), { signal });
  addEventListener("keydown", (key) => key.key === "Escape" && end(false), { signal });
}

/** @param {Board} board @param {boolean} isHeld what others change meanwhile is shown after */
function hold(board, isHeld) {
  for (const each of board.instruments.values()) each.isHeld = isHeld;
}

/** @param {HTMLElement} grid */
const scrolled = (grid) => grid.closest(".view")?.scrollTop ?? 0;

/** The distance from one cell to the next, in px. @param {HTMLElement} grid */
function cellOf(grid) {
  const { columnGap, rowGap, gridAutoRows, paddingLeft, paddingRight } = getComputedStyle(grid);
  const gap = parseFloat(columnGap);
  const width = (grid.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) + gap) / COLUMNS;
  return { width, height: parseFloat(gridAutoRows) + parseFloat(rowGap) };
}
