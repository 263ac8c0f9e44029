import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../payload/json.js";
import { Meter } from "../sliced.js";
import { compileFormula } from "./evaluate.js";
import { formulaDepthMax, formulaExpressionsMax } from "./formula-limits.js";
import { parseFormula } from "./parse-formula.js";

const payload = {
  n: 3,
  list: [1, 2],
  one: [7],
  tag: "red",
  nothing: null,
  when: "2024-01-01T00:00:10Z",
  place: { lon: 13.4, lat: 52.5 },
  deep: { n: 1.5 },
  big: 2n ** 60n,
};

function evaluate(formula: unknown, defaults: JsonObject = {}, scores: readonly number[] = [0.5, 2]): number {
  const compiled = compileFormula(parseFormula(formula, defaults, "formula"), new Meter());
  return compiled({ id: 1, payload, hasVector: (name) => name === "", scoreOf: (prefetch) => scores[prefetch] });
}

describe("a formula", () => {
  test("adds, multiplies and the like", () => {
    assert.equal(evaluate(4.5), 4.5);
    assert.equal(evaluate({ sum: [1, 2, { mult: [3, 4] }] }), 15);
    assert.equal(evaluate({ sum: [] }), 0);
    assert.equal(evaluate({ mult: [] }), 1);
    assert.equal(evaluate({ neg: 3 }), -3);
    assert.equal(evaluate({ abs: { neg: 3 } }), 3);
    assert.equal(evaluate({ div: { left: 1, right: 4 } }), 0.25);
    assert.equal(evaluate({ div: { left: 1, right: 0, by_zero_default: 9 } }), 9);
    assert.equal(evaluate({ div: { left: 0, right: 0 } }), 0);
    assert.equal(evaluate({ sqrt: 9 }), 3);
    assert.equal(evaluate({ pow: { base: 2, exponent: 10 } }), 1024);
    assert.equal(evaluate({ exp: 0 }), 1);
    assert.equal(evaluate({ log10: 1000 }), Math.log10(1000));
    assert.equal(evaluate({ ln: Math.E }), 1);
  });

  test("has scores, numbers of the payload, dates, places and conditions as variables", () => {
    assert.equal(evaluate("$score"), 0.5);
    assert.equal(evaluate("$score[0]"), 0.5);
    assert.equal(evaluate("$score[1]"), 2);
    assert.equal(evaluate("$score[2]"), 0);
    assert.equal(evaluate("$score[2]", { "$score[2]": 8 }), 8);
    assert.equal(evaluate("$score", { $score: 8 }, []), 8);
    assert.equal(evaluate("n"), 3);
    assert.equal(evaluate("one"), 7);
    assert.equal(evaluate("big"), 2 ** 60);
    assert.equal(evaluate("deep.n"), 1.5);
    assert.equal(evaluate("missing", { missing: 6 }), 6);
    assert.equal(evaluate("nothing", { nothing: 6 }), 6);
    assert.equal(evaluate({ datetime: "2024-01-01" }), 1_704_067_200);
    assert.equal(evaluate({ datetime_key: "when" }), 1_704_067_210);
    assert.equal(evaluate({ datetime_key: "later" }, { later: "1970-01-01T00:01Z" }), 60);
    const berlin = evaluate({ geo_distance: { origin: { lon: 2.35, lat: 48.85 }, to: "place" } });
    assert.ok(Math.abs(berlin - 878_000) < 2_000, `${berlin} m from Paris to Berlin`);
    const there = { there: { lon: 2.35, lat: 48.85 } };
    assert.equal(evaluate({ geo_distance: { origin: there.there, to: "there" } }, there), 0);
    assert.equal(evaluate({ key: "tag", match: { value: "red" } }), 1);
    assert.equal(evaluate({ mult: [5, { must_not: [{ key: "tag", match: { value: "red" } }] }] }), 0);
    assert.equal(evaluate({ has_vector: "" }), 1);
  });

  test("lets what is far count less", () => {
    const decay = (kind: string, more: object = {}) => evaluate({ [kind]: { x: "n", ...more } });
    assert.equal(decay("lin_decay"), 0);
    assert.equal(decay("lin_decay", { scale: 6 }), 0.75);
    assert.equal(decay("lin_decay", { scale: 10, target: 8, midpoint: 0.2 }), 1 - 0.08 * 5);
    assert.equal(Math.fround(decay("exp_decay", { scale: 3 })), 0.5);
    assert.equal(decay("exp_decay", { target: "n" }), 1);
    assert.equal(Math.fround(decay("gauss_decay", { scale: 3 })), 0.5);
    assert.ok(Math.abs(decay("gauss_decay", { scale: 3, target: 9 }) - 0.5 ** 4) < 1e-12);
  });

  test("is refused where it has no number", () => {
    const failures: readonly (readonly [unknown, RegExp])[] = [
      [
        "missing",
        /^Expected number value for missing in the payload and\/or in the formula defaults\. Error: No value/,
      ],
      ["nothing", /No value found in a payload nor defaults$/],
      ["tag", /^Expected number value for tag .*Error: Value is not a number$/],
      ["list", /Value is not a number$/],
      [{ datetime_key: "n" }, /Value is not a datetime$/],
      [{ geo_distance: { origin: { lon: 0, lat: 0 }, to: "n" } }, /Value is not a geo point$/],
      [{ div: { left: 1, right: 0 } }, /^The expression 1\/0 produced a non-finite number$/],
      [{ sqrt: -1 }, /^The expression √-1 produced a non-finite number$/],
      [{ ln: 0 }, /^The expression ln\(0\) produced/],
      [{ log10: -1 }, /^The expression log10\(-1\) produced/],
      [{ exp: 1_000 }, /^The expression exp\(1000\) produced/],
      [{ pow: { base: -8, exponent: 0.5 } }, /^The expression -8\^0\.5 produced/],
    ];
    for (const [formula, message] of failures) assert.throws(() => evaluate(formula), { code: "wrong-input", message });
    // what is multiplied by 0 is not asked for
    assert.equal(evaluate({ mult: [0, "missing"] }), 0);
    assert.throws(() => evaluate("$score", { $score: "a" }), { code: "wrong-input" });
  });

  test("of another shape is refused, naming the place", () => {
    const failures: readonly (readonly [unknown, string, RegExp])[] = [
      [undefined, "formula", /^formula: an object is expected$/],
      [{ sum: 1 }, "formula.sum", /an array is expected/],
      [{ sum: [1, true] }, "formula.sum[1]", /an object is expected/],
      [{ sum: [1], mult: [2] }, "formula", /exactly one of/],
      [{ neg: { abs: [] } }, "formula.neg.abs", /an object is expected/],
      [{ odd: 1 }, "formula.odd", /unknown field/],
      [{ key: "a", match: { odd: 1 } }, "formula.match.odd", /^formula\.match\.odd: /],
      ["$rank", "formula", /Invalid variable: \$rank/],
      ["a..b", "formula", /Invalid json path/],
      [Number.POSITIVE_INFINITY, "formula", /a finite number/],
      [{ div: { left: 1 } }, "formula.div.right", /an object is expected/],
      [{ datetime: "soon" }, "formula.datetime", /a datetime is expected/],
      [{ lin_decay: { x: 1, scale: 0 } }, "formula.lin_decay.scale", /value 0 invalid, must be larger than 0/],
      [{ exp_decay: { x: 1, midpoint: 1 } }, "formula.exp_decay.midpoint", /value 1 invalid, must be between 0 and 1/],
      [{ gauss_decay: {} }, "formula.gauss_decay.x", /an object is expected/],
    ];
    for (const [formula, field, message] of failures) {
      assert.throws(
        () => parseFormula(formula, {}, "formula"),
        (error: { field?: string; message: string }) => {
          assert.match(error.message, message);
          assert.equal(error.field, field);
          return true;
        },
      );
    }
  });

  test("has a bound on depth and size", () => {
    const deep = Array.from({ length: formulaDepthMax }).reduce((inner) => ({ neg: inner }), 1);
    assert.throws(() => parseFormula(deep, {}, "formula"), { code: "validation" });
    const wide = { sum: Array.from({ length: formulaExpressionsMax }, () => 1) };
    assert.throws(() => parseFormula(wide, {}, "formula"), { code: "validation" });
    const own = JSON.parse('{"__proto__": {"neg": 1}}') as unknown;
    assert.throws(() => parseFormula(own, {}, "formula"), { code: "format" });
    assert.throws(() => evaluate("constructor"), { code: "wrong-input" });
  });
});
