// @ts-check
/** The address of the broker, and the account there. */

/** @typedef {import("../msgflo.js").Account} Account */

/**
 * The account that a broker's description stands for. Rejects with an Error for people.
 * @param {import("../msgflo.js").Broker | undefined} broker
 * @returns {Promise<Account>}
 */
export async function resolve(broker) {
  let account = typeof broker === "function" ? await broker() : (broker ?? (await pageAccount()));
  if (typeof account === "string") account = { url: account };
  const url = parsed(account.url);
  const user = account.user ?? decodeURIComponent(url.username);
  const password = account.password ?? decodeURIComponent(url.password);
  url.username = url.password = ""; // a WebSocket takes none there
  return { url: url.href, user: user || undefined, password: password || undefined, secret: account.secret };
}

/** @param {string} text */
function parsed(text) {
  try {
    const url = new URL(text);
    if (["ws:", "wss:"].includes(url.protocol)) return url;
  } catch {
    // reported below
  }
  // Not the text itself: a password may be in it.
  throw new Error("the broker's address is not valid: a URL such as ws://user:password@localhost:3569/mqtt is needed");
}

/**
 * The way to the broker that the coordinator which serves this module opens to its own pages, and to those who know a secret.
 * Rejects with an Error, whose `status` is that of HTTP where there was an answer.
 * @param {string | null} [secret]
 * @returns {Promise<Account>}
 */
export async function pageAccount(secret = null) {
  const page = new URL("../page.json", import.meta.url);
  const headers = secret ? { Authorization: `Bearer ${secret}` } : undefined;
  let answer;
  try {
    answer = await fetch(page, { headers, cache: "no-store" }); // for the WebSocket, a browser does not tell why it was refused
  } catch {
    throw new Error(`the coordinator at ${page.host} does not answer`);
  }
  if (!answer.ok) {
    const why = (await answer.text().catch(() => "")).trim() || answer.statusText;
    throw Object.assign(new Error(`no way to the broker: ${why}`), { status: answer.status });
  }
  return { url: `${page.protocol === "https:" ? "wss" : "ws"}://${page.host}/mqtt`, secret: secret ?? undefined };
}

/**
 * Make the WebSocket of an account, with its secret among the protocols.
 * @param {Account} account @param {string} url @param {string[]} protocols
 */
export const socketOf = (account, url, protocols) =>
  new WebSocket(url, account.secret ? [...protocols, `secret.${account.secret}`] : protocols);
