// @ts-check
import { takeSaved } from "./saved_devices.js";

/** What this tab had open before it was loaded again. */
export const restored = takeSaved();

/** The participant id of this tab's device in a role: other tabs, an instrument and a real device may have that role, too. @param {string} role */
export const deviceId = (role) => `${role}@devices-${restored.client}`;
