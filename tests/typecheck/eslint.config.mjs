// The page's modules: mistakes that neither the types nor the tests of a module show.

import js from "@eslint/js";
import globals from "globals";

const WEB = "host/msgflo_host/web"; // from where `make lint` runs

export default [
  { ignores: [`${WEB}/vendor/**`] },
  {
    ...js.configs.recommended,
    files: [`${WEB}/**/*.js`],
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      ...js.configs.recommended.rules,
      "eqeqeq": "error",
      "no-unused-private-class-members": "off", // it takes `this.#timer ||= …` for a write only
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
];
