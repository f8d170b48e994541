// @ts-check
/** Which kinds of virtual devices there are. */
import { load } from "../core/load.js";

/**
 * @typedef {object} Kind
 * @property {string} kind
 * @property {string} name for people
 * @property {string} icon Font Awesome 4, without "fa-"
 * @property {string} label what it is, in a few words
 * @property {{in: import("../msgflo.js").Port[], out: import("../msgflo.js").Port[]}} ports
 * @property {{w: number, h: number}} size in cells of a dashboard
 * @property {(element: HTMLElement, participant: import("../msgflo.js").Participant, options?: any) =>
 *   {stop: () => void, memory?: () => any}} make draws it and starts it; `memory` gives options with which it goes on
 */

const NAMES = [
  "temperature", "humidity", "sound", "light", "button", "switch", "potentiometer", "rgb", "relay", "display",
  "sensor433", "clock", "chart", "text", "map",
]; // prettier-ignore

/** Loaders of the kinds, by their names. @type {Map<string, () => Promise<Kind>>} */
export const kinds = new Map(
  NAMES.map((name) => [name, () => load(`devices/${name}.js`).then((module) => module.default)]),
);

/** The kinds themselves, in the order in which they are shown. */
export const allKinds = () => Promise.all([...kinds.values()].map((load) => load()));

/** The component of a kind: `web/Button`. */
export const componentOf = (/** @type {string} */ kind) => `web/${kind[0].toUpperCase()}${kind.slice(1)}`;

/** The kind of a component, or undefined where it is none of ours. */
export const kindOf = (/** @type {string} */ component) => NAMES.find((kind) => componentOf(kind) === component);
