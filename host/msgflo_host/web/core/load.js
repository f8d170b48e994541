// @ts-check
// Modules that are loaded when they are needed.

/**
 * @typedef {{
 *   "adopt/view.js": typeof import("../adopt/view.js"),
 *   "boards/board_list.js": typeof import("../boards/board_list.js"),
 *   "core/listener.js": typeof import("./listener.js"),
 *   "devices/connection.js": typeof import("../devices/connection.js"),
 *   "devices/host.js": typeof import("../devices/host.js"),
 *   "graph/new_component.js": typeof import("../graph/new_component.js"),
 *   "msgflo.js": typeof import("../msgflo.js"),
 * }} Modules  that have a type here
 */

/** @type {Map<string, Promise<unknown>>} */
const modules = new Map();
/** How often the import of each has failed. @type {Map<string, number>} */
const failures = new Map();

/**
 * Load a module, once for all parts. Rejects with a reason for people. The next call tries again, at another address: browsers
 * never fetch again what they could not import. A module that imports it by its own address may get another instance then.
 * @template {string} Path
 * @param {Path} path from the page's folder
 * @returns {Promise<Path extends keyof Modules ? Modules[Path] : any>}
 */
export function load(path) {
  const module = modules.get(path) ?? attempt(path);
  modules.set(path, module);
  return /** @type {Promise<any>} */ (module); // of the type that `Modules` states
}

/** @param {string} path */
async function attempt(path) {
  const before = failures.get(path) ?? 0;
  try {
    return await import(new URL(`../${path}${before === 0 ? "" : `?${before + 1}`}`, import.meta.url).href);
  } catch (error) {
    console.warn(error);
    modules.delete(path);
    failures.set(path, before + 1);
    throw new Error("what it needs did not come from the coordinator. Load the page again if that goes on.", { cause: error });
  }
}
