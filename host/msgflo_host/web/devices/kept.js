// @ts-check
/** What is kept in this tab: which devices were open, and the name of its connection. */

const KEY = "msgflo-devices";

/** @typedef {{kind: string, role: string, options?: any}} Open */

/**
 * Take what was kept. It is put back when the page is left or hidden, and not before: a tab that is duplicated gets a copy of
 * what is kept, and must not play the roles of the first one too.
 * @returns {{client: string, devices: Open[]}}
 */
export function take() {
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    sessionStorage.removeItem(KEY);
  } catch {
    // nothing, then
  }
  const devices = Array.isArray(kept?.devices) ? kept.devices.filter(isDevice) : [];
  return { client: typeof kept?.client === "string" ? kept.client : newClient(), devices };
}

/** Keep what `tell()` returns from when the page is left or hidden until it is shown. @param {() => any} tell */
export function keepWhenLeft(tell) {
  const keep = () => store(JSON.stringify(tell()));
  addEventListener("pagehide", keep);
  addEventListener("pageshow", () => store(null));
  document.addEventListener("visibilitychange", () => (document.hidden ? keep() : store(null)));
}

function store(text) {
  try {
    if (text === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, text);
  } catch {
    // a browser that keeps nothing begins anew
  }
}

const isDevice = (each) => typeof each?.kind === "string" && typeof each.role === "string" && each.role !== "";

const newClient = () => `web-${[...crypto.getRandomValues(new Uint8Array(5))].map((n) => n.toString(16).padStart(2, "0")).join("")}`;
