// @ts-check
// Names of nodes: which are free, and which are allowed.

/**
 * The given name, or one like it that is not taken: `lamp`, `lamp2`, `lamp3`; where digits are a part of the name, `esp32`, `esp32-2`.
 * @param {string} name
 * @param {(name: string) => boolean} isTaken
 * @returns {string}
 */
export function freeName(name, isTaken) {
  if (!isTaken(name)) return name;
  const stem = counted(name, isTaken) ? name.replace(/\d+$/, "") : name.replace(/\d$/, "$&-");
  let number = 2;
  while (isTaken(`${stem}${number}`)) number++;
  return `${stem}${number}`;
}

/** True if the digits at the end of a name count others of its kind. @param {string} name @param {(name: string) => boolean} isTaken */
function counted(name, isTaken) {
  const [, stem, digits] = /^(.*\D)(\d+)$/.exec(name) ?? [];
  return stem !== undefined && (digits.length === 1 || stem.endsWith("-") || isTaken(stem) || isTaken(`${stem}${Number(digits) - 1}`));
}

/**
 * A name for a node of a component: the last part of the component's name, as .fbp files allow it.
 * @param {string} component
 * @returns {string}
 */
export function nodeName(component) {
  const last = component.split("/").at(-1) ?? "";
  const name = last.replace(/[^\w-]+/g, "_").replace(/^[^A-Za-z_]+/, "");
  return name ? name[0].toLowerCase() + name.slice(1) : "node";
}

/** The mistake in a role, or "". @param {string} role */
export function wrongName(role) {
  if (!role.trim()) return "A name is needed";
  if (/[+#\0]/.test(role)) return "The characters + and # are not allowed";
  if (/^(\$|fbp$|fbp\/)/.test(role)) return "Names that begin with $ or fbp/ are reserved";
  return role.length > 100 ? "At most 100 characters" : "";
}
