// How it goes with a component that was saved.

import assert from "node:assert/strict";
import { test } from "node:test";

import { nodeKey } from "../../../host/msgflo_host/web/core/health.js";
import { afterSaving } from "../../../host/msgflo_host/web/inspect/after_saving.js";

const GRAPH = "default/main";
const nodes = new Map([["echo", { component: "home/Echo" }], ["other", { component: "home/Other" }]]);
const NOTHING = { text: "", runs: false };

/** What is said of home/Echo when its node is so. @param {{icon: string, error: string}} health */
const said = (health, node = "echo") =>
  afterSaving({ graphs: new Map([[GRAPH, { nodes }]]), health: new Map([[nodeKey(GRAPH, node), health]]) }, "home/Echo", { graph: GRAPH, node });

test("an error is said with its line, and the same way each time that it is tried again", () => {
  const error = "ended (exit code 1): msgflo: Echo.py:13: NameError: name 'foo' is not defined";
  for (const seconds of [1, 2]) {
    const { text, runs } = said({ icon: "hourglass-o", error: `${error}; it is started again in ${seconds} s` });
    assert.equal(text, `echo: ${error}`);
    assert.equal(runs, false);
  }
});

test("a node that is there without an error runs, and one that is not does not", () => {
  assert.deepEqual(said({ icon: "cog", error: "" }), { text: "", runs: true });
  for (const icon of ["", "hourglass-o", "moon-o", "chain-broken"]) assert.deepEqual(said({ icon, error: "" }), NOTHING);
});

test("nodes of other components say nothing of it", () => {
  assert.deepEqual(said({ icon: "hourglass-o", error: "ended" }, "other"), NOTHING);
  assert.deepEqual(said({ icon: "hourglass-o", error: "ended" }, "gone"), NOTHING);
});
