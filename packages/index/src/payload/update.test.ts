import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isJsonObject, type Json, type JsonObject, type Payload } from "./json.js";
import { type PathStep, parsePath } from "./path.js";
import { compileDeletion, deleteAt, mergePayload, type SetMode, setAt } from "./update.js";

function set(payload: Payload, path: string, patch: JsonObject, mode: SetMode = "merge"): Payload {
  return setAt(payload, parsePath(path), patch, mode);
}

function remove(payload: Payload, path: string): Payload {
  return deleteAt(payload, parsePath(path));
}

describe("setAt", () => {
  it("merges into the object at the path and leaves the given payload as it was", () => {
    const before: Payload = { a: { b: { x: 1, y: 2 } }, c: 1 };
    assert.deepEqual(set(before, "a.b", { y: 3, z: 4 }), { a: { b: { x: 1, y: 3, z: 4 } }, c: 1 });
    assert.deepEqual(before, { a: { b: { x: 1, y: 2 } }, c: 1 });
  });

  it("replaces the object at the path when asked to", () => {
    assert.deepEqual(set({ a: { b: { x: 1 } } }, "a.b", { y: 3 }, "replace"), { a: { b: { y: 3 } } });
  });

  it("makes missing objects and puts them in place of other values", () => {
    assert.deepEqual(set({}, "a.b", { x: 1 }), { a: { b: { x: 1 } } });
    assert.deepEqual(set({ a: 5 }, "a.b", { x: 1 }), { a: { b: { x: 1 } } });
    assert.deepEqual(set({ a: [1] }, "a", { x: 1 }), { a: { x: 1 } });
  });

  it("reaches elements that are there and makes none", () => {
    const list: Payload = { a: [{ x: 1 }, { x: 2 }] };
    assert.deepEqual(set(list, "a[]", { y: 0 }), {
      a: [
        { x: 1, y: 0 },
        { x: 2, y: 0 },
      ],
    });
    assert.deepEqual(set(list, "a[1]", { y: 0 }), { a: [{ x: 1 }, { x: 2, y: 0 }] });
    assert.deepEqual(set(list, "a[7]", { y: 0 }), list);
    assert.deepEqual(set({}, "a[].b", { y: 0 }), { a: [] });
  });
});

describe("mergePayload", () => {
  it("replaces top-level keys whole and removes those that are null in the patch", () => {
    assert.deepEqual(mergePayload({ a: { x: 1 }, b: 2, c: 3 }, { a: { y: 1 }, b: null, d: 4 }), {
      a: { y: 1 },
      c: 3,
      d: 4,
    });
  });
});

describe("deleteAt", () => {
  it("drops keys, also in each element of an array", () => {
    assert.deepEqual(remove({ a: { b: 1, c: 2 } }, "a.b"), { a: { c: 2 } });
    assert.deepEqual(remove({ a: [{ b: 1, c: 2 }, 5, { b: 3 }] }, "a[].b"), { a: [{ c: 2 }, 5, {}] });
    assert.deepEqual(remove({ a: [{ b: 1 }, { b: 3 }] }, "a[1].b"), { a: [{ b: 1 }, {}] });
  });

  it("empties an array and never drops a single element", () => {
    assert.deepEqual(remove({ a: [1, 2] }, "a[]"), { a: [] });
    assert.deepEqual(remove({ a: [1, 2] }, "a[0]"), { a: [1, 2] });
  });

  it("returns an equal payload where the path leads nowhere", () => {
    for (const path of ["x", "a.x", "b.c.d", "a[].x", "constructor"]) {
      assert.deepEqual(remove({ a: { b: 1 }, b: 2 }, path), { a: { b: 1 }, b: 2 });
    }
  });
});

