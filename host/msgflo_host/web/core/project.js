// @ts-check
// The project's own components: which there are, and where new ones are written.

import { ask } from "./status.js";

/**
 * @typedef {{names: string[], folder: string, suffixes: Record<string, string>, creates: string}} Project  `suffixes` are those of files, by the
 *   languages in which new components can be written; `creates` is the file that the first one makes beside it, empty where that is there
 */

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Ask the coordinator for it. @param {import("./system.js").System} system @returns {Promise<Project | null>} null without an answer */
export async function askProject(system) {
  if (!system.may("protocol:network")) return null;
  try {
    const answer = await ask(system, "page.json");
    return answer.ok ? (await answer.json()).components : null;
  } catch {
    return null;
  }
}

/** The namespace of the components that are written here. @param {import("./system.js").System} system */
export const namespaceOf = (system) => String(system.runtime?.namespace ?? "home");

/** The mistake in the name of a component, or "". @param {string} name without the namespace */
export const wrongComponent = (name) => (NAME.test(name) ? "" : "At most 64 letters, digits, _ and -, beginning with a letter or digit");

/** The file of a new component. @param {Project} project @param {string} name @param {string} language */
const fileOf = ({ suffixes }, name, language) => `${name}${suffixes[language] ?? ""}`;

/**
 * Where a component is going to be saved, for people.
 * @param {Project | null} project @param {string} name without the namespace @param {string} language @param {boolean} isAllowed by the secret in use
 */
export function whereText(project, name, language, isAllowed) {
  const place = project === null ? "It is saved in the folder of the project." : `It is saved as ${project.folder}/${fileOf(project, name, language)}.`;
  const beside = project?.creates ? ` ${project.creates} is made beside it: the coordinator then runs the components of this folder.` : "";
  return `${place}${beside}${isAllowed ? "" : " Saving asks for a secret that allows it."}`;
}

/** Which files were made, for people. @param {Project | null} project as it was before @param {string} name @param {string} language */
export function madeText(project, name, language) {
  if (project === null) return "";
  const files = [fileOf(project, name, language), project.creates].filter((each) => each !== "");
  return `Made in ${project.folder}: ${files.join(" and ")}.`;
}
