// @ts-check
// Kiosk mode, for a tablet on a wall: the whole screen, bars that come when it is touched, a screen that stays on.

import { iconButton } from "../core/dom.js";

const BARS_MS = 6000; // that the bars stay after the last touch

/** @param {import("../core/registry.js").Context} context @returns {HTMLButtonElement} the button for the whole screen */
export function startKiosk({ page, bus }) {
  const isAsked = () => page.view === "dashboard" && location.hash.slice(1).split("&").includes("wall");
  let isKiosk = isAsked();
  /** @type {WakeLockSentinel | null} */
  let lock = null;
  let isAsking = false; // for the lock
  let timer = 0;

  const show = (/** @type {boolean} */ bars) => {
    clearTimeout(timer);
    if (!isKiosk) delete document.body.dataset.bars;
    else document.body.dataset.bars = bars ? "shown" : "hidden";
    if (isKiosk && bars) timer = setTimeout(leave, BARS_MS);
  };
  // The bars stay while they are used, and while instruments are arranged.
  const leave = () => show(document.querySelector("#bar:focus-within, #bar:hover, .dashboard-bar:focus-within, .dashboard.editing, dialog[open], .menu") !== null);
  const begin = (/** @type {boolean} */ isOn) => {
    isKiosk = isOn;
    show(false);
    stayOn();
  };
  const stayOn = async () => {
    const isDesired = isKiosk && document.visibilityState === "visible";
    if (isDesired && !lock && !isAsking && "wakeLock" in navigator) {
      isAsking = true;
      lock = await navigator.wakeLock.request("screen").catch(() => null); // on battery, or not permitted
      isAsking = false;
      lock?.addEventListener("release", () => (lock = null));
      if (!isKiosk) lock?.release();
    } else if (!isDesired) lock?.release();
  };

  addEventListener("pointerdown", (event) => {
    const used = /** @type {Element} */ (event.target).closest?.(".instrument .device");
    if (isKiosk && !used) show(true);
  });
  addEventListener("pointermove", (event) => isKiosk && event.pointerType === "mouse" && event.clientY < 8 && show(true));
  addEventListener("keydown", (event) => isKiosk && (event.key === "Tab" || event.key === "Escape") && show(true));
  document.addEventListener("visibilitychange", stayOn);
  document.addEventListener("fullscreenchange", () => begin(document.fullscreenElement !== null && page.view === "dashboard"));
  addEventListener("hashchange", () => isAsked() && begin(true));
  bus.addEventListener("view", () => {
    if (!isKiosk) return;
    if (document.fullscreenElement) document.exitFullscreen();
    else begin(false);
  });
  begin(isKiosk);

  const whole = iconButton("whole", "Full screen", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {}); // the browser tells why
  });
  whole.hidden = !document.fullscreenEnabled;
  return whole;
}
