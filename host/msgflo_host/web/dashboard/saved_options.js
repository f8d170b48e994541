// @ts-check
// Options of instruments, saved in this browser: a switch is where it was when the tablet starts again.

const KEY = "msgflo-instruments";
const MOST = 100; // instruments

/** @import { Options } from "../devices/kinds.js" */

/** By their roles. @returns {Record<string, {kind: string, options: Options}>} */
function read() {
  try {
    const all = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return all !== null && typeof all === "object" && !Array.isArray(all) ? all : {};
  } catch {
    return {}; // a browser without storage
  }
}

/** The options with which a device goes on, if any. @param {string} role @param {string} kind */
export function recall(role, kind) {
  const all = read();
  return Object.hasOwn(all, role) && all[role]?.kind === kind ? all[role].options : undefined;
}

/** @param {string} role @param {string} kind @param {Options} options */
export function save(role, kind, options) {
  const others = Object.entries(read()).filter(([each]) => each !== role);
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries([...others.slice(1 - MOST), [role, { kind, options }]])));
  } catch {
    // it begins anew then
  }
}
