import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Condition, Filter } from "./condition.js";
import { emptyFilter } from "./parse.js";
import { simplifyFilter } from "./simplify.js";

const anyOf = (should: readonly Condition[]): Filter => ({ ...emptyFilter, should });
const equal = (key: string, value: number): Condition => ({ kind: "match-value", key, value });

describe("simplifying a filter", () => {
  it("makes one look into a set of many values of one key, also inside of nested", () => {
    const values = Array.from({ length: 2_000 }, (_, i) => i);
    assert.deepEqual(simplifyFilter(anyOf(values.map((value) => equal("a", value)))).should, [
      { kind: "match-any", key: "a", values },
    ]);
    const nested = values.map(
      (value): Condition => ({ kind: "nested", key: "list", filter: { ...emptyFilter, must: [equal("x", value)] } }),
    );
    assert.deepEqual(simplifyFilter(anyOf(nested)).should, [
      { kind: "nested", key: "list", filter: anyOf([{ kind: "match-any", key: "x", values }]) },
    ]);
  });

  it("keeps an alternative that nothing satisfies", () => {
    const never: Condition = { kind: "has-id", ids: [] };
    const { should } = simplifyFilter(anyOf([never, { kind: "filter", filter: anyOf([never]) }]));
    assert.deepEqual(should, [never]);
  });

  it("takes no longer the deeper filters stand in each other", () => {
    let filter = anyOf([equal("a", 1), equal("b", 2)]);
    for (let depth = 0; depth < 62; depth++) {
      filter = anyOf([
        { kind: "nested", key: "n", filter },
        { kind: "range", key: `r${depth}`, gt: 0 },
      ]);
    }
    let levels = 0;
    for (let at: Filter | undefined = simplifyFilter(filter); at !== undefined; levels++) {
      at = at.should.flatMap((one) => (one.kind === "nested" ? [one.filter] : []))[0];
    }
    assert.equal(levels, 63);
  });
});
