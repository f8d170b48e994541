// @ts-check
import { element } from "../core/dom.js";
import { ERROR, SETTINGS, settingPorts, startSettings } from "./parts.js";

const settings = [
  ["debounce", 0.02, 0.001, 0.5, "Seconds of stillness; here there is no contact that bounces"],
  ["long_time", 0.8, 0.1, 60, "Seconds"],
  ["double_time", 0.4, 0, 5, "Seconds from press to press"],
];

/** Tells presses, long ones and double ones, as a button on a board does. */
export default {
  kind: "button",
  name: "Button",
  icon: "hand-o-down",
  label: "A button to press, long or twice",
  size: { w: 2, h: 2 },
  ports: {
    in: settingPorts(settings),
    out: [
      { id: "pressed", type: "boolean", state: true },
      { id: "press", type: "boolean" },
      { id: "long", type: "boolean" },
      { id: "double", type: "boolean" },
      ERROR,
      SETTINGS,
    ],
  },
  make: (place, participant) => {
    const { config, take } = startSettings(participant, settings);
    participant.onpacket = take;
    const presses = new Presses(participant, config);
    const said = element("span", { className: "device-said", role: "status" });
    presses.onmeaning = (what) => (said.textContent = what);
    const button = element("button", { type: "button", className: "device-push", "aria-label": `Press ${participant.role}` });
    listen(button, presses);
    place.append(button, said);
    participant.send("pressed", false);
    return { stop: () => presses.release() };
  },
};

/** What presses mean: the same rules as on a board. */
class Presses {
  onmeaning = (/** @type {string} */ _meaning) => {};
  #down = false;
  #first = -Infinity; // when the press before began, if it may become the first of a double
  #timer = 0;

  constructor(participant, config) {
    this.participant = participant;
    this.config = config;
  }

  press() {
    if (this.#down) return;
    this.#down = true;
    const now = performance.now();
    this.participant.send("pressed", true);
    this.#tell("press");
    if (now - this.#first < this.config.double_time * 1000) {
      this.#first = -Infinity;
      this.#tell("double");
    } else this.#first = now;
    this.#timer = setTimeout(() => {
      this.#first = -Infinity;
      this.#tell("long");
    }, this.config.long_time * 1000);
  }

  release() {
    if (!this.#down) return;
    this.#down = false;
    clearTimeout(this.#timer);
    this.participant.send("pressed", false);
  }

  #tell(what) {
    this.participant.send(what, true);
    this.onmeaning(what);
  }
}

/** Fingers, mice and keys hold a button; what assistive technology and voice do is a click alone. */
function listen(button, presses) {
  let handled = false; // whether the click that follows is the end of what was seen already
  const down = (event) => {
    if (event.button) return; // another one than the main button
    button.setPointerCapture(event.pointerId);
    handled = true;
    presses.press();
  };
  const key = (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (event.type === "keydown" && !event.repeat) presses.press();
    if (event.type === "keyup") presses.release();
  };
  button.addEventListener("pointerdown", down);
  for (const end of ["pointerup", "pointercancel", "blur"]) button.addEventListener(end, () => presses.release());
  button.addEventListener("keydown", key);
  button.addEventListener("keyup", key);
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch
  button.addEventListener("click", () => {
    if (!handled) {
      presses.press();
      presses.release();
    }
    handled = false;
  });
}
