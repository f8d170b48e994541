// @ts-check
// A connection to the broker, for a part of the page that hears topics.

import { socketOf } from "../msgflo/account.js";
import { connect } from "../vendor/mqtt.js";

const CONNECT_MS = 10_000;

/**
 * Connect once.
 * @param {import("../msgflo.js").Account} account @param {string} part what its client id begins with
 */
export function listen(account, part) {
  const client = connect(account.url, {
    clientId: `${part}-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`,
    protocolVersion: 4,
    clean: true,
    connectTimeout: CONNECT_MS,
    reconnectPeriod: 0,
    timerVariant: "native",
    createWebsocket: (/** @type {string} */ url, /** @type {string[]} */ protocols) => socketOf(account, url, protocols),
  });
  client.on("error", () => client.end(true));
  return client;
}
