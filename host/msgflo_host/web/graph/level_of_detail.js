// @ts-check
// The level of detail at a zoom: sizes of texts, and what is left off.

const FAR = 0.72; // below this zoom ports and components are left off, and roles written larger
const LABELS_FROM = 0.75;
const TINY = 0.36;
const READABLE = 11.5; // pixels of the screen
const MOST_GROUP = 140; // pixels of the screen, for a name far away; see also css/graph.css
const GRID = 24;
const LEAST_GRID = 12; // pixels of the screen: dots that are nearer become a grey

/** The least zoom at which a graph is shown at first. */
export const LEAST_AT_FIRST = TINY;
/** The largest zoom at which only the names of nodes are written. */
export const MOST_FAR = FAR - 0.001;

/** Whether only the names of nodes are written. @param {number} k zoom */
export const isFar = (k) => k < FAR;

/** How large the name of a group is written, and how long it may be where its frame is shorter, in pixels of the graph. @param {number} k zoom */
export const groupText = (k) => (isFar(k) ? { size: READABLE / k, most: MOST_GROUP / k } : { size: 13, most: 400 });

/** The distance of the dots on the paper, in pixels of the screen. @param {number} k zoom */
export function gridAt(k) {
  let grid = GRID * k;
  while (grid < LEAST_GRID) grid *= 2;
  return grid;
}

/** Set the level of detail, in steps: each takes a new layout of all texts. @param {HTMLElement} world @param {number} k zoom */
export function writeZoom(world, k) {
  const step = 2 ** (Math.floor(Math.log2(k) * 8) / 8);
  world.classList.toggle("far", isFar(k));
  world.classList.toggle("quiet", k < LABELS_FROM);
  world.classList.toggle("tiny", k < TINY);
  world.style.setProperty("--far", `${(READABLE / step).toFixed(1)}px`);
  world.style.setProperty("--near", String(Math.max(1, 1 / step)));
}
