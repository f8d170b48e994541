// @ts-check
// Elements, texts that are read out, toasts, dialogs, the inspector, files and the clipboard.

import { icon } from "./icons.js";
import { straight } from "./text.js";

const TOAST_MS = 6000;
const TROUBLE_MS = 12_000;
const MOST_TOASTS = 4;
const TOAST_PX = 408; // of the view, which one takes

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @typedef {HTMLElementTagNameMap[Tag]} ElementOf
 */
/**
 * Functions are listeners; aria-…, data-…, role and for are attributes; the rest are properties.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @typedef {{[E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void}
 *   & {[A in `aria-${string}` | `data-${string}` | "role" | "for"]?: string | number | boolean}
 *   & Omit<{[P in keyof ElementOf<Tag>]?: ElementOf<Tag>[P] | (ElementOf<Tag>[P] extends string ? number : never)},
 *     keyof HTMLElementEventMap | "role">} Properties
 */

/**
 * Make an element. Texts are never taken for HTML.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {NoInfer<Properties<Tag>>} [properties] @param {...(Node | string | null)} children
 * @returns {ElementOf<Tag>}
 */
export function element(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (typeof value === "function") made.addEventListener(name, /** @type {EventListener} */ (value));
    else if (/^(aria-|data-|role$|for$)/.test(name)) made.setAttribute(name, String(value));
    else Object.assign(made, { [name]: value });
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/**
 * A button with an icon of icons.js.
 * @param {string} name the icon @param {string} label what it does, for people @param {(event: Event) => void} click
 * @param {Properties<"button">} [properties]
 */
export function iconButton(name, label, click, properties = {}) {
  return element("button", { type: "button", className: "icon-button", title: label, "aria-label": label, click, ...properties }, icon(name));
}

/** Have a screen reader read a text out. @param {string} text */
export function announce(text) {
  const announcer = /** @type {HTMLElement} */ (document.getElementById("announcer"));
  // A text that does not change is not read again.
  announcer.textContent = announcer.textContent === text ? `${text}\u00a0` : text;
}

/**
 * Show a text for a few seconds.
 * @param {string} text @param {"info" | "good" | "warn" | "bad"} [kind]
 */
export function toast(text, kind = "info") {
  const toasts = /** @type {HTMLElement} */ (document.getElementById("toasts"));
  for (const each of [...toasts.children]) if (/** @type {HTMLElement} */ (each).dataset.text === text) each.remove();
  const role = kind === "bad" || kind === "warn" ? "alert" : "status";
  const close = iconButton("close", "Dismiss", () => made.remove());
  const made = element("div", { className: `toast ${kind}`, role, "data-text": text }, element("p", {}, straight(text)), close);
  toasts.append(made);
  keepClear(toasts);
  while (toasts.children.length > MOST_TOASTS) toasts.firstElementChild?.remove();
  const leave = () => (made.matches(":hover, :focus-within") ? setTimeout(leave, 1000) : made.remove());
  setTimeout(leave, role === "alert" ? TROUBLE_MS : TOAST_MS);
}

/** Remove the toasts that hold a text which no longer applies. @param {string} part of them */
export function dropToasts(part) {
  for (const each of document.querySelectorAll("#toasts > .toast")) {
    if (/** @type {HTMLElement} */ (each).dataset.text?.includes(part)) each.remove();
  }
}

let keepsClear = false;

/** Keep toasts over the view, beside the inspector and the strip of devices, where people work. @param {HTMLElement} toasts */
function keepClear(toasts) {
  if (keepsClear) return;
  keepsClear = true;
  const place = () => {
    const view = document.querySelector(".view:not([hidden])")?.getBoundingClientRect();
    const inspector = document.getElementById("inspector")?.getBoundingClientRect();
    if (!view) return;
    const right = inspector?.width ? Math.min(view.right, inspector.left) : view.right;
    toasts.style.setProperty("--right", `${Math.max(0, innerWidth - (right > TOAST_PX ? right : innerWidth))}px`);
    toasts.style.setProperty("--bottom", `${Math.max(0, innerHeight - view.bottom)}px`);
  };
  const observer = new ResizeObserver(place);
  for (const each of document.querySelectorAll(".view, #inspector")) observer.observe(each);
}

/**
 * Ask before an action that cannot be undone.
 * @param {string} question @param {{title?: string, yes?: string, no?: string, danger?: boolean}} [options]
 * @returns {Promise<boolean>}
 */
export async function confirmDialog(question, { title = "Are you sure?", yes = "Yes", no = "Cancel", danger = false } = {}) {
  const answer = await formDialog({ title, content: [element("p", {}, straight(question))], yes, no, danger, read: () => true });
  return answer === true;
}

/**
 * Ask for a text.
 * @param {string} label
 * @param {{title?: string, value?: string, yes?: string, hint?: string, type?: string, multiline?: boolean, check?: (text: string) => string}} [options]
 *   `check` returns what is wrong with a text, or an empty one
 * @returns {Promise<string | null>} null when nothing was entered
 */
export function askText(label, { title = label, value = "", yes = "OK", hint = "", type = "text", multiline = false, check = () => "" } = {}) {
  const field = element(multiline ? "textarea" : "input", {
    value, autocomplete: "off", spellcheck: false, ...(multiline ? { rows: 8 } : { type }),
    input: () => field.setCustomValidity(check(field.value)),
  });
  field.setCustomValidity(check(value));
  const content = [element("label", { className: "field" }, element("span", {}, label), field), hint ? element("p", { className: "hint" }, hint) : null];
  return formDialog({ title, content, yes, read: () => field.value });
}

/**
 * Open a dialog with a form and two buttons; with one where `no` is empty.
 * @template T
 * @param {{title: string, content: (Node | null)[], yes?: string, no?: string, danger?: boolean, read: () => T}} options
 *   `read` is called when the dialog is confirmed, after the fields' own checks
 * @returns {Promise<T | null>} null when it was cancelled
 */
export function formDialog({ title, content, yes = "OK", no = "Cancel", danger = false, read }) {
  return new Promise((resolve) => {
    /** @type {T | null} */
    let result = null;
    const cancel = no === "" ? null : element("button", { type: "button", click: () => dialog.close() }, no);
    const submit = element("button", { type: "submit", className: danger ? "danger" : "primary" }, yes);
    const form = element("form", { method: "dialog" }, element("h2", { id: `dialog-title-${++dialogs}` }, straight(title)), ...content,
      element("div", { className: "dialog-buttons" }, cancel, submit));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      result = read();
      dialog.close();
    });
    const dialog = element("dialog", { "aria-labelledby": `dialog-title-${dialogs}`, close: () => (dialog.remove(), resolve(result)) }, form);
    document.body.append(dialog);
    dialog.showModal();
    const field = /** @type {HTMLElement | null} */ (dialog.querySelector("input, textarea, select"));
    field?.focus();
    dialog.querySelector("input")?.select();
    if (field === null) dialog.scrollTop = 0; // the browser shows the button that has the focus
  });
}

