// @ts-check
/** The one connection to the broker that all virtual devices and instruments of this page share. */
import { connect, pageAccount } from "../msgflo.js";
import { restored } from "./tab.js";

/** @type {import("../msgflo.js").Connection | null} */
let shared = null;

/** The connection, made at the first call; each attempt uses the secret of then. @param {import("../core/registry.js").Context} context */
export function sharedConnection({ fbp }) {
  shared ??= connect(() => pageAccount(fbp.secret), [], { clientId: restored.client, log: (text) => console.info(text) });
  return shared;
}
