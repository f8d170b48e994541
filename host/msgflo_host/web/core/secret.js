// @ts-check
// The secret that the runtime asks for: from the fragment of the URL, or typed; stored for this tab only.

import { element, formDialog, toast } from "./dom.js";

const HINT = "The coordinator prints it at its first start, and stores it in .msgflo/fbp-secret. It stays in this tab until that is closed.";
const KEY = "msgflo-secret";

/**
 * Take `secret=…` out of the URL, before anything can copy it from there, and store it.
 * @returns {string | null} the secret of this tab, if there is one
 */
export function takeSecret() {
  const parts = location.hash.slice(1).split("&");
  const given = parts.find((part) => part.startsWith("secret="));
  if (given === undefined) return read();
  const rest = parts.filter((part) => !part.startsWith("secret=")).join("&");
  history.replaceState(history.state, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
  const secret = decode(given.slice("secret=".length));
  storeSecret(secret || null);
  return secret || null;
}

/** @param {string | null} secret stored until the tab closes; null forgets it */
export function storeSecret(secret) {
  try {
    if (secret === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, secret);
  } catch {
    // A browser without storage asks again after a reload.
  }
}

/**
 * Make a function that asks a person for a secret until the runtime knows it; null when they have none. `title` is that of the
 * dialog, where no request waits for the secret.
 * @param {import("./fbp.js").Fbp} fbp @returns {(title?: string) => Promise<string | null>}
 */
export function secretAsker(fbp) {
  /** @type {Promise<string | null> | null} */
  let asking = null; // one dialog for all who need the secret at the same time
  return (title = "A secret is needed") => (asking ??= ask(fbp, title).finally(() => (asking = null)));
}

/**
 * Ask for a secret where the one in use lacks something. Rejects with an Error, for people, where it is lacking after that as well.
 * @param {Pick<import("./registry.js").Context, "system" | "fbp">} context @param {string[]} capabilities that are needed
 */
export async function unlock({ system, fbp }, capabilities) {
  const lacking = () => capabilities.filter((each) => !system.may(each));
  if (lacking().length > 0 && (await fbp.askSecret?.())) await fbp.request("runtime", "getruntime", {}, { quiet: true });
  if (lacking().length > 0) throw new Error(`Not saved: that takes a secret which allows ${lacking().join(" and ")}.`);
}

/** @param {import("./fbp.js").Fbp} fbp @param {string} title */
async function ask(fbp, title) {
  if (fbp.secret !== null) title = "Another secret";
  for (;;) {
    const field = element("input", { type: "password", autocomplete: "off", spellcheck: false });
    const content = [element("label", { className: "field" }, element("span", {}, "Secret"), field), element("p", { className: "hint" }, HINT)];
    if (fbp.secret !== null) content.push(element("p", {}, element("button", { type: "button", click: forget }, "Forget the secret")));
    const secret = await formDialog({ title, content, yes: "Use it", read: () => field.value });
    if (!secret) return null;
    if (await isKnown(fbp, secret)) {
      toast("The secret is right, and in use in this tab.", "good");
      return secret;
    }
    title = fbp.state === "open" ? "That secret is not known here" : "There is no connection just now";
  }
}

/** True if a secret allows something; only then it is used and stored. @param {import("./fbp.js").Fbp} fbp @param {string} secret */
async function isKnown(fbp, secret) {
  try {
    if ((await fbp.allowedBy(secret)).length === 0) return false;
  } catch {
    return false; // as if it were not known
  }
  storeSecret(secret);
  fbp.secret = secret;
  return true;
}

/** Begin again without it: the open connections have used it. */
function forget() {
  storeSecret(null);
  location.reload();
}

function read() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a % that means itself
  }
}
