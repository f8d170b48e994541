// @ts-check
// The frame around the parts: views and their tabs, the side with its own tabs, light and dark.

import { element } from "./dom.js";
import { emit } from "./registry.js";

const WIDE = 1000; // px of the page where the side is open from the start

/** @param {string} id @returns {HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

export class Page {
  /** The view that is shown: graph, dashboard, boards or adopt. */
  view = "graph";

  #bus;
  #views = byId("views");
  #side = byId("side");
  #sideTabs = byId("side-tabs");

  /** @param {import("./registry.js").Bus} bus */
  constructor(bus) {
    this.#bus = bus;
    bus.addEventListener("show-view", ({ detail: { view } }) => this.show(view));
    this.#views.addEventListener("click", (event) => {
      const tab = /** @type {Element} */ (event.target).closest("[data-view]");
      if (tab instanceof HTMLElement) this.show(/** @type {string} */ (tab.dataset.view));
    });
    walkTabs(this.#views);
    walkTabs(this.#sideTabs);
    for (const type of ["popstate", "hashchange"]) addEventListener(type, () => this.#openFromUrl());
    new MutationObserver(() => emit(bus, "theme", { theme: this.theme })).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.#openFromUrl();
  }

  /** "light" or "dark", as it is shown. */
  get theme() {
    return document.documentElement.dataset.theme ?? "light";
  }

  /** @param {string} theme "light" or "dark", for this browser from now on */
  set theme(theme) {
    try {
      localStorage.setItem("msgflo-theme", theme);
    } catch {
      // for this page only
    }
    document.documentElement.dataset.theme = theme;
  }

  /** Show a view, as a step of the browser's history; one that does not exist is ignored. @param {string} view */
  show(view) {
    this.#open(view, true);
  }

  /** @param {string} view @param {boolean} isStep */
  #open(view, isStep) {
    if (!document.getElementById(`tab-${view}`)?.matches("#views > *")) return;
    for (const tab of this.#views.querySelectorAll("[role=tab]")) {
      choose(tab, /** @type {HTMLElement} */ (tab).dataset.view === view);
    }
    for (const each of document.querySelectorAll(".view")) /** @type {HTMLElement} */ (each).hidden = each.id !== `${view}-view`;
    document.body.dataset.view = view;
    const isNew = this.view !== view;
    this.view = view;
    if (isNew && isStep) history.pushState(history.state, "", `#${view}`);
    if (isNew) emit(this.#bus, "view", { view });
  }

  /** True if the side is open. */
  get sideIsOpen() {
    return !this.#side.hidden;
  }

  /** @param {boolean} open @param {string} [id] of the tab to show */
  openSide(open, id) {
    this.#side.hidden = !open;
    if (open && id !== undefined) this.#showSide(id);
    emit(this.#bus, "side", { open });
  }

  /** Close the side where it lies over the view: what was chosen there is to be seen. */
  makeWay() {
    if (getComputedStyle(this.#side).position === "absolute") this.openSide(false);
  }

  /**
   * Put something into the side, under a tab of its own; the first one is shown.
   * @param {string} id @param {string} title @param {Node} content @returns {HTMLElement} what holds the content
   */
  addSide(id, title, content) {
    const panel = element("section", { id: `side-${id}`, className: "side-panel", role: "tabpanel", "aria-labelledby": `side-tab-${id}` }, content);
    const tab = element("button", {
      type: "button", id: `side-tab-${id}`, role: "tab", "data-side": id, "aria-controls": panel.id, click: () => this.#showSide(id),
    }, title);
    if (this.#sideTabs.childElementCount === 0 && innerWidth >= WIDE) this.openSide(true);
    this.#sideTabs.append(tab);
    byId("side-content").append(panel);
    this.#showSide(/** @type {HTMLElement} */ (this.#sideTabs.firstElementChild).dataset.side ?? id);
    return panel;
  }

  /** @param {string} id */
  #showSide(id) {
    for (const tab of this.#sideTabs.children) choose(tab, /** @type {HTMLElement} */ (tab).dataset.side === id);
    for (const panel of byId("side-content").children) /** @type {HTMLElement} */ (panel).hidden = panel.id !== `side-${id}`;
  }

  #openFromUrl() {
    const view = location.hash.slice(1).split("&")[0];
    if (view === "main") history.replaceState(history.state, "", `#${this.view}`); // by the link to the present view
    this.#open(view === "main" ? this.view : view || "graph", false);
  }
}

/** @param {Element} tab @param {boolean} chosen */
function choose(tab, chosen) {
  tab.setAttribute("aria-selected", String(chosen));
  /** @type {HTMLElement} */ (tab).tabIndex = chosen ? 0 : -1;
}

/** The arrow keys, Home and End walk through tabs, as people who use a keyboard expect. @param {HTMLElement} list */
function walkTabs(list) {
  list.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return; // with these they lead back in the browser's history, and elsewhere
    const tabs = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=tab]")]);
    const at = tabs.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    tab.focus();
    tab.click();
  });
}
