// @ts-check
import { element } from "../core/dom.js";
import { asText } from "../core/text.js";

const LINES = 4;

/** Shows what comes in: text as it is, everything else as JSON; the latest four. @type {import("./kinds.js").Kind} */
export default {
  kind: "display",
  name: "Display",
  icon: "desktop",
  label: "Shows texts and other values",
  size: { w: 4, h: 2 },
  ports: {
    in: [
      { id: "text", type: "any", description: "What to show" },
      { id: "clear", type: "any", description: "Anything: show nothing" },
    ],
    out: [],
  },
  make: (place, participant) => {
    const about = { className: "device-screen", role: "log", "aria-live": "off", "aria-label": participant.role };
    const screen = element("div", about);
    const lines = element("div");
    participant.onpacket = (port, value) => {
      if (port === "clear") return lines.replaceChildren();
      lines.append(element("p", { dir: "auto" }, asText(value)));
      while (lines.children.length > LINES) lines.firstChild?.remove();
    };
    screen.append(lines);
    place.append(screen);
    return { stop: () => {} };
  },
};
