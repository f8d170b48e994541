// @ts-check
// The list of port maps, and below it the boards that run.

import { announce, element } from "../core/dom.js";
import { list, order, Refused } from "./api.js";
import { Card } from "./running_board.js";
import { makeRow } from "./list_row.js";

export class Boards {
  #context;
  #message = element("p", { className: "empty", role: "status", hidden: true });
  #list = element("ul", { className: "board-list", "aria-label": "Port maps" });
  #cards = element("div", { className: "board-cards" });
  #hint = element("p", { className: "hint" });
  /** @type {Map<string, import("./list_row.js").Row>} */
  #rows = new Map();
  /** @type {Map<string, Card>} */
  #running = new Map();
  /** @type {Promise<void> | null} */
  #refreshing = null;

  /** @param {import("../core/registry.js").Context} context */
  constructor(context) {
    this.#context = context;
    this.#list.hidden = this.#hint.hidden = true;
    /** @type {HTMLElement} */
    this.element = element("div", { className: "boards" }, element("h2", { className: "unseen" }, "Boards"), this.#message, this.#hint, this.#list, this.#cards);
  }

  /** Show the present state. A request that is under way may have an older answer, so it is waited for. */
  async refresh() {
    await this.#refreshing;
    return (this.#refreshing ??= this.#ask().finally(() => (this.#refreshing = null)));
  }

  async #ask() {
    const { system } = this.#context;
    if (!system.isReady && this.#list.hidden) this.#hide("Port maps are shown when there is a connection to the coordinator.");
    if (!system.isReady) return;
    if (!system.may("network:control")) {
      this.#hide("Boards are started by those who may control the network: enter a secret that allows network:control.");
      return;
    }
    try {
      this.#show(await list(this.#context.fbp.secret));
    } catch (error) {
      const isGone = error instanceof Refused && error.status === 0; // the bar shows it
      if (!isGone) this.#hide(/** @type {Error} */ (error).message);
    }
  }

  /** @param {import("./api.js").Listing} listing */
  #show({ folder, most, boards }) {
    const none = `There are no port maps in ${folder}. A board that is described there runs here without its hardware: the real firmware, with buttons to press and lamps to see.`;
    this.#showMessage(boards.length === 0 ? none : "");
    this.#hint.textContent = `Each runs its real firmware without its hardware, at most ${most} at once. Port maps: ${folder}`;
    this.#hint.hidden = this.#list.hidden = boards.length === 0;
    const names = new Set(boards.map((board) => board.name));
    for (const [name, row] of this.#rows) {
      if (names.has(name)) continue;
      row.element.remove();
      this.#rows.delete(name);
    }
    for (const board of boards) this.#showBoard(board);
    for (const [name, card] of this.#running) if (boards.find((board) => board.name === name)?.state !== "running") this.#end(name, card);
  }

  /** @param {import("./api.js").Board} board */
  #showBoard(board) {
    let row = this.#rows.get(board.name);
    if (row === undefined) {
      row = makeRow(board.name, (action) => this.#order(board.name, action));
      this.#rows.set(board.name, row);
      this.#list.append(row.element);
    }
    row.update(board);
    if (board.state !== "running" || this.#running.has(board.name)) return;
    const card = new Card(this.#context, board, {
      stop: () => this.#order(board.name, "stop"),
      closed: () => this.#end(board.name, card),
    });
    this.#running.set(board.name, card);
    this.#cards.append(card.element);
  }

  /** @param {string} name @param {Card} card */
  #end(name, card) {
    if (this.#running.get(name) !== card) return;
    this.#running.delete(name);
    card.close();
    const hadFocus = card.element.contains(document.activeElement);
    card.element.remove();
    if (hadFocus) this.#rows.get(name)?.focus();
  }

  /** @param {string} name @param {"start" | "stop"} action */
  async #order(name, action) {
    const row = this.#rows.get(name);
    row?.wait(action);
    let trouble = "";
    try {
      await order(name, action, this.#context.fbp.secret);
      announce(action === "start" ? `${name} runs` : `${name} has stopped`);
    } catch (error) {
      trouble = /** @type {Error} */ (error).message;
    }
    await this.refresh();
    row?.done(trouble); // after the refresh, so that the button fits the new state
    if (action === "start") this.#running.get(name)?.element.scrollIntoView({ block: "start" });
  }

  /** @param {string} why */
  #hide(why) {
    this.#showMessage(why);
    this.#hint.hidden = this.#list.hidden = true;
  }

  /** @param {string} text */
  #showMessage(text) {
    if (this.#message.textContent !== text) this.#message.textContent = text;
    this.#message.hidden = text === "";
  }
}
