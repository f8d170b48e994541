import assert from "node:assert/strict";
import { test } from "node:test";

import { controlOf, fromText, toText, typed } from "../../../host/msgflo_host/web/core/typed.js";

test("each type has its control, which gives back what it shows", () => {
  for (const [port, data, control] of [
    [{ type: "number" }, undefined, "number"],
    [{ type: "number" }, 2.5, "number"],
    [{ type: "string" }, undefined, "text"],
    [{ type: "boolean" }, false, "switch"],
    [{ type: "color" }, "#ff0000", "colour"],
    [{ type: "color" }, [255, 0, 10], "colour"],
    [{ type: "object" }, { a: [1] }, "json"],
    [{ type: "number" }, "a text that is there", "json"],
    [{ type: "string", values: ["a", "b"] }, "b", "choice"],
    [{ type: "bang" }, undefined, "signal"],
  ]) {
    assert.equal(controlOf(port, data), control);
    if (data !== undefined) assert.deepEqual(fromText(control, toText(control, data), data), data);
  }
});

test("a number may have a comma; what is no number is told", () => {
  assert.equal(fromText("number", "21,5"), 21.5);
  assert.equal(fromText("number", "0,125"), 0.125);
  assert.equal(fromText("number", "1,0625"), 1.0625);
  assert.throws(() => fromText("number", "warm"), /is not a number/);
  assert.throws(() => fromText("number", " "), /is not a number/);
  assert.throws(() => fromText("number", "1,000"), /write 1\.000 or 1000/);
});

test("what is typed means the same in a form and where it is sent at once", () => {
  const inForm = (text, type) => fromText(controlOf({ type }), text);
  for (const [type, text, value] of [
    ["number", "21,5", 21.5],
    ["string", "21,5", "21,5"],
    ["any", "21.5", 21.5],
    ["any", "plain words", "plain words"],
    ["object", '{"level": 3}', { level: 3 }],
    ["boolean", "true", true],
    ["bang", "", true],
  ]) {
    for (const read of [inForm, typed]) assert.deepEqual(read(text, type), value, `${type} ${text}`);
  }
  assert.equal(typed('"hot"', "number"), "hot"); // who writes a text as such means it
  for (const [type, text, trouble] of [
    ["any", "{not JSON", /not JSON/],
    ["number", "1,000", /two ways/],
    ["number", "hot", /“hot” is not a number/],
    ["any", "", /not JSON/],
  ]) {
    for (const read of [inForm, typed]) assert.throws(() => read(text, type), trouble, `${type} ${text}`);
  }
});
