// @ts-check
/** What is said of the connection that all devices of this page share, and the button for its secret. */
import { element } from "../core/dom.js";
import { load } from "../core/load.js";

/**
 * `connected()` gives the connection, of which is told from then on: MQTT is loaded for the first device only.
 * @param {import("../core/registry.js").Context} context @param {Record<string, any>} properties of the element that says it
 */
export function makeTrouble(context, properties) {
  /** @type {import("../msgflo.js").Connection | null} */
  let connection = null;
  const ask = async () => {
    if (await context.fbp.askSecret?.()) connection?.retry();
  };
  const said = element("p", { role: "status", ...properties });
  const button = element("button", { type: "button", hidden: true, click: ask }, "Enter the secret");
  const tell = (/** @type {import("../msgflo.js").Connection} */ { state, trouble, refused }) => {
    said.textContent = state === "online" ? "" : trouble ? `Not connected: ${trouble}` : "Connecting…";
    button.hidden = state === "online" || !refused;
  };
  const connected = async () => {
    const { sharedConnection } = await load("devices/connection.js");
    if (connection) return connection;
    const made = (connection = sharedConnection(context));
    made.addEventListener("state", () => tell(made));
    tell(made);
    return made;
  };
  return { said, button, connected };
}
