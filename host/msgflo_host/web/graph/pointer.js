// @ts-check
// The mouse, the pen and fingers: selecting, moving, panning, zooming, drawing edges.

import { emit } from "../core/registry.js";
import { connecting, portNear } from "./connect.js";
import { Autopan } from "./autopan.js";
import { groupOf, nodeOf, sideOf } from "./menus.js";
import { pick } from "./model.js";
import { rectangle } from "./select_rectangle.js";

const START = 4; // pixels: less is a click
const WHEEL = 0.0016;

/**
 * @import { Point } from "./geometry.js"
 * @typedef {{move(point: Point, event: PointerEvent): void, end(event: PointerEvent | null): void, pansAtFrame?: boolean}} Gesture
 *   `end(null)`: it was broken off; `pansAtFrame`: the picture moves on where it comes to the frame
 */

export class Pointer {
  /** @type {Gesture | null} */
  #gesture = null;
  /** @type {Map<number, Point>} */
  #down = new Map();
  #frame = 0;
  #autopan;
  /** @type {PointerEvent | null} */
  #event = null;
  /** @type {PointerEvent | null} */
  #hovered = null;
  /** @type {string | null} */
  #hoveredEdge = null;
  #scale = 1;
  /** Whether dragging on the background selects, and not only with Shift. */
  selecting = false;

  /** @param {import("./stage.js").Stage} stage @param {import("./actions.js").Actions} actions @param {import("./interactions.js").Interactions} ui */
  constructor(stage, actions, ui) {
    this.stage = stage;
    this.actions = actions;
    this.ui = ui;
    this.port = stage.port;
    this.#autopan = new Autopan(stage.view);
    this.port.addEventListener("pointerdown", (event) => this.#pressed(event));
    this.port.addEventListener("pointermove", (event) => this.#moved(event));
    this.port.addEventListener("pointerup", (event) => this.#released(event));
    this.port.addEventListener("pointercancel", (event) => this.#cancelled(event));
    this.port.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.port.addEventListener("dblclick", (event) => this.#doubled(event));
    // The middle button pans; Firefox on Linux would paste the last selected text.
    this.port.addEventListener("auxclick", (event) => event.button === 1 && event.preventDefault());
    for (const type of ["gesturestart", "gesturechange"]) this.port.addEventListener(type, (event) => this.#gestured(event));
    this.port.addEventListener("focusin", (event) => this.#focused(/** @type {HTMLElement} */ (event.target)));
  }

  /** Whether there is a gesture. */
  get busy() {
    return this.#gesture !== null;
  }

  /** Cancel the gesture. */
  cancel() {
    this.#finish(null);
  }

  /** @param {PointerEvent | null} event */
  #finish(event) {
    this.#autopan.stop();
    const gesture = this.#gesture;
    this.#gesture = null;
    gesture?.end(event);
  }

  /** The point of the picture where an event was. @param {{clientX: number, clientY: number}} event */
  at({ clientX, clientY }) {
    const { left, top } = this.port.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    if (event.button > 1 || /** @type {Element} */ (event.target).closest("button:not(.group-name), input, .editor")) return;
    const point = this.at(event);
    this.stage.view.isFitted = false; // nothing jumps away under the pointer when a panel opens
    this.#down.set(event.pointerId, point);
    this.#autopan.begin(point);
    this.port.setPointerCapture(event.pointerId);
    if (this.#down.size === 2) {
      this.cancel();
      this.#gesture = this.#pinch();
    } else if (this.#down.size === 1) {
      this.#gesture = event.pointerType === "touch" ? this.#touch(event, point) : this.#begin(event, point);
    }
  }

  /** A finger near a port draws an edge by moving; a tap is for what is under it. @param {PointerEvent} event @param {Point} point @returns {Gesture} */
  #touch(event, point) {
    const near = this.stage.system.readOnly ? null : portNear(this.stage, point);
    const wire = near && connecting(this.stage, this.actions, this.port, near);
    const press = this.#begin(event, point);
    if (!wire) return press;
    let drawn = false;
    return {
      pansAtFrame: true,
      move: (to, now) => {
        if (!drawn && Math.hypot(to.x - point.x, to.y - point.y) < START) return;
        if (!drawn) press.end(null);
        drawn = true;
        wire.move(to, now);
      },
      end: (now) => {
        wire.end(drawn ? now : null);
        if (!drawn) press.end(now);
      },
    };
  }

  /** @param {PointerEvent} event @param {Point} point @returns {Gesture} */
  #begin(event, point) {
    const target = /** @type {Element} */ (event.target);
    const dot = event.pointerType === "touch" ? null : target.closest(".dot")?.parentElement;
    const [node, group] = [nodeOf(target), groupOf(target)];
    if (event.button === 1) return this.#pan(point, true);
    if (dot && node && !this.stage.system.readOnly) return connecting(this.stage, this.actions, this.port, { node, port: dot.dataset.port ?? "", side: sideOf(dot) });
    if (node) return this.#press(event, node, point);
    if (group) return this.#drag(this.stage.picture.groups.find(({ name }) => name === group)?.nodes ?? [], point, () => this.ui.menus?.ofGroup(group));
    const edge = this.stage.edges.at(this.stage.view.toGraph(point), this.stage.view.k, event.pointerType === "touch");
    if (edge) return this.#pan(point, true, () => this.#openEdge(edge));
    return event.shiftKey || this.selecting ? rectangle(this.stage, this.port, point, event.shiftKey) : this.#pan(point, false);
  }

  /** @param {string} edge its key */
  #openEdge(edge) {
    this.stage.select([], edge);
    emit(this.stage.context.bus, "open-edge", { key: edge });
  }

  /** On a node, a click selects and opens it, and a drag moves all that is selected. @param {PointerEvent} event @param {string} id @param {Point} point */
  #press(event, id, point) {
    const { stage } = this;
    const adds = event.shiftKey || event.ctrlKey || event.metaKey;
    const was = stage.selected.has(id);
    if (adds) stage.select(was ? [...stage.selected].filter((each) => each !== id) : [...stage.selected, id]);
    else if (!was) stage.select([id]);
    stage.nodes.focus(id);
    return this.#drag([...stage.selected], point, () => {
      if (adds) return;
      stage.select([id]);
      if (event.pointerType !== "mouse" || event.detail < 2) emit(stage.context.bus, "open-node", { id });
    });
  }

