// What the page uses of lit-html, in one module.
import { noChange } from "lit-html";
import { Directive, directive, PartType } from "lit-html/directive.js";

export { html, nothing, render, svg } from "lit-html";
export { classMap } from "lit-html/directives/class-map.js";
export { live } from "lit-html/directives/live.js";
export { createRef, ref } from "lit-html/directives/ref.js";
export { repeat } from "lit-html/directives/repeat.js";

// lit-html's own styleMap writes a style attribute at first, which a strict Content-Security-Policy forbids.
class StyleMap extends Directive {
  constructor(part) {
    super(part);
    if (part.type !== PartType.ATTRIBUTE || part.name !== "style" || part.strings?.length > 2) {
      throw new Error("styleMap is the whole of a style attribute");
    }
    this.names = new Set();
  }

  render() {
    return noChange;
  }

  update(part, [styles]) {
    const { style } = part.element;
    for (const name of this.names) {
      if (styles[name] == null) {
        this.names.delete(name);
        style.removeProperty(name);
      }
    }
    for (const [key, value] of Object.entries(styles)) {
      if (value == null) continue;
      const name = key.startsWith("--") ? key : key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      this.names.add(name);
      style.setProperty(name, String(value));
    }
    return noChange;
  }
}

export const styleMap = directive(StyleMap);
