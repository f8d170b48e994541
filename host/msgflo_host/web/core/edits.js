// @ts-check
// Edits of the graph that is shown, one after the other, and their undo.

import { emit } from "./events.js";
import { NOT_CONNECTED, Unanswered } from "./fbp.js";
import { inverse } from "./inverse.js";
import { isApplied } from "./outcome.js";
import { whyNot } from "./possible.js";

const MOST = 200; // edits that can be undone
// None of these depends on another: they are sent without waiting for each answer.
const INDEPENDENT = new Set(["changenode", "changeedge", "changegroup"]);

/**
 * @typedef {import("./inverse.js").Command} Command
 * @typedef {import("./inverse.js").Step} Step
 * @typedef {{title: string, graph: string, steps: Step[], back: Step[], unsure: {step: Step, command: Command, back: Step[]}[], isNew: boolean}} Undoable
 *   `steps` are to be carried out, `back` undoes those that were. `unsure` were sent and had no answer: for a new edit they are
 *   its commands (`isNew`), later those of `steps`.
 */

/**
 * @typedef {{change: null, refused: {title: string, message: string}, undone: {title: string, redo: boolean}}} EditsEvents  "change": `canUndo`
 *   or `canRedo` may have changed
 */

/** Edits of the graph that is shown: done one after the other, undone and redone. */
export class Edits extends /** @type {import("./events.js").TargetClass<EditsEvents>} */ (EventTarget) {
  #system;
  /** @type {Undoable[]} */
  #done = [];
  /** @type {Undoable[]} */
  #undone = [];
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {import("./system.js").System} system */
  constructor(system) {
    super();
    this.#system = system;
    system.addEventListener("state", () => system.isReady && this.#inTurn(async () => this.#settle()));
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** The edit that `undo` reverts, for people; empty when there is none. */
  get undoTitle() {
    return this.#done.at(-1)?.title ?? "";
  }

  get redoTitle() {
    return this.#undone.at(-1)?.title ?? "";
  }

  /**
   * Carry out graph commands as one step; their payloads need no `graph`, it is the one that is shown.
   * @param {string} title what people read: "Move lamp" @param {Step[]} commands
   * @returns {Promise<boolean>} true if all were carried out. It never rejects: the event "refused" reports a refusal, and
   *   the commands before it can be undone.
   */
  run(title, commands) {
    const { current: graph, readOnly } = this.#system;
    if (readOnly !== "") {
      this.#refuse(title, `${readOnly}.`); // not sent, so that a mere touch asks nobody for a secret
      return Promise.resolve(false);
    }
    return this.#inTurn(async () => {
      const work = { title, graph, steps: [...commands], back: [], unsure: [], isNew: true };
      const error = await this.#carryOut(work);
      if (work.back.length > 0) this.#undone = [];
      const isNew = work.unsure.length > 0;
      if (isNew || work.back.length > 0) this.#push(this.#done, { ...work, steps: work.back, back: [], isNew });
      if (error !== null) this.#refuse(title, error.message);
      this.#changed();
      return error === null;
    });
  }

  /** Undo the last edit. @returns {Promise<boolean>} false if the runtime has refused it, which drops it, or if it was not sent */
  undo() {
    return this.#inTurn(() => this.#reverse(false));
  }

  /** Carry out again the last edit that was undone. @returns {Promise<boolean>} */
  redo() {
    return this.#inTurn(() => this.#reverse(true));
  }