  /** @param {string[]} ids of nodes @param {Point} from @param {() => void} clicked @returns {Gesture} */
  #drag(ids, from, clicked) {
    const { stage } = this;
    if (stage.system.readOnly) return this.#pan(from, true, clicked);
    const before = structuredClone(pick(stage.boxes, ids));
    const begun = stage.view.toGraph(from);
    let dragging = false;
    return {
      pansAtFrame: true,
      move: (point) => {
        if (!dragging && Math.hypot(point.x - from.x, point.y - from.y) < START) return;
        if (!dragging) this.#lift([...before.keys()], true);
        dragging = true;
        const still = [...before].filter(([id]) => stage.boxes.has(id));
        const now = stage.view.toGraph(point);
        stage.hold(new Map(still.map(([id, box]) => [id, { x: box.x + now.x - begun.x, y: box.y + now.y - begun.y }])));
      },
      end: (event) => {
        if (!dragging) {
          if (event) clicked();
          return;
        }
        this.#lift([...before.keys()], false);
        const ids = [...before.keys()].filter((id) => stage.held.has(id));
        if (event) this.actions.move(ids);
        else stage.release(ids);
      },
    };
  }

  /** @param {string[]} ids of nodes @param {boolean} up */
  #lift(ids, up) {
    for (const id of ids) this.stage.nodes.element(id)?.classList.toggle("dragged", up);
    if (up) this.stage.edges.lift(ids);
    else this.stage.edges.lower();
  }

  /** @param {Point} from @param {boolean} keepsSelection @param {() => void} [clicked] @returns {Gesture} */
  #pan(from, keepsSelection, clicked = () => {}) {
    let last = from;
    let dragged = false;
    return {
      move: (point) => {
        if (!dragged && Math.hypot(point.x - from.x, point.y - from.y) < START) return;
        dragged = true;
        this.stage.view.pan(point.x - last.x, point.y - last.y);
        last = point;
      },
      end: (event) => {
        if (!event || dragged) return;
        if (!keepsSelection) this.stage.select([]);
        clicked();
      },
    };
  }

  /** @returns {Gesture} */
  #pinch() {
    const points = () => [...this.#down.values()].slice(0, 2);
    const spread = (/** @type {Point[]} */ [one, other]) => Math.hypot(one.x - other.x, one.y - other.y);
    const middle = (/** @type {Point[]} */ [one, other]) => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
    let last = points();
    return {
      move: () => {
        const now = points();
        if (now.length < 2) return;
        const [from, to] = [middle(last), middle(now)];
        this.stage.view.pan(to.x - from.x, to.y - from.y);
        this.stage.view.zoom(spread(now) / Math.max(1, spread(last)), to);
        last = now;
      },
      end: () => {},
    };
  }

  /** @param {PointerEvent} event */
  #moved(event) {
    if (!this.#down.has(event.pointerId)) return this.#hover(event);
    this.#down.set(event.pointerId, this.at(event));
    this.#event = event;
    this.#frame ||= requestAnimationFrame(() => this.#step());
  }

  /** Once in a frame, however often the mouse moves. */
  #step() {
    this.#frame = 0;
    const event = this.#event;
    this.#event = null;
    if (!event || !this.#gesture) return;
    const [at, gesture] = [this.at(event), this.#gesture];
    gesture.move(at, event);
    if (gesture.pansAtFrame) this.#autopan.track(at, () => gesture.move(at, event));
  }

  /** @param {PointerEvent} event */
  #hover(event) {
    if (event.pointerType !== "mouse" || event.buttons) return;
    this.#hovered = event;
    this.#frame ||= requestAnimationFrame(() => this.#showHovered());
  }

  #showHovered() {
    this.#frame = 0;
    const event = this.#hovered;
    if (!event || this.#gesture) return;
    const { stage } = this;
    const free = !/** @type {Element} */ (event.target).closest?.("[data-node], button");
    const edge = free ? stage.edges.at(stage.view.toGraph(this.at(event)), stage.view.k, false) : null;
    if (edge === this.#hoveredEdge) return;
    this.#hoveredEdge = edge;
    this.port.classList.toggle("on-edge", edge !== null);
    stage.edges.select(new Set(stage.selectedEdge ? [stage.selectedEdge] : []), edge);
  }

  /** @param {PointerEvent} event */
  #released(event) {
    if (!this.#down.has(event.pointerId)) return;
    cancelAnimationFrame(this.#frame);
    this.#step(); // the point of release counts
    this.#down.delete(event.pointerId);
    this.#finish(event);
  }

  /** @param {PointerEvent} event */
  #cancelled(event) {
    this.#down.delete(event.pointerId);
    this.cancel();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey && !event.ctrlKey) return this.stage.view.pan(-(event.deltaX || event.deltaY) * lines, 0);
    const pinch = event.ctrlKey ? 5 : 1;
    this.stage.view.zoom(Math.exp(-event.deltaY * lines * WHEEL * pinch), this.at(event));
  }

  /** Two fingers on the trackpad of a Mac: an event of Safari; of other browsers a wheel. On a screen they are pointers as well. @param {Event} safari */
  #gestured(safari) {
    const event = /** @type {MouseEvent & {scale: number}} */ (safari);
    event.preventDefault();
    if (event.type === "gesturechange" && this.#down.size === 0) this.stage.view.zoom(event.scale / this.#scale, this.at(event));
    this.#scale = event.scale;
  }

  /** @param {MouseEvent} event */
  #doubled(event) {
    const target = document.elementFromPoint(event.clientX, event.clientY); // the event's own target has captured the pointer
    const node = target && nodeOf(target);
    if (node && !target.closest("button, input")) this.ui.openNode(node);
  }

  /** @param {HTMLElement} target */
  #focused(target) {
    const { node: id, group } = (target.matches(".group-name") ? target.parentElement : target)?.dataset ?? {};
    if (id !== undefined) this.stage.nodes.focused(id);
    const box = id !== undefined ? this.stage.boxes.get(id) : this.stage.groups.titleBox(group ?? "");
    if (box && !this.#down.size) this.stage.view.reveal(box);
  }
}
