import assert from "node:assert/strict";
import { test } from "node:test";
import { plant } from "@murmuration/core/planted";
import { makeScenario } from "../scenario.js";
import { runScenario } from "../world.js";

test("clients of the profile quorum see every outcome, and reach most quorums where nothing fails", () => {
  plant([]);
  const outcomes = new Map<string, number>();
  const run = (seed: number, isFaulty: boolean) => {
    const scenario = makeScenario(seed, "quorum");
    const calm = { faults: [], rates: { ...scenario.rates, drop: 0, bitFlip: 0, delayMs: [1, 5] as const } };
    const { violation } = runScenario({ ...scenario, ...(isFaulty ? {} : calm) }, ({ kind, text }) => {
      if (kind === "wait") outcomes.set(text, (outcomes.get(text) ?? 0) + 1);
    });
    assert.equal(violation, undefined, `${violation?.checker} ${violation?.detail}`);
  };
  run(5, false);
  const calm = new Map(outcomes);
  for (const kind of ["write: done", "read: done", "session: covered"]) assert.ok((calm.get(kind) ?? 0) > 50, kind);
  for (const kind of ["write: quorum-missed", "read: quorum-missed", "session: not-covered"]) {
    assert.equal(calm.get(kind), undefined, kind);
  }
  for (const seed of [1, 5]) run(seed, true);
  for (const kind of ["write: quorum-missed", "read: quorum-missed", "session: not-covered"]) {
    assert.ok((outcomes.get(kind) ?? 0) > 3, kind);
  }
});
