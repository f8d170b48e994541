// @ts-check
// One device that is wired to a virtual board: its picture, its state and its inputs, made from the board's description.

import { element } from "../core/dom.js";
import { turnable } from "../core/turn.js";
import { choiceInput, held, lastOf, numberInput, switchInput } from "./device_inputs.js";
import { NIGHT, knob, lamp, relay, sensor, strip } from "./pictures.js";

/**
 * @typedef {import("./device_inputs.js").Value} Value
 * @typedef {import("./api.js").Values} Values
 * @typedef {Values & {pressed: boolean, position: number, lit: boolean, color: string, closed: boolean, colors: string[], level: number, light: number,
 *   lux: number, temperature: number, humidity: number, sent: number[], count: number}} Shown  each kind has some of these
 * @typedef {{device: string, kind: string, inputs: Value[], outputs: Value[], values: Shown}} Description
 * @typedef {(values: Values) => Promise<unknown>} Ask  sets inputs of the device
 * @typedef {{picture?: Element, controls?: HTMLElement[], update?: (values: Shown) => void, words?: (values: Shown) => string,
 *   own?: string[], stop?: () => void}} Face  `own` are the inputs without a field, `words` the state in words; `stop` ends a running action
 */

const BREATH_MS = 20_000;
const BREATH_STEP_MS = 500;
const CLAP_MS = 1500; // a board that is busy listens less than once in half a second
const LOUD_DB = -6;
const TAP_S = 0.2;
const LED = "#ff5a36";

/** @type {Record<string, (role: string, description: Description, ask: Ask) => Face>} */
const FACES = {
  button(role, _, ask) {
    const button = element("button", { type: "button", className: "board-push", "aria-label": `Press ${role}`, "aria-pressed": "false" });
    held(button, (pressed) => ask({ pressed }), () => ask({ press: TAP_S }));
    return {
      controls: [button],
      own: ["pressed", "press"],
      update: ({ pressed }) => button.setAttribute("aria-pressed", String(pressed)),
      words: ({ pressed }) => (pressed ? "pressed" : "released"),
    };
  },
  potentiometer(_, description, ask) {
    const { element: picture, turn } = knob();
    const set = lastOf((/** @type {number} */ position) => ask({ position }), () => {}); // `ask` reports errors
    turnable(picture, () => description.values.position, (position) => {
      turn(position);
      set(Number(position.toFixed(3)));
    });
    return { picture, update: ({ position }) => picture.matches(":active") || turn(position) };
  },
  led() {
    const { element: picture, shine } = lamp();
    return { picture, update: ({ lit }) => shine(lit ? LED : null), words: ({ lit }) => (lit ? "lit" : "dark") };
  },
  rgb() {
    const { element: picture, shine } = lamp();
    return { picture, update: ({ color }) => shine(color), words: ({ color }) => (color === NIGHT ? "dark" : color) };
  },
  relay() {
    const { element: picture, close } = relay();
    return { picture, update: ({ closed }) => close(closed), words: ({ closed }) => (closed ? "closed" : "open") };
  },
  pixels() {
    const { element: picture, show } = strip();
    return { picture, update: ({ colors }) => show(colors), words: ({ colors }) => colorsInWords(colors) };
  },
  climate: (role, description, ask) => ({ picture: sensor(description.kind), ...breathe(role, description, ask) }),
  weather: (role, description, ask) => ({ picture: sensor(description.kind), ...breathe(role, description, ask) }),
  sound(role, { values }, ask) {
    let timer = 0;
    let quiet = 0;
    const clap = () => {
      if (timer === 0) quiet = values.level;
      clearTimeout(timer);
      ask({ level: LOUD_DB });
      timer = setTimeout(() => {
        timer = 0;
        ask({ level: quiet });
      }, CLAP_MS);
    };
    const stop = () => {
      clearTimeout(timer);
      timer = 0;
    };
    return { picture: sensor("sound"), controls: [act("Clap", role, clap)], stop };
  },
  light: (role, { values }, ask) => ({ picture: sensor("light"), controls: [cover(role, "light", values, ask)] }),
  lux: (role, { values }, ask) => ({ picture: sensor("lux"), controls: [cover(role, "lux", values, ask)] }),
  rf433: (role, { inputs }, ask) => ({
    picture: sensor("rf433"),
    controls: inputs.length > 0 ? [pulses(role, ask)] : [],
    own: ["pulses"],
    words: ({ sent, count }) => (count > 0 ? `sent ${count === 1 ? "once" : `${count} times`}, last ${sent.length} pulses` : "nothing sent yet"),
  }),
};

/**
 * @param {Description} description @param {string} kind as the port map names it @param {Ask} ask @param {(error: Error) => void} failed
 * @param {() => void} show shows it in the graph
 * @returns {{element: HTMLElement, update: (values: Values) => void, stop: () => void}} `stop` is called at the board's end: no requests
 *   and no errors after it
 */
