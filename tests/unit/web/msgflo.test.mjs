import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, Participant } from "../../../host/msgflo_host/web/msgflo.js";
import { Bindings } from "../../../host/msgflo_host/web/msgflo/bindings.js";
import { Outbox } from "../../../host/msgflo_host/web/msgflo/outbox.js";
import { decode } from "../../../host/msgflo_host/web/msgflo/wire.js";

const bytes = (value) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

test("payloads are JSON, or text, or bytes", () => {
  for (const [payload, value] of [
    [bytes("21.5"), 21.5],
    [bytes('{"a": [true, null]}'), { a: [true, null] }],
    [bytes("good morning"), "good morning"],
    [bytes("NaN"), "NaN"],
    [new Uint8Array([255, 0, 254]), new Uint8Array([255, 0, 254])],
    [bytes("\ufeff1"), "\ufeff1"],
  ]) {
    assert.deepEqual(decode(payload), value);
  }
});

// -- which inports a packet goes to --

/** The bindings of a participant with two inports, on a connection. */
function bound() {
  const logged = [];
  const bindings = new Bindings((text) => logged.push(text));
  const bell = new Participant("bell", { inports: [{ id: "in" }, { id: "other" }] });
  bindings.add(bell);
  const first = bindings.renew();
  const bind = (lists) => (bindings.take("fbp/bind/bell", bytes(lists)), bindings.apply());
  const targets = (topic, retained = false) => bindings.targets(topic, retained).map(([, port]) => port);
  return { bindings, logged, first, bind, targets };
}

test("a binding list is taken, and the next one in its place", () => {
  const { first, bind, targets } = bound();
  assert.deepEqual(first, ["bell/in", "bell/other", "fbp/bind/bell"]);
  assert.deepEqual(bind({ in: ["door/opened"] }), { subscribe: ["door/opened"], unsubscribe: [] });
  assert.deepEqual(targets("door/opened"), ["in"]);
  assert.deepEqual(bind({ in: ["window/opened"] }), { subscribe: ["window/opened"], unsubscribe: ["door/opened"] });
  assert.deepEqual(targets("door/opened"), []);
  assert.deepEqual(targets("window/opened"), ["in"]);
  assert.deepEqual(targets("bell/in"), ["in"]); // initial packets and others come on the port's own topic
});

test("a list is confirmed by its version", () => {
  const { bindings, bind } = bound();
  bind({ in: ["door/front"], "": { version: 7 } });
  assert.deepEqual(bindings.confirmations(), [["fbp/bound/bell", "7"]]);
  assert.deepEqual(bindings.confirmations(), []);
  bindings.take("fbp/bind/bell", new Uint8Array());
  assert.deepEqual(bindings.confirmations(), [["fbp/bound/bell", ""]]);
});

test("a packet that matches two sources of an inport comes once", () => {
  const { bind, targets } = bound();
  bind({ in: ["door/#", "door/+", "door/front"], other: ["+/front"] });
  assert.deepEqual(targets("door/front").sort(), ["in", "other"]);
});

test("a retained value is no news to an inport that had it", () => {
  const { bind, targets } = bound();
  bind({ in: ["door/front"] });
  assert.deepEqual(targets("door/front", true), ["in"]);
  // The broker sends it to this connection again.
  assert.deepEqual(bind({ in: ["door/front"], other: ["door/front"] }), { subscribe: ["door/front"], unsubscribe: [] });
  assert.deepEqual(targets("door/front", true), ["other"]);
  assert.deepEqual(targets("door/front", false), ["in", "other"]);
});

test("what is malformed in a binding list is logged, and the rest holds", () => {
  const { logged, bind, targets } = bound();
  bind({ in: ["a/#/b"], gone: ["x"], other: ["door/front"] });
  assert.deepEqual(targets("door/front"), ["other"]);
  assert.match(logged[0], /a # that is not last/);
  assert.match(logged[1], /no such inport; there are: in, other/);
  bind(7);
  assert.match(logged[2], /not of the form/);
});

// -- what is to be sent --

test("of a state only the latest value is sent after an outage, of events each", () => {
  const sent = [];
  const client = { publish: (topic, payload) => sent.push(`${topic} ${new TextDecoder().decode(payload)}`) };
  const outbox = new Outbox();
  const state = { topic: "rung", qos: 1, retain: true, state: true };
  const event = { topic: "out", qos: 0, retain: false, state: false };
  outbox.post(state, bytes("1"));
  outbox.drain(client);
  outbox.restore();
  for (const value of ["2", "3"]) outbox.post(state, bytes(value));
  for (const value of ["a", "b"]) outbox.post(event, bytes(value));
  outbox.drain(client);
  outbox.restore(); // a broker that was restarted may have forgotten a state
  outbox.drain(client);
  assert.deepEqual(sent, ["rung 1", "rung 3", "out a", "out b", "rung 3"]);
});

// -- what people do wrong --

test("a mistake is told in one clear error", () => {
  Object.assign(globalThis, { addEventListener() {}, document: { addEventListener() {} } });
  const bell = new Participant("bell", { outports: [{ id: "rung" }] });
  const connection = connect(() => new Promise(() => {}), [bell]);
  for (const [call, text] of [
    [() => new Participant(""), "a text is needed"],
    [() => new Participant("x", { inports: [{ id: "a" }], outports: [{ id: "a" }] }), "two ports have the same id: a"],
    [() => new Participant("x", { inports: [{ id: "a", topic: "fbp/x" }] }), "is reserved"],
    [() => new Participant("x", { inports: [{ id: "a", topic: "b/+" }] }), "has a wildcard"],
    [() => new Participant("x", { inports: [{ id: "a", type: "int" }] }), "allowed: boolean, number"],
    [() => new Participant("x", { outports: [{ id: "a", qos: 2 }] }), "qos 2 is neither 0 nor 1"],
    [() => new Participant("x").send("a", 1), 'there is no outport "a"; there are: none'],
    [() => bell.send("rung", NaN), "NaN cannot be sent"],
    [() => bell.send("rung", () => 1), "cannot be sent"],
    [() => connect("ws://x:1", []), "needs a clientId"],
    [() => connection.add(new Participant("bell")), "the same id: bell"],
  ]) {
    assert.throws(call, (error) => error.message.includes(text), text);
  }
});
