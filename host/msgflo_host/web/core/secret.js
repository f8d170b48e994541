// @ts-check
// The secret that the runtime asks for: from the fragment of the URL, or typed; kept for this tab only.

const KEY = "msgflo-secret";

/**
 * Take `secret=…` out of the URL, before anything can copy it from there, and keep it.
 * @returns {string | null} the secret of this tab, if there is one
 */
export function takeSecret() {
  const parts = location.hash.slice(1).split("&");
  const given = parts.find((part) => part.startsWith("secret="));
  if (given === undefined) return read();
  const rest = parts.filter((part) => !part.startsWith("secret=")).join("&");
  history.replaceState(history.state, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
  const secret = decode(given.slice("secret=".length));
  keepSecret(secret || null);
  return secret || null;
}

/** @param {string | null} secret kept until the tab closes; null forgets it */
export function keepSecret(secret) {
  try {
    if (secret === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, secret);
  } catch {
    // A browser that keeps nothing asks again after a reload.
  }
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
