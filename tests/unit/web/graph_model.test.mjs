import assert from "node:assert/strict";
import { test } from "node:test";

import { typesFit } from "../../../host/msgflo_host/web/graph/model.js";

test("types that say nothing fit all, and others their like", () => {
  for (const [src, tgt, fits] of [
    ["number", "int", true],
    ["all", "number", true],
    ["string", "color", true],
    ["array", "color", true],
    ["boolean", "number", false],
    ["object", "string", false],
  ]) {
    assert.equal(typesFit(src, tgt), fits, `${src} → ${tgt}`);
  }
});