let dialogs = 0; // numbers the titles, which need ids

/** @type {(() => void) | null} */
let onClosed = null; // of the panel that is open
/** @type {() => boolean | Promise<boolean>} */
let mayClose = () => true; // asked when people close it
/** @type {Element | null} */
let opener = null;

/**
 * Show something in the inspector, in place of its present content. With the same id only the content is replaced.
 * @param {string} id @param {string} title @param {Node | string} content
 * @param {{onClose?: () => void, mayLeave?: () => boolean | Promise<boolean>}} [options] `mayLeave` is asked when people close the panel
 * @returns {HTMLElement} the element that holds the content
 */
export function openPanel(id, title, content, { onClose, mayLeave = () => true } = {}) {
  const inspector = /** @type {HTMLElement} */ (document.getElementById("inspector"));
  if (inspector.dataset.panel !== id) {
    onClosed?.();
    if (inspector.hidden) opener = document.activeElement;
    const heading = element("h2", { className: "panel-title", id: "inspector-title" });
    const head = element("div", { className: "panel-head" }, heading, iconButton("close", "Close", () => leavePanel()));
    inspector.replaceChildren(head, element("div", { id: "inspector-content", className: "panel-content" }));
    inspector.dataset.panel = id;
    inspector.onkeydown = (event) => {
      // Without a value: false would keep all other keys from having any effect.
      if (event.key !== "Escape" || event.defaultPrevented || isTyping(event)) return;
      event.preventDefault(); // it would close the question, too
      leavePanel();
    };
  }
  onClosed = onClose ?? null;
  mayClose = mayLeave;
  /** @type {HTMLElement} */ (inspector.querySelector(".panel-title")).textContent = title;
  const holder = /** @type {HTMLElement} */ (inspector.querySelector(".panel-content"));
  holder.replaceChildren(content);
  inspector.hidden = false;
  return holder;
}

/** Close the inspector as people do: `mayLeave` may refuse. */
export async function leavePanel() {
  if (await mayClose()) closePanel();
}

function closePanel() {
  const inspector = /** @type {HTMLElement} */ (document.getElementById("inspector"));
  if (inspector.hidden) return;
  const hadFocus = inspector.contains(document.activeElement);
  const callback = onClosed;
  onClosed = null;
  delete inspector.dataset.panel;
  inspector.hidden = true;
  inspector.replaceChildren();
  if (hadFocus && opener instanceof HTMLElement && opener.isConnected) opener.focus();
  callback?.();
}

/** Save a text as a file. @param {string} name @param {string} text @param {string} [type] */
export function download(name, text, type = "application/json") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Copy a text. @param {string} text @returns {Promise<boolean>} whether the browser allows it */
export async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // a page without encryption has no clipboard
  }
}

/** @param {string} text */
function copyBySelection(text) {
  const before = document.activeElement;
  const field = element("textarea", { value: text, className: "unseen", readOnly: true });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

/** True if somebody is typing, so that keys are not for the page. @param {Event} event */
export function isTyping(event) {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
