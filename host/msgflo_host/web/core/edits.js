// @ts-check
// Edits of the graph that is shown, one after the other, and taking them back.

import { NOT_CONNECTED } from "./fbp.js";
import { inverse } from "./inverse.js";

const MOST = 200; // steps that can be taken back
// Of these, none depends on another: they are sent without waiting for each answer.
const INDEPENDENT = new Set(["changenode", "changeedge", "changegroup"]);

/**
 * @typedef {import("./inverse.js").Command} Command
 * @typedef {{title: string, graph: string, steps: import("./inverse.js").Step[]}} Undoable
 */

/**
 * Events: "change" when `canUndo` or `canRedo` may be others; "refused" with {title, message} and "undone" with
 * {title, redo} as details.
 */
export class Edits extends EventTarget {
  #system;
  /** @type {Undoable[]} */
  #done = [];
  /** @type {Undoable[]} */
  #undone = [];
  /** @type {Promise<any>} */
  #last = Promise.resolve();

  /** @param {import("./system.js").System} system */
  constructor(system) {
    super();
    this.#system = system;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** What `undo` takes back, for people; empty when there is nothing. */
  get undoTitle() {
    return this.#done.at(-1)?.title ?? "";
  }

  get redoTitle() {
    return this.#undone.at(-1)?.title ?? "";
  }

  /**
   * Carry out graph commands as one step; their payloads need no `graph`, it is the one that is shown.
   * @param {string} title what people read: "Move lamp" @param {Command[]} commands
   * @returns {Promise<boolean>} whether all were carried out. It never rejects: what was refused has been said then ("refused"),
   *   what was carried out before can be taken back.
   */
  run(title, commands) {
    const graph = this.#system.current;
    return this.#inTurn(async () => {
      const { steps, error } = await this.#carryOut(graph, commands);
      if (steps.length > 0) {
        this.#push(this.#done, { title, graph, steps });
        this.#undone = [];
      }
      if (error !== null) this.#refuse(title, error.message);
      this.#changed();
      return error === null;
    });
  }

  /** Take the last step back. @returns {Promise<boolean>} whether that was possible; a step that is not is dropped */
  undo() {
    return this.#inTurn(() => this.#reverse(this.#done, this.#undone, "taken back", false));
  }

  /** Carry out again what was taken back last. @returns {Promise<boolean>} */
  redo() {
    return this.#inTurn(() => this.#reverse(this.#undone, this.#done, "done again", true));
  }

  /** @template T @param {() => Promise<T>} action @returns {Promise<T>} */
  #inTurn(action) {
    const result = this.#last.then(action);
    this.#last = result.catch(() => {});
    return result;
  }

  /** @param {Undoable[]} from @param {Undoable[]} to @param {string} what @param {boolean} redo */
  async #reverse(from, to, what, redo) {
    const step = from.at(-1);
    if (step === undefined) return false;
    if (this.#system.fbp.state !== "open") {
      this.#refuse(step.title, NOT_CONNECTED); // it can be taken back later
      return false;
    }
    from.pop();
    const { steps, error } = await this.#carryOut(step.graph, step.steps);
    if (steps.length > 0) this.#push(to, { ...step, steps });
    if (error !== null) this.#refuse(step.title, `It can no longer be ${what}: ${error.message}`);
    else this.dispatchEvent(new CustomEvent("undone", { detail: { title: step.title, redo } }));
    this.#changed();
    return error === null;
  }

  /**
   * @param {string} id @param {import("./inverse.js").Step[]} steps
   * @returns {Promise<{steps: import("./inverse.js").Step[], error: Error | null}>} what takes back all that was carried out
   */
  async #carryOut(id, steps) {
    /** @type {import("./inverse.js").Step[]} */
    let back = [];
    try {
      if (steps.every((step) => typeof step !== "function" && INDEPENDENT.has(step[0]))) {
        return await this.#allAtOnce(id, /** @type {Command[]} */ (steps));
      }
      for (const step of steps) {
        const command = typeof step === "function" ? step(this.#graph(id)) : step;
        if (command !== null) back = [...(await this.#send(id, command)), ...back];
      }
      return { steps: back, error: null };
    } catch (error) {
      return { steps: back, error: /** @type {Error} */ (error) };
    }
  }

  /** @param {string} id @param {Command[]} commands */
  async #allAtOnce(id, commands) {
    const results = await Promise.allSettled(commands.map((command) => this.#send(id, command)));
    const failed = results.find((each) => each.status === "rejected");
    const back = results.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    return { steps: back.reverse().flat(), error: failed?.status === "rejected" ? failed.reason : null };
  }

  /** @param {string} id @param {Command} command @returns {Promise<import("./inverse.js").Step[]>} */
  async #send(id, [command, payload]) {
    const back = inverse(this.#graph(id), command, payload);
    const key = command === "clear" ? "id" : "graph";
    await this.#system.fbp.request("graph", command, { ...payload, [key]: id });
    return back;
  }

  /** @param {string} id */
  #graph(id) {
    if (this.#system.fbp.state !== "open") throw new Error(NOT_CONNECTED);
    const graph = this.#system.graphs.get(id);
    if (graph === undefined) throw new Error(`there is no graph ${id} any more`);
    return graph;
  }

  /** @param {Undoable[]} stack @param {Undoable} step */
  #push(stack, step) {
    stack.push(step);
    if (stack.length > MOST) stack.shift();
  }

  /** @param {string} title @param {string} message */
  #refuse(title, message) {
    this.dispatchEvent(new CustomEvent("refused", { detail: { title, message } }));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
