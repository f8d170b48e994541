// @ts-check
/**
 * Participants that live in a web page: docs/browser.md, and docs/wire.md for what goes over the wire.
 *
 *     import { Participant, connect } from "./msgflo.js";
 *
 *     const bell = new Participant("bell", {
 *       component: "home/Bell",
 *       inports: [{ id: "text", type: "string" }],
 *       outports: [{ id: "rung", type: "number", state: true }],
 *     });
 *     bell.onpacket = (port, value) => console.log(port, value);
 *     connect("ws://user:password@localhost:3569/mqtt", [bell]);
 *     bell.send("rung", 1);
 *
 * @typedef {object} Port
 * @property {string} id
 * @property {string} [type] boolean, number, string, object, array, color, buffer or any (default): for people and editors
 * @property {string} [description]
 * @property {object | string} [schema] a JSON Schema or its URL, for editors
 * @property {boolean} [state] an outport that holds a value: retained, QoS 1, sent again after an outage
 * @property {boolean} [raw] payloads are bytes, not JSON
 * @property {0|1} [qos] overrules what `state` implies
 * @property {boolean} [retain] overrules what `state` implies
 * @property {string} [topic] in place of `<role>/<id>`
 *
 * @typedef {object} Packet
 * @property {Uint8Array} raw the payload
 * @property {string} topic
 * @property {boolean} retained whether it is an old value
 *
 * @typedef {{url: string, user?: string, password?: string, secret?: string}} Account
 * @typedef {string | Account | (() => Account | Promise<Account>)} Broker
 * @typedef {{clientId?: string, log?: (text: string) => void}} Options
 */
import { Connection } from "./msgflo/connection.js";
import { encode, ports } from "./msgflo/wire.js";

export { pageAccount } from "./msgflo/account.js";
export { Connection };

/** A black box with inports and outports, each an MQTT topic. */
export class Participant {
  /**
   * Called with each packet: the inport's id, the value (JSON; text where it is none; Uint8Array where it is not UTF-8 or
   * the port is raw), and the packet.
   * @type {(port: string, value: any, packet: Packet) => void}
   */
  onpacket = () => {};

  /** Called once, when it is connected for the first time. @type {() => void} */
  onstart = () => {};

  /** @type {Connection | null} */
  connection = null;

  /**
   * `role` is the name of its node. It announces itself again within `period` seconds. A `temporary` one is forgotten when
   * its page closes; others are shown as stopped. Throws an Error for a mistake in the declaration.
   * @param {string} role
   * @param {{component?: string, id?: string, label?: string, icon?: string, period?: number, inports?: Port[],
   *   outports?: Port[], temporary?: boolean}} [about]
   */
  constructor(role, about = {}) {
    if (typeof role !== "string" || !role) throw new Error(`role ${JSON.stringify(role)}: a text is needed`);
    this.role = role;
    this.id = about.id ?? role;
    this.component = about.component ?? "page/Participant";
    this.label = about.label ?? "";
    this.icon = about.icon;
    this.period = about.period ?? 60;
    this.temporary = about.temporary ?? false;
    const declared = ports(role, about.inports ?? [], about.outports ?? []);
    this.inports = declared.inports;
    this.outports = declared.outports;
  }

  /**
   * Send a packet from an outport. Throws an Error for an outport that was not declared, and for a value that JSON has not.
   * @param {string} port @param {unknown} [value]
   */
  send(port, value = null) {
    const out = this.outports.get(port);
    if (!out) {
      const there = [...this.outports.keys()].join(", ") || "none";
      throw new Error(`${this.id}: there is no outport "${port}"; there are: ${there}`);
    }
    if (!this.connection) throw new Error(`${this.id}: not connected to a broker yet; call connect() first`);
    this.connection.post(out, encode(value, out.raw));
  }
}

/**
 * Connect participants to a broker's port for WebSockets, and keep them connected.
 *
 * `broker` is a URL such as "ws://user:password@localhost:3569/mqtt", an account, or a function that returns one, called before
 * each attempt. Without it, the coordinator that serves this module is asked. Of the options, `clientId` is by default the id
 * of the first participant, and `log` is called with the text of each problem.
 * @param {Broker} [broker] @param {Participant[]} [participants] @param {Options} [options]
 */
export function connect(broker, participants = [], options = {}) {
  return new Connection(broker, participants, options);
}
