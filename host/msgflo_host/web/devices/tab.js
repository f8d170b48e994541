// @ts-check
import { take } from "./kept.js";

/** What this tab had open before it was loaded again; taken once. */
export const kept = take();
