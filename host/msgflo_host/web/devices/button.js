// @ts-check
import { element } from "../core/dom.js";
import { ERROR, SETTINGS, settingPorts, startSettings } from "./parts.js";

/** @type {import("./parts.js").Setting[]} */
const settings = [
  ["debounce", 0.02, 0.001, 0.5, "Seconds of stillness; here there is no contact that bounces"],
  ["long_time", 0.8, 0.1, 60, "Seconds"],
  ["double_time", 0.4, 0, 5, "Seconds from press to press"],
];

/** Sends presses, long ones and double ones, as a button on a board does. @type {import("./kinds.js").Kind} */
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
    const status = element("span", { className: "device-status", role: "status" });
    presses.onmeaning = (port) => (status.textContent = port);
    const button = element("button", { type: "button", className: "device-push", "aria-label": `Press ${participant.role}` });
    listen(button, presses);
    place.append(button, status);
    participant.send("pressed", false);
    return { stop: () => presses.release() };
  },
};

/** Recognizes long and double presses by the same rules as on a board. */
class Presses {
  onmeaning = (/** @type {string} */ _port) => {};
  #down = false;
  #first = -Infinity; // when the press before began, if it may become the first of a double
  #timer = 0;

  /** @param {import("./kinds.js").Participant} participant @param {Record<string, number>} config times in s */
  constructor(participant, config) {
    this.participant = participant;
    this.config = config;
  }

  press() {
    if (this.#down) return;
    this.#down = true;
    const now = performance.now();
    this.participant.send("pressed", true);
    this.#send("press");
    if (now - this.#first < this.config.double_time * 1000) {
      this.#first = -Infinity;
      this.#send("double");
    } else this.#first = now;
    this.#timer = setTimeout(() => {
      this.#first = -Infinity;
      this.#send("long");
    }, this.config.long_time * 1000);
  }

  release() {
    if (!this.#down) return;
    this.#down = false;
    clearTimeout(this.#timer);
    this.participant.send("pressed", false);
  }

  /** @param {string} port */
  #send(port) {
    this.participant.send(port, true);
    this.onmeaning(port);
  }
}

/** Fingers, mice and keys hold a button; assistive technology and voice only click. @param {HTMLButtonElement} button @param {Presses} presses */
function listen(button, presses) {
  let handled = false; // whether the click that follows belongs to a press that was handled
  const down = (/** @type {PointerEvent} */ event) => {
    if (event.button) return; // another one than the main button
    button.setPointerCapture(event.pointerId);
    handled = true;
    presses.press();
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
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
