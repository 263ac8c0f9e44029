import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instantiate, reserveMemory } from "../shared-memory.js";
import { meta, NO_SLOT } from "./engine.js";
import * as graphHeader from "./graph-header.js";
import * as graphLimits from "./graph-limits.js";

const exports = instantiate("engine", reserveMemory("graph"), {
  fetchRows: () => undefined,
  tellStep: () => undefined,
}) as Record<string, { value: number } | undefined>;

function reported(name: string): number {
  return (exports[name]?.value ?? Number.NaN) >>> 0;
}

describe("what both sides know of a graph's memory", () => {
  test("its bounds and the addresses of its header are the same", () => {
    const names = [...Object.entries(graphLimits), ...Object.entries(graphHeader)];
    assert.ok(Object.keys(graphLimits).length > 10 && Object.keys(graphHeader).length > 30);
    for (const [name, value] of names) assert.equal(reported(name), value, name);
  });

  test("a slot's state has the same bits", () => {
    assert.equal(reported("META"), meta.bytes);
    assert.equal(reported("LINKED"), meta.linked);
    assert.equal(reported("DEAD"), meta.dead);
    assert.equal(reported("CONDEMNED"), meta.condemned);
    assert.equal(reported("NONE"), NO_SLOT);
  });
});
