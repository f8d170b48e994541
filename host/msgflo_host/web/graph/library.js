// @ts-check
// The library in the side: components to search for, and to drop into the graph.

import { element, toast } from "../core/dom.js";
import { load } from "../core/load.js";
import { askProject } from "../core/project.js";
import { icon } from "../core/signs.js";

const MOST = 200; // shown at a time
const KIND = "application/x-msgflo-component";

/** @import { Component } from "../core/system.js" */
/** @import { Point } from "./geometry.js" */

export class Library {
  /** @type {Point | undefined} where the next one goes, if it matters */
  #at;
  /** By name. An item keeps its element while it is listed, and with it the focus, or a drag. @type {Map<string, HTMLElement>} */
  #items = new Map();
  /** The project's components; null where the runtime does not list them. @type {Set<string> | null} */
  #own = new Set();
  #asked = 0;

  /** @param {import("./stage.js").Stage} stage @param {import("./actions.js").Actions} actions */
  constructor(stage, actions) {
    this.stage = stage;
    this.actions = actions;
    this.page = stage.context.page;
    this.search = element("input", {
      type: "search", id: "library-search", placeholder: "Search components", "aria-label": "Search components", "aria-controls": "library-list",
      autocomplete: "off", spellcheck: false, input: () => this.show(), keydown: (event) => this.#keyed(event),
    });
    this.fresh = element("button", { type: "button", click: () => this.#make() }, "New component …");
    this.list = element("ul", { id: "library-list", "aria-label": "Components", keydown: (event) => this.#walked(event) });
    this.none = element("p", { className: "hint", role: "status" });
    this.page.addSide("library", "Library", element("div", { className: "library" }, this.search, this.fresh, this.none, this.list));
    const { port } = stage;
    port.addEventListener("dragover", (event) => event.dataTransfer?.types.includes(KIND) && event.preventDefault());
    port.addEventListener("drop", (event) => this.#dropped(event));
    port.addEventListener("pointerdown", () => (this.#at = undefined)); // that search is over
    this.refresh();
  }

  /** Open the side, to search for a component. @param {Point} [at] where it is to go */
  open(at) {
    this.#at = at;
    this.page.openSide(true, "library");
    this.search.focus();
    this.search.select();
  }

  /** Ask which components the project has, and show what there is. */
  async refresh() {
    const number = ++this.#asked;
    this.show();
    if (!this.stage.system.isReady) return;
    const project = await askProject(this.stage.system);
    if (number !== this.#asked) return;
    this.#own = project && new Set(project.names);
    this.show();
  }

  /** Show what there is. */
  show() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = matching(startable(this.stage.system.components.values(), this.#own), words);
    this.#write(found.slice(0, MOST));
    const own = this.search.value.includes("/") && !found.length;
    const { readOnly } = this.stage.system;
    this.fresh.disabled = readOnly !== "";
    this.none.textContent = readOnly ? `Nothing can be added: ${readOnly}.` : own
      ? "Enter adds a node of this component, which waits for a participant of its role."
      : found.length > MOST ? `${MOST} of ${found.length} are shown.` : found.length ? "" : "No component that can be added has such a name.";
    this.none.hidden = !this.none.textContent;
  }

  /** @param {Component[]} components */
  #write(components) {
    const before = this.#items;
    this.#items = new Map(components.map(({ name }) => [name, before.get(name) ?? this.#item(name)]));
    for (const [name, item] of before) if (!this.#items.has(name)) item.remove();
    let next = this.list.firstElementChild;
    for (const item of this.#items.values()) {
      if (item === next) next = next.nextElementSibling;
      else this.list.insertBefore(item, next);
    }
    for (const each of components) {
      const button = /** @type {HTMLButtonElement} */ (this.#items.get(each.name)?.firstElementChild);
      fill(button, each);
      button.disabled = this.stage.system.readOnly !== "";
      button.draggable = !button.disabled;
    }
  }

  /** @param {string} name */
  #item(name) {
    const button = element("button", { type: "button", className: "plain component-item", draggable: true, "data-component": name, click: () => this.#add(name) });
    button.addEventListener("dragstart", ({ dataTransfer }) => {
      dataTransfer?.setData(KIND, name);
      if (dataTransfer) dataTransfer.effectAllowed = "copy";
    });
    return element("li", {}, button);
  }

  async #make() {
    try {
      const { newComponent } = await load("graph/new_component.js");
      await newComponent(this.stage.context, (name) => this.#add(name));
    } catch (error) {
      toast(`No component can be made: ${/** @type {Error} */ (error).message}`, "bad");
    }
  }

  /** @param {string} name */
  #add(name) {
    const at = this.#at;
    this.#at = undefined;
    this.page.makeWay();
    return this.actions.add(name, at);
  }

  /** @param {DragEvent} event */
  #dropped(event) {
    const name = event.dataTransfer?.getData(KIND);
    if (!name) return;
    event.preventDefault();
    const { left, top } = this.stage.port.getBoundingClientRect();
    this.actions.add(name, this.stage.view.toGraph({ x: event.clientX - left, y: event.clientY - top }));
  }

  /** @param {KeyboardEvent} event in the search */
  #keyed(event) {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      const first = /** @type {HTMLElement | null} */ (this.list.querySelector("[data-component]"))?.dataset.component;
      const own = this.search.value.trim();
      if (own && (first || own.includes("/"))) this.#add(first ?? own); // not the first of all
    } else if (event.key === "ArrowDown") this.list.querySelector("button")?.focus();
    else if (event.key === "Escape") this.#breakOff();
    else return;
    event.preventDefault();
  }

  #breakOff() {
    this.#at = undefined;
    this.stage.nodes.refocus();
  }

  /** @param {KeyboardEvent} event in the list */
  #walked(event) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const buttons = [...this.list.querySelectorAll("button")];
    const to = buttons.findIndex((each) => each === document.activeElement) + step;
    (to < 0 ? this.search : buttons[Math.min(to, buttons.length - 1)])?.focus();
  }
}

/** @param {HTMLButtonElement} button @param {Component} component */
function fill(button, { name, icon: sign = "cog", description = "" }) {
  const content = JSON.stringify([sign, description]);
  if (button.dataset.content === content) return;
  button.dataset.content = content;
  button.title = description;
  button.replaceChildren(
    icon(sign, name),
    element("span", { className: "component-text" }, element("span", { className: "component-name" }, name), element("span", { className: "hint" }, description)));
}

/**
 * Components whose nodes the coordinator can start: built-in ones, and the project's own. Other nodes are discovered.
 * @template {{name: string}} T
 * @param {Iterable<T>} components @param {Set<string> | null} own names of the project's; null where they are not known, and nothing is left out
 */
export const startable = (components, own) => [...components].filter(({ name }) => own === null || name.startsWith("core/") || own.has(name));

/** Components in which all words are found; those whose names begin with the first come first. @param {Component[]} components @param {string[]} words in lower case */
function matching(components, words) {
  const rank = (/** @type {Component} */ { name }) => {
    const [whole, last] = [name.toLowerCase(), name.toLowerCase().split("/").at(-1) ?? ""];
    return !words.length ? 0 : last.startsWith(words[0]) ? 0 : whole.includes(words[0]) ? 1 : 2;
  };
  const found = components.filter((each) => {
    const text = `${each.name} ${each.description ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return found.sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
}
