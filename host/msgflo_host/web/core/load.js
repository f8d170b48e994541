// @ts-check
// Modules that are loaded when they are needed.

/** @type {Map<string, Promise<any>>} */
const modules = new Map();
/** How often each did not come. @type {Map<string, number>} */
const failures = new Map();

/**
 * Load a module, once for all who need it. Rejects with a reason for people where it does not come. The next call tries again, at another
 * address: browsers ask only once for one that they could not import. Who imports it otherwise may get another instance of it then.
 * @param {string} path where the page is
 */
export function load(path) {
  const module = modules.get(path) ?? attempt(path);
  modules.set(path, module);
  return module;
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