export function makeDevice(description, kind, ask, failed, show) {
  const role = description.device;
  let isGone = false;
  const report = (/** @type {Error} */ error) => {
    if (isGone) return;
    face.stop?.(); // else each step would report it
    failed(error);
  };
  const quietly = async (/** @type {Values} */ values) => isGone || ask(values).catch(report);
  const face = (FACES[description.kind] ?? (() => ({ picture: sensor(description.kind) })))(role, description, quietly);
  const inputs = description.inputs.filter(({ id }) => !face.own?.includes(id)).map((value) => ({
    id: value.id,
    isNumber: value.type === "number",
    ...input(role, value, description.values[value.id], lastOf((given) => ask({ [value.id]: given }), report)),
  }));
  const [main, more] = [true, false].map((isNumber) => inputs.filter((each) => isNumber === each.isNumber).map((each) => each.element));
  const words = element("p", { className: "board-words" });
  const name = element("button", { type: "button", className: "plain board-role", title: "Show it in the graph", click: show }, role);
  const made = element("article", { className: "board-thing", "aria-label": role, "data-device": role, "data-kind": description.kind },
    element("h4", {}, name, element("small", {}, kind)), face.picture ?? null, ...(face.controls ?? []), words, ...main,
    more.length > 0 ? element("details", {}, element("summary", {}, "More"), ...more) : null);
  const update = (/** @type {Values} */ values) => {
    Object.assign(description.values, values);
    face.update?.(description.values);
    const text = face.words?.(description.values) ?? "";
    if (words.textContent !== text) words.textContent = text;
    for (const each of inputs) if (each.id in values) each.update(values[each.id]);
  };
  update(description.values);
  const stop = () => {
    isGone = true;
    face.stop?.();
  };
  return { element: made, update, stop };
}

/** @param {string} role @param {Value} value @param {import("./api.js").ValueOf} now @param {import("./device_inputs.js").Set} set */
function input(role, value, now, set) {
  if (value.type === "number") return numberInput(role, value, Number(now), set);
  return value.type === "boolean" ? switchInput(role, value, now, set) : choiceInput(role, value, now, set);
}

/** @param {string} text @param {string} role @param {(event: Event) => void} click */
const act = (text, role, click) => element("button", { type: "button", className: "board-act", "aria-label": `${text}: ${role}`, click }, text);

/** Warm, damp air that goes away slowly. @param {string} role @param {Description} description @param {Ask} ask */
function breathe(role, { values }, ask) {
  let timer = 0;
  /** @type {{temperature: number, humidity: number}} */
  let air;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
  };
  const begin = () => {
    if (timer === 0) air = { temperature: values.temperature, humidity: values.humidity };
    clearInterval(timer);
    const began = performance.now();
    const step = () => {
      const left = Math.max(0, 1 - (performance.now() - began) / BREATH_MS);
      ask({ temperature: mixed(air.temperature, 28, left), humidity: mixed(air.humidity, 95, left) });
      if (left === 0) stop();
    };
    timer = setInterval(step, BREATH_STEP_MS);
    step();
  };
  return { controls: [act("Breathe on it", role, begin)], stop };
}

/** @param {string} role @param {"light" | "lux"} key @param {Shown} values @param {Ask} ask */
function cover(role, key, values, ask) {
  /** @type {number | null} */
  let before = null;
  const button = act("Cover it", role, () => {
    const covered = before === null;
    const now = covered ? 0 : before;
    before = covered ? values[key] : null;
    ask({ [key]: now });
    button.setAttribute("aria-pressed", String(covered));
  });
  button.setAttribute("aria-pressed", "false");
  return button;
}

/** @param {string} role @param {Ask} ask */
function pulses(role, ask) {
  const field = element("input", { type: "text", value: remote(0x5a3c01).join(" "), spellcheck: false, "aria-label": `${role}: pulses in µs: high, low, high, low …` });
  const receive = () => ask({ pulses: field.value.split(/[\s,]+/).filter(Boolean).map(Number) });
  return element("div", { className: "board-pulses" }, field, act("Receive", role, receive));
}

/** The pulses of a remote control with a chip such as EV1527, in µs: 24 bits, the first one first, four times. @param {number} code @returns {number[]} */
function remote(code) {
  const [short, long] = [400, 1200];
  const bits = [...code.toString(2).padStart(24, "0")].flatMap((bit) => (bit === "1" ? [long, short] : [short, long]));
  return Array.from({ length: 4 }, () => [...bits, short, 31 * short]).flat();
}

/** @param {string[]} colors */
function colorsInWords(colors) {
  const lit = colors.filter((color) => color !== NIGHT);
  if (lit.length === 0) return "dark";
  const kinds = new Set(lit);
  const first = kinds.size === 1 ? lit[0] : `${kinds.size} colours`;
  return lit.length === colors.length ? first : `${lit.length} of ${colors.length}: ${first}`;
}

/** Air with so much breath in it, which is never colder or drier than the air. @param {number} air @param {number} breath @param {number} share */
const mixed = (air, breath, share) => Math.round(10 * (air + share * Math.max(0, breath - air))) / 10;
