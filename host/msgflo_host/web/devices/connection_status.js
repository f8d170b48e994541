// @ts-check
/** The status of the connection that all devices of this page share, and the button for its secret. */
import { element } from "../core/dom.js";
import { load } from "../core/load.js";

/** @import { Connection } from "../msgflo.js" */

/**
 * `connected()` gives the connection, whose status is shown from then on: MQTT is loaded for the first device only.
 * @param {import("../core/registry.js").Context} context @param {import("../core/dom.js").Properties<"p">} properties of the text
 */
export function connectionStatus(context, properties) {
  /** @type {Connection | null} */
  let connection = null;
  const ask = async () => {
    if (await context.fbp.askSecret?.()) connection?.retry();
  };
  const text = element("p", { role: "status", ...properties });
  const button = element("button", { type: "button", hidden: true, click: ask }, "Enter the secret");
  const show = (/** @type {Connection} */ { state, trouble, refused }) => {
    text.textContent = state === "online" ? "" : trouble ? `Not connected: ${trouble}` : "Connecting…";
    button.hidden = state === "online" || !refused;
  };
  const connected = async () => {
    const { sharedConnection } = await load("devices/connection.js");
    if (connection) return connection;
    const made = (connection = sharedConnection(context));
    made.addEventListener("state", () => show(made));
    show(made);
    return made;
  };
  return { text, button, connected };
}
