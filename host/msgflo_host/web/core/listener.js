// @ts-check
// A connection to the broker with the page's account, for a part that hears topics.

import { connect } from "../vendor/mqtt.js";

const CONNECT_MS = 10_000;

/**
 * Connect once: who wants to go on after the end asks for a new account, as the coordinator makes another at each start.
 * @param {import("../msgflo.js").Account} account @param {string} part what its client id begins with
 */
export function listen(account, part) {
  const client = connect(account.url, {
    clientId: `${part}-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`,
    username: account.user,
    password: account.password,
    protocolVersion: 4,
    clean: true,
    connectTimeout: CONNECT_MS,
    reconnectPeriod: 0,
    timerVariant: "native",
  });
  client.on("error", () => client.end(true));
  return client;
}
