import assert from "node:assert/strict";
import { test } from "node:test";

// MQTT.js takes the browser's WebSocket where it finds these.
Object.assign(globalThis, { window: globalThis, document: {}, location: new URL("http://127.0.0.1/") });
const { TopicValues } = await import("../../../host/msgflo_host/web/inspect/topic_values.js");

test("one connection listens to the broker, also where the coordinator was lost while it was asked for the way there", async () => {
  const opened = [];
  globalThis.WebSocket = class {
    constructor(url) {
      opened.push(url);
    }
    close() {}
  };
  const answers = [];
  globalThis.fetch = () =>
    new Promise((resolve) => {
      const answer = { ok: true, json: async () => ({}) };
      answers.push(() => resolve(answer));
    });
  const system = { isReady: true, may: () => true };
  const values = new TopicValues({ system, fbp: { secret: null } }, () => {});
  for (const isReady of [true, false, true]) {
    system.isReady = isReady;
    values.subscribe(["source/value"]);
  }
  while (answers.length < 2) await new Promise(setImmediate);
  for (const answer of answers) answer();
  for (let i = 0; i < 50; i++) await new Promise(setImmediate);
  assert.equal(opened.length, 1);
  values.stop();
});
