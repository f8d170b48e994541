// @ts-check
// What instruments were set to in this browser: a switch on a wall is where it was when the tablet starts again.

const KEY = "msgflo-instruments";
const MOST = 100; // instruments

/** @returns {Record<string, {kind: string, options: any}>} */
function read() {
  try {
    const all = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return all !== null && typeof all === "object" && !Array.isArray(all) ? all : {};
  } catch {
    return {}; // a browser that keeps nothing
  }
}

/** @param {string} role @param {string} kind @returns {any} the options with which a device goes on, if any */
export function recall(role, kind) {
  const all = read();
  return Object.hasOwn(all, role) && all[role]?.kind === kind ? all[role].options : undefined;
}

/** @param {string} role @param {string} kind @param {any} options */
export function remember(role, kind, options) {
  const others = Object.entries(read()).filter(([each]) => each !== role);
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries([...others.slice(1 - MOST), [role, { kind, options }]])));
  } catch {
    // it begins anew then
  }
}
