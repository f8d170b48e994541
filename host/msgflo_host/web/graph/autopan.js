// @ts-check
// Autopan: while something is dragged at the frame of the picture, the picture moves.

const ZONE = 32; // pixels of the screen within the frame
const MOST = 14; // pixels in a frame of the screen
const AWAY = 6; // how much nearer to the frame than it began a drag has to come

/** @import { Point } from "./geometry.js" */

export class Autopan {
  #frame = 0;
  /** @type {(() => void) | null} */
  #step = null;

  #from = { x: 0, y: 0 };
  /** @type {import("./geometry.js").Box} */
  #free = { x: 0, y: 0, width: 0, height: 0 };

  /** @param {import("./view.js").View} view */
  constructor(view) {
    this.view = view;
  }

  /** A drag may begin. @param {Point} from */
  begin(from) {
    this.#from = from;
    this.#free = this.view.free();
  }

  /** The pointer is at a point now, until the next call; `moved` is called after each move of the picture. @param {Point} at @param {() => void} moved */
  track(at, moved) {
    const from = this.#from;
    const { x, y, width, height } = this.#free;
    this.#step = () => {
      const [dx, dy] = [speed(from.x - x, at.x - x, width), speed(from.y - y, at.y - y, height)];
      if (!dx && !dy) return;
      this.view.pan(dx, dy);
      moved();
      this.#soon();
    };
    this.#soon();
  }

  stop() {
    this.#step = null;
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#step?.();
    });
  }
}

/** Pixels that the picture moves in a frame of the screen; what begins near the frame has to come nearer still. @param {number} from @param {number} at @param {number} size */
function speed(from, at, size) {
  const near = (/** @type {number} */ begun, /** @type {number} */ now) => {
    const zone = Math.min(ZONE, begun - AWAY);
    return now < zone ? Math.min(MOST, 1 + ((zone - now) / ZONE) * MOST) : 0;
  };
  return near(from, at) - near(size - from, size - at);
}
