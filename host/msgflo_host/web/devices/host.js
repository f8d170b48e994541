// @ts-check
/** Starts virtual devices in an element: for the strip below the graph, and for a dashboard. */
import { Participant } from "../msgflo.js";
import { componentOf, kinds } from "./kinds.js";

/**
 * A device that runs: `memory()` returns the options to continue with later, `stop()` ends it.
 * @typedef {{kind: string, role: string, participant: Participant, memory: () => import("./kinds.js").Options, stop: () => void}} Device
 */

/**
 * Draw a device of a kind into an element, and connect it as a temporary participant in a role. Its `id` must not be the
 * role's nor another page's, so that others can have the same role at the same time. Rejects
 * with an Error where there is no such kind, or where the connection has a device with this id.
 * @param {string} kind
 * @param {string} role
 * @param {HTMLElement} element
 * @param {{connection: import("../msgflo.js").Connection, id: string, options?: import("./kinds.js").Options}} how
 * @returns {Promise<Device>}
 */
export async function mount(kind, role, element, { connection, id, options }) {
  const load = kinds.get(kind);
  if (!load) throw new Error(`device "${kind}": allowed: ${[...kinds.keys()].join(", ")}`);
  const { label, icon, ports, make } = await load();
  const about = { id, component: componentOf(kind), label, icon, inports: ports.in, outports: ports.out };
  const participant = new Participant(role, { ...about, temporary: true });
  connection.add(participant);
  element.classList.add("device", `kind-${kind}`);
  const leave = () => {
    connection.remove(participant);
    element.replaceChildren();
  };
  try {
    const made = make(element, participant, options);
    const stop = () => {
      made.stop();
      leave();
    };
    return { kind, role, participant, memory: () => made.memory?.() ?? {}, stop };
  } catch (error) {
    leave();
    throw error;
  }
}