/** What `compileDeletion` does at once, one path after the other. */
function removeOne(value: Json, steps: readonly PathStep[]): Json {
  const [step, ...rest] = steps as [PathStep, ...PathStep[]];
  if (step.kind === "key") {
    if (!isJsonObject(value) || !Object.hasOwn(value, step.key)) return value;
    const entries = Object.entries(value).flatMap(([key, inner]): [string, Json][] => {
      if (key !== step.key) return [[key, inner]];
      return rest.length === 0 ? [] : [[key, removeOne(inner, rest)]];
    });
    return Object.fromEntries(entries);
  }
  if (!Array.isArray(value)) return value;
  if (rest.length === 0) return step.kind === "each" ? [] : value;
  return (value as readonly Json[]).map((element, i) =>
    step.kind === "each" || step.index === i ? removeOne(element, rest) : element,
  );
}

describe("compileDeletion", () => {
  const key = fc.constantFrom("a", "b", "c");
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.integer(),
      fc.array(tie("json"), { maxLength: 3 }),
      fc.dictionary(key, tie("json"), { noNullPrototype: true }),
    ),
  }));
  const step = fc.oneof(
    key.map((name) => `.${name}`),
    fc.constantFrom("[]", "[0]", "[1]"),
  );
  const path = fc.tuple(key, fc.array(step, { maxLength: 3 })).map(([first, rest]) => first + rest.join(""));

  it("does for many paths at once what each does after the other", () => {
    const payload = fc.dictionary(key, json, { noNullPrototype: true });
    fc.assert(
      fc.property(payload, fc.array(path, { maxLength: 6 }), (given, paths) => {
        const before = structuredClone(given);
        const parsed = paths.map((text) => parsePath(text));
        const expected = parsed.reduce<Json>((left, { steps }) => removeOne(left, steps), given);
        assert.deepEqual(compileDeletion(parsed)(given), expected);
        assert.deepEqual(given, before);
      }),
      { numRuns: 2_000 },
    );
  });

  it("keeps what nothing is deleted in, so that nothing is written for it", () => {
    const payload: Payload = { a: { b: 1, c: [1] }, d: [{ e: 1 }], f: [{ e: 1, g: 1 }] };
    const remove = compileDeletion(["a.x", "a.c[].y", "d[].x", "d[0]", "f[0].e"].map((text) => parsePath(text)));
    const after: Payload = remove(payload);
    assert.deepEqual(after, { ...payload, f: [{ g: 1 }] });
    for (const key of ["a", "d"]) assert.equal((after as Payload)[key], payload[key]);
    assert.equal(compileDeletion([parsePath("x")])(payload), payload);
  });

  it("looks through a payload once", () => {
    const count = 50_000;
    const payload: Payload = Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
    let looked = 0;
    const watched = new Proxy(payload as object, {
      ownKeys: (target) => {
        looked++;
        return Reflect.ownKeys(target);
      },
    }) as Payload;
    const paths = Array.from({ length: count - 1 }, (_, i) => parsePath(`k${i}`));
    assert.deepEqual(compileDeletion(paths)(watched), { [`k${count - 1}`]: count - 1 });
    assert.equal(looked, 1);
  });
});

describe("keys with a meaning to JavaScript", () => {
  it("stay ordinary own keys in every update", () => {
    const hostile = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}');
    const results = [
      set({}, "__proto__", { polluted: true }),
      set({}, "a.__proto__.b", { polluted: true }),
      set({}, "constructor.prototype", { polluted: true }),
      set({}, "a", hostile),
      set({}, "a", hostile, "replace"),
      mergePayload({ a: 1 }, hostile),
      mergePayload(hostile, { a: 1 }),
      remove(hostile, "a"),
      remove(hostile, "constructor.prototype"),
      set(hostile, "__proto__", { more: 1 }),
    ];
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    for (const result of results) {
      assert.equal(Object.getPrototypeOf(result), Object.prototype);
      assert.equal((result as { polluted?: boolean }).polluted, undefined);
    }
    assert.match(
      JSON.stringify(set(hostile, "__proto__", { more: 1 })),
      /^\{"__proto__":\{"polluted":true,"more":1\},/,
    );
    assert.equal(JSON.stringify(remove(hostile, "__proto__")), '{"constructor":{"prototype":{"polluted":true}}}');
  });
});
