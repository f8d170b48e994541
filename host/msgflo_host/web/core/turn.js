// @ts-check
// A dial that is turned by dragging it: up or to the right raises it. Keys and screen readers use the slider beside it.

const WHOLE_PX = 160; // of a drag, from one end to the other

/**
 * @param {SVGElement} dial a picture @param {() => number} part its position, 0 to 1
 * @param {(part: number) => void} turn called with the position to which it is dragged
 */
export function turnable(dial, part, turn) {
  /** @type {{x: number, y: number, part: number} | null} */
  let held = null;
  dial.classList.add("turnable");
  dial.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    dial.setPointerCapture(event.pointerId);
    held = { x: event.clientX, y: event.clientY, part: part() };
  });
  dial.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (held === null) return;
    turn(Math.min(1, Math.max(0, held.part + (clientX - held.x + held.y - clientY) / WHOLE_PX)));
  });
  dial.addEventListener("lostpointercapture", () => (held = null)); // released, or taken away
}
