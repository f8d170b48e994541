// @ts-check
// A small form in the picture, which stays beside its node, and closes with it.

import { toast } from "../core/dom.js";

/** @type {Editor | null} */
let opened = null;

/** Close the form that is open. @returns {boolean} whether there was one */
export function breakOff() {
  const was = opened;
  was?.close();
  return was !== null;
}

/** One form about a node; only one is open at a time. */
export class Editor {
  /** Whether it is being sent; it stays open until the answer. */
  isBusy = false;

  #stage;
  #graph;
  #node;
  #place;

  /**
   * @param {import("./stage.js").Stage} stage @param {string} node @param {HTMLElement} element the form
   * @param {(holder: HTMLElement) => {x: number, y: number}} place where on the screen its upper left corner belongs, by the node's element
   */
  constructor(stage, node, element, place) {
    breakOff();
    opened = this;
    this.element = element;
    this.#stage = stage;
    this.#graph = stage.system.current;
    this.#node = node;
    this.#place = place;
    stage.port.append(element);
    this.#track();
  }

  get isOpen() {
    return opened === this;
  }

  /** Close it; a focus in the form goes back to the node. */
  close() {
    if (!this.isOpen) return;
    opened = null;
    const hadFocus = this.element.contains(document.activeElement);
    this.element.remove();
    const { nodes } = this.#stage;
    if (hadFocus && nodes.element(this.#node)) nodes.focus(this.#node);
    else if (hadFocus) nodes.refocus();
  }

  /** Keep up with the node, in each frame: it may be moved, zoomed or removed in many ways. */
  #track() {
    if (!this.isOpen) return;
    const holder = this.#stage.nodes.element(this.#node);
    const isOther = this.#graph !== this.#stage.system.current;
    if (this.#stage.isSeen && !isOther && holder) this.#put(this.#place(holder));
    else if (!this.isBusy && (isOther || !holder)) return this.#gone(isOther);
    requestAnimationFrame(() => this.#track());
  }

  /** @param {boolean} isOther another graph is shown, which people know */
  #gone(isOther) {
    this.close();
    if (!isOther) toast(`${this.#node} is not there any more.`, "warn");
  }

  /** Place it as near to a point as it fits. @param {{x: number, y: number}} at */
  #put({ x, y }) {
    const { element } = this;
    const frame = this.#stage.port.getBoundingClientRect();
    const within = (/** @type {number} */ at, /** @type {number} */ most) => `${Math.max(8, Math.min(at, most - 8))}px`;
    element.style.left = within(x - frame.left, frame.width - element.offsetWidth);
    element.style.top = within(y - frame.top, frame.height - element.offsetHeight);
  }
}
