// @ts-check
import { take } from "./kept.js";

/** What this tab had open before it was loaded again; taken once. */
export const kept = take();

/** With which the shelf of this tab plays a role: other tabs, an instrument and a real device may play it too. */
export const shelfId = (/** @type {string} */ role) => `${role}@shelf-${kept.client}`;
