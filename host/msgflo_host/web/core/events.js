// @ts-check
// EventTargets that know the details of their events.

/**
 * @template {object} Details  by the events' types; null where an event has none
 * @typedef {<Type extends keyof Details & string>(type: Type, listener: (event: CustomEvent<Details[Type]>) => void,
 *   options?: boolean | AddEventListenerOptions) => void} Listen
 */
/**
 * @template {object} Details
 * @typedef {Omit<EventTarget, "addEventListener" | "removeEventListener"> & {addEventListener: Listen<Details>, removeEventListener: Listen<Details>}} Target
 */
/**
 * EventTarget, as a class to extend.
 * @template {object} Details
 * @typedef {new () => Target<Details>} TargetClass
 */

/**
 * Dispatch an event.
 * @template {object} Details @template {keyof Details & string} Type
 * @param {Target<Details>} target @param {Type} type @param {Details[Type]} detail
 */
export function emit(target, type, detail) {
  target.dispatchEvent(new CustomEvent(type, { detail }));
}
