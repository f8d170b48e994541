// @ts-check
// A dashboard on a wall: the whole screen, bars that come when it is touched, a screen that stays on.

import { iconButton } from "../core/dom.js";

const BARS_MS = 6000; // that the bars stay after the last touch

/** @param {import("../core/registry.js").Context} context @returns {HTMLButtonElement} the button for the whole screen */
export function startWall({ page, bus }) {
  const isAsked = () => page.view === "dashboard" && location.hash.slice(1).split("&").includes("wall");
  let isWall = isAsked();
  /** @type {any} */
  let lock = null;
  let isAsking = false; // for it
  let timer = 0;

  const show = (/** @type {boolean} */ bars) => {
    clearTimeout(timer);
    if (!isWall) delete document.body.dataset.bars;
    else document.body.dataset.bars = bars ? "shown" : "hidden";
    if (isWall && bars) timer = setTimeout(leave, BARS_MS);
  };
  // Not while somebody is in them, or arranges.
  const leave = () => show(document.querySelector("#bar:focus-within, #bar:hover, .dashboard-bar:focus-within, .dashboard.editing, dialog[open], .menu") !== null);
  const begin = (/** @type {boolean} */ isOn) => {
    isWall = isOn;
    show(false);
    stayOn();
  };
  const stayOn = async () => {
    const wanted = isWall && document.visibilityState === "visible";
    if (wanted && !lock && !isAsking && "wakeLock" in navigator) {
      isAsking = true;
      lock = await navigator.wakeLock.request("screen").catch(() => null); // on battery, or not permitted
      isAsking = false;
      lock?.addEventListener("release", () => (lock = null));
      if (!isWall) lock?.release();
    } else if (!wanted) lock?.release();
  };

  addEventListener("pointerdown", (event) => {
    const used = /** @type {Element} */ (event.target).closest?.(".instrument .device");
    if (isWall && !used) show(true);
  });
  addEventListener("pointermove", (event) => isWall && event.pointerType === "mouse" && event.clientY < 8 && show(true));
  addEventListener("keydown", (event) => isWall && (event.key === "Tab" || event.key === "Escape") && show(true));
  document.addEventListener("visibilitychange", stayOn);
  document.addEventListener("fullscreenchange", () => begin(document.fullscreenElement !== null && page.view === "dashboard"));
  addEventListener("hashchange", () => isAsked() && begin(true));
  bus.addEventListener("view", () => {
    if (!isWall) return;
    if (document.fullscreenElement) document.exitFullscreen();
    else begin(false);
  });
  begin(isWall);

  const whole = iconButton("whole", "Full screen", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {}); // the browser says why
  });
  whole.hidden = !document.fullscreenEnabled;
  return whole;
}
