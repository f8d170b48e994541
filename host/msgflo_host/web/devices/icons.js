// @ts-check
/** A picture of each kind, in lines on 24 × 24. */
import { svg } from "./dom.js";

const PATHS = {
  temperature: "M10 14V5a2 2 0 0 1 4 0v9a4 4 0 1 1-4 0zM12 9v8",
  humidity: "M12 3c4 5 6 7.5 6 10.5a6 6 0 0 1-12 0C6 10.5 8 8 12 3z",
  sound: "M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21M9 21h6",
  light: "M8 12a4 4 0 1 0 8 0a4 4 0 1 0-8 0M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
  button: "M4 18h16M6 18v-3h12v3M8 15v-3a4 4 0 0 1 8 0v3M12 3v3",
  switch: "M8 7h8a5 5 0 0 1 0 10H8A5 5 0 0 1 8 7zM13.5 12a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0",
  potentiometer: "M4 17a9 9 0 1 1 16 0M12 13l4-5M10.5 14a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0",
  rgb: "M9 18h6M10 21h4M12 3a6 6 0 0 1 3.5 10.9c-.5.4-.5 1-.5 1.6H9c0-.6 0-1.2-.5-1.6A6 6 0 0 1 12 3z",
  relay: "M2 15h5M17 15h5M7 15l9-6M5.5 15a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0M15.5 15a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0",
  display: "M3 5h18v11H3zM9 20h6M12 16v4M7 9h8M7 12h5",
  sensor433: "M5 19h1M5 12a7 7 0 0 1 7 7M5 5a14 14 0 0 1 14 14",
  clock: "M3.5 12a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0-17 0M12 7v5l3.5 2",
  chart: "M4 4v16h16M7 15l4-5 3 3 5-7",
  text: "M3 6h18v12H3zM7 10v4M10 14h7",
  map: "M4 4h16v16H4zM4 12h5M13 12h7M12 4v4M15 16a1 1 0 1 0 2 0a1 1 0 1 0-2 0",
};

/** The picture of a kind. */
export const picture = (/** @type {string} */ kind) =>
  svg("svg", { viewBox: "0 0 24 24", class: "device-icon", "aria-hidden": "true" }, svg("path", { d: PATHS[kind] }));
