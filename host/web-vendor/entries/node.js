// What mqtt expects of Node.js, and a browser has not.
export { Buffer } from "buffer/";
export { default as process } from "process/browser.js";
