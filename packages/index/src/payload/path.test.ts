import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MurmurationError } from "../errors.js";
import type { Json, Payload } from "./json.js";
import { parsePath, standingAt, valuesAt } from "./path.js";
import { pathLengthMax } from "./payload-limits.js";

const payload: Payload = {
  a: { b: 1, list: [1, [2, 3], null] },
  cities: [{ name: "Oslo", sights: ["a", "b"] }, { name: "Rome" }, "no object"],
  "quoted.key": { x: true },
  empty: [],
  nothing: null,
};

function at(path: string): Json[] {
  return valuesAt(payload, parsePath(path));
}

describe("parsePath", () => {
  it("reads keys, quoted keys, single elements and all elements", () => {
    assert.deepEqual(parsePath('a."b.c"[3].d[]').steps, [
      { kind: "key", key: "a" },
      { kind: "key", key: "b.c" },
      { kind: "index", index: 3 },
      { kind: "key", key: "d" },
      { kind: "each" },
    ]);
  });

  it("refuses what is no path with a format error that names the field", () => {
    for (const text of [
      "",
      ".a",
      "a.",
      "a..b",
      "[0]",
      "[]",
      "a[",
      "a[-1]",
      "a[x]",
      'a"b"',
      '"a',
      "a]",
      "a[0]b",
      "x".repeat(pathLengthMax + 1),
    ]) {
      assert.throws(
        () => parsePath(text, "filter.must[0].key"),
        (error) => error instanceof MurmurationError && error.code === "format" && error.field === "filter.must[0].key",
        `path ${text}`,
      );
    }
  });

  it("still reads paths after more of them than it remembers", () => {
    for (let i = 0; i < 3_000; i++) parsePath(`key${i}`);
    assert.deepEqual(parsePath("key0").steps, [{ kind: "key", key: "key0" }]);
  });
});

describe("valuesAt", () => {
  it("counts an array at the end as its elements, one level deep", () => {
    assert.deepEqual(at("a.b"), [1]);
    assert.deepEqual(at("a.list"), [1, [2, 3], null]);
    assert.deepEqual(at("a.list[]"), [1, 2, 3, null]);
    assert.deepEqual(at("a.list[1]"), [2, 3]);
  });

  it("goes into arrays only where the path says so", () => {
    assert.deepEqual(at("cities[].name"), ["Oslo", "Rome"]);
    assert.deepEqual(at("cities[].sights"), ["a", "b"]);
    assert.deepEqual(at("cities[1].name"), ["Rome"]);
    assert.deepEqual(at("cities.name"), []);
    assert.deepEqual(at("a[].b"), []);
    assert.deepEqual(at("a.list[9]"), []);
  });

  it("tells missing, null and the empty array apart where values are kept whole", () => {
    assert.deepEqual(standingAt(payload, parsePath("missing")), []);
    assert.deepEqual(standingAt(payload, parsePath("nothing")), [null]);
    assert.deepEqual(standingAt(payload, parsePath("empty")), [[]]);
    assert.deepEqual(at("empty"), []);
  });

  it("reads own keys only", () => {
    for (const path of ["__proto__", "constructor", "a.toString", "constructor.name"]) assert.deepEqual(at(path), []);
    const own = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as Payload;
    assert.deepEqual(valuesAt(own, parsePath("__proto__.x")), [1]);
    assert.deepEqual(valuesAt(own, parsePath("constructor")), [2]);
  });
});
