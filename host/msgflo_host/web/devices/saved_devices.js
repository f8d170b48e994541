// @ts-check
/** The devices that this tab had open, and the name of its connection, saved while the page is left or hidden. */

const KEY = "msgflo-devices";

/** @import { Options } from "./kinds.js" */
/** @typedef {{kind: string, role: string, options?: Options}} SavedDevice */
/** @typedef {{client: string, devices: SavedDevice[]}} Saved  `client`: the MQTT client id */

/**
 * Take what was saved out of the tab's storage. It is saved again when the page is left or hidden, and not before: a duplicated tab
 * gets a copy of the storage, and must not simulate the devices of the first one, too.
 * @returns {Saved}
 */
export function takeSaved() {
  let saved = null;
  try {
    saved = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    sessionStorage.removeItem(KEY);
  } catch {
    // nothing, then
  }
  const devices = Array.isArray(saved?.devices) ? saved.devices.filter(isDevice) : [];
  return { client: typeof saved?.client === "string" ? saved.client : newClient(), devices };
}

/** Save while the page is left or hidden, until it is shown. @param {() => Saved} state */
export function saveWhenLeft(state) {
  const save = () => store(JSON.stringify(state()));
  addEventListener("pagehide", save);
  addEventListener("pageshow", () => store(null));
  document.addEventListener("visibilitychange", () => (document.hidden ? save() : store(null)));
}

/** @param {string | null} text */
function store(text) {
  try {
    if (text === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, text);
  } catch {
    // a browser without storage begins anew
  }
}

/** @param {Partial<SavedDevice> | null} each */
const isDevice = (each) => typeof each?.kind === "string" && typeof each.role === "string" && each.role !== "";

const newClient = () => `web-${[...crypto.getRandomValues(new Uint8Array(5))].map((n) => n.toString(16).padStart(2, "0")).join("")}`;
