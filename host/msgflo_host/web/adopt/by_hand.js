// @ts-check
// A device made of the topics that a person has chosen.

import { availabilityOf } from "./availability.js";
import { addInport, addOutport, proposal } from "./proposal.js";

const COMMANDS = /(^|\/)(set|command|cmnd|cmd|control)(\/|$)/i;

/**
 * Topics that look like commands become inports, all others outports. The first availability topic among several becomes the
 * device's availability.
 * @param {import("./seen.js").Seen[]} chosen at least one @returns {import("./proposal.js").Proposal}
 */
export function byHand(chosen) {
  const levels = chosen.map((seen) => seen.topic.split("/"));
  const shared = sharedLevels(levels);
  const device = levels[0].slice(0, shared).findLast((level) => level !== "") ?? levels[0][0];
  const made = proposal("Topics", device, { label: "", icon: "plug" });
  for (const [i, seen] of chosen.entries()) {
    const own = levels[i].slice(shared);
    const name = own.join("_") || "value";
    if (COMMANDS.test(own.join("/"))) {
      addInport(made, name, seen.topic, seen.type, "", { isText: seen.value !== undefined && seen.value === seen.text });
      continue;
    }
    const availability = made.availability === null && chosen.length > 1 ? availabilityOf(seen) : null;
    addOutport(made, name, seen, { chosen: availability === null });
    made.availability ??= availability;
  }
  return made;
}

/** How many levels all have in common; the last one of each is never among them. @param {string[][]} levels */
function sharedLevels(levels) {
  const [first] = levels;
  const most = Math.min(...levels.map((each) => each.length - 1));
  let count = 0;
  while (count < most && levels.every((each) => each[count] === first[count])) count++;
  return count;
}
