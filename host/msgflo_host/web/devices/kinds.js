// @ts-check
/** The kinds of virtual devices. */
import { load } from "../core/load.js";

/**
 * @typedef {import("../msgflo.js").Participant} Participant
 * @typedef {import("../msgflo.js").Port} Port
 * @typedef {{value?: number, drifts?: boolean, on?: boolean, temperature?: number, humidity?: number, battery?: boolean, x?: number, y?: number}} Options
 *   with which a device goes on where it was
 *
 * @typedef {object} Kind
 * @property {string} kind
 * @property {string} name for people
 * @property {string} icon Font Awesome 4, without "fa-"
 * @property {string} label what it is, in a few words
 * @property {{in: Port[], out: Port[]}} ports
 * @property {{w: number, h: number}} size in cells of a dashboard
 * @property {(element: HTMLElement, participant: Participant, options?: Options) => {stop: () => void, memory?: () => Options}} make draws and starts it
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