  /** @template T @param {() => Promise<T>} action @returns {Promise<T>} */
  #inTurn(action) {
    const result = this.#last.then(action);
    this.#last = result.catch(() => {});
    return result;
  }

  /** @param {boolean} redo */
  async #reverse(redo) {
    this.#settle();
    const [from, to] = redo ? [this.#undone, this.#done] : [this.#done, this.#undone];
    const work = from.at(-1);
    if (work === undefined) return false;
    if (this.#system.fbp.state !== "open" || work.unsure.length > 0) {
      this.#refuse(work.title, NOT_CONNECTED); // it can be undone later
      return false;
    }
    const error = this.#whyNot(work) ?? (await this.#carryOut(work));
    if (error instanceof Unanswered) {
      this.#refuse(work.title, error.message); // the rest stays, for later
    } else {
      from.pop();
      if (work.back.length > 0) this.#push(to, { ...work, steps: work.back, back: [] });
      if (error !== null) this.#refuse(work.title, `It can no longer be ${redo ? "done again" : "taken back"}: ${error.message}`);
      else emit(this, "undone", { title: work.title, redo });
    }
    this.#changed();
    return error === null;
  }

  /** An edit is undone as a whole, or not at all. @param {Undoable} work @returns {Error | null} */
  #whyNot(work) {
    const graph = this.#system.graphs.get(work.graph);
    const why = graph === undefined ? `there is no graph ${work.graph} any more` : whyNot(graph, work.steps);
    return why === "" ? null : new Error(why);
  }

  /** Find out, from the graph as it is now, which of the commands without an answer were carried out. */
  #settle() {
    if (!this.#system.isReady) return;
    for (const [from, to] of [[this.#done, this.#undone], [this.#undone, this.#done]]) {
      for (const work of from.filter((each) => each.unsure.length > 0)) {
        this.#settleOne(work);
        if (work.steps.length > 0) continue;
        from.splice(from.indexOf(work), 1);
        if (work.back.length > 0) this.#push(to, { ...work, steps: work.back, back: [] });
      }
    }
    this.#changed();
  }

  /** @param {Undoable} work */
  #settleOne(work) {
    const graph = this.#system.graphs.get(work.graph);
    for (const { step, command, back } of work.unsure.splice(0)) {
      const isDone = graph !== undefined && isApplied(graph, command[0], command[1]);
      if (isDone && work.isNew) {
        work.steps = [...back, ...work.steps];
        this.#undone.length = 0;
      } else if (isDone) {
        work.back = [...back, ...work.back];
      } else if (!work.isNew) {
        work.steps = [step, ...work.steps];
      }
    }
    work.isNew = false;
  }

  /**
   * Carry out the steps: each moves to `back`, as its inverse, or to `unsure`.
   * @param {Undoable} work @returns {Promise<Error | null>} why one failed; those that were not sent stay
   */
  async #carryOut(work) {
    const { steps } = work;
    try {
      if (steps.every((step) => typeof step !== "function" && INDEPENDENT.has(step[0]))) {
        const results = await Promise.allSettled(steps.splice(0).map((step) => this.#send(work, step)));
        const errors = results.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
        return errors.find((each) => each instanceof Unanswered) ?? errors[0] ?? null;
      }
      while (steps.length > 0) await this.#send(work, /** @type {Step} */ (steps.shift()));
      return null;
    } catch (error) {
      return /** @type {Error} */ (error);
    }
  }

  /** @param {Undoable} work @param {Step} step */
  async #send(work, step) {
    /** @type {Command | null} */
    let command = null;
    /** @type {Step[]} */
    let back = [];
    try {
      const graph = this.#graph(work.graph);
      command = typeof step === "function" ? step(graph) : step;
      if (command === null) return;
      const [name, payload] = command;
      back = inverse(graph, name, payload);
      await this.#system.fbp.request("graph", name, { ...payload, [name === "clear" ? "id" : "graph"]: work.graph });
      work.back = [...back, ...work.back];
    } catch (error) {
      if (error instanceof Unanswered && error.sent && command !== null) work.unsure.push({ step, command, back });
      else if (error instanceof Unanswered) work.steps.unshift(step);
      throw error;
    }
  }

  /** @param {string} id */
  #graph(id) {
    if (this.#system.fbp.state !== "open") throw new Unanswered(NOT_CONNECTED, false);
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
    emit(this, "refused", { title, message });
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
