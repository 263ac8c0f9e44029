import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeToken } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { changeToken } from "./change-token.js";
import { placeOf } from "./stream-place.js";

const collection = { id: "5-12", name: "c" };
const frontiers = fc.dictionary(
  fc.integer({ min: 1, max: 2 ** 24 - 1 }).map(String),
  fc.integer({ min: 1, max: 2 ** 40 - 1 }),
  {
    minKeys: 1,
    maxKeys: 8,
    noNullPrototype: true,
  },
);
const isRefused = (error: unknown) => error instanceof MurmurationError && error.code === "bad-request";

describe("the place at which a stream begins", () => {
  it("is read back from a token as it was, among whatever else the token says", () => {
    fc.assert(
      fc.property(frontiers, frontiers, fc.boolean(), (seen, other, isHeader) => {
        const frontier = new Map(Object.entries(seen).map(([origin, sequence]) => [Number(origin), sequence]));
        const others = new Map(Object.entries(other).map(([origin, sequence]) => [Number(origin), sequence]));
        const token = encodeToken(
          new Map([
            [collection.id, frontier],
            ["system", others],
          ]),
        );
        const place = isHeader ? placeOf("start", token, collection) : placeOf(token, undefined, collection);
        assert.deepEqual(place, { kind: "after", frontier });
      }),
    );
  });

  it("is read back from the id of an event, also where nothing was seen", () => {
    fc.assert(
      fc.property(fc.option(frontiers, { nil: {} }), (seen) => {
        const frontier = new Map(Object.entries(seen).map(([origin, sequence]) => [Number(origin), sequence]));
        const token = changeToken(collection.id, frontier);
        assert.deepEqual(placeOf("now", token, collection), { kind: "after", frontier });
        assert.throws(() => placeOf(token, undefined, { id: "5-13", name: "d" }), /says nothing of collection d/);
      }),
    );
  });

  it("is one of three words without a token, and the last event's id goes before them", () => {
    assert.deepEqual(placeOf(undefined, undefined, collection), { kind: "now" });
    assert.deepEqual(placeOf("now", "", collection), { kind: "now" });
    assert.deepEqual(placeOf("start", undefined, collection), { kind: "start" });
    assert.deepEqual(placeOf("snapshot", undefined, collection), { kind: "snapshot" });
    assert.throws(() => placeOf("now", "start", collection), isRefused);
    assert.throws(() => placeOf(undefined, ["a", "b"], collection), isRefused);
  });

  it("is refused in words for anything else", () => {
    const token = encodeToken(new Map([[collection.id, new Map([[1, 2]])]]));
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.base64String({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString("base64url")),
      fc
        .tuple(fc.nat(token.length - 1), fc.base64String({ minLength: 4, maxLength: 4 }))
        .map(([at, text]) => token.slice(0, at) + text + token.slice(at + 1)),
      fc.nat(token.length - 1).map((end) => token.slice(0, end)),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        fc.pre(text !== "" && text !== "now" && text !== token);
        assert.throws(() => placeOf("now", text, collection), isRefused);
      }),
    );
    const other = encodeToken(new Map([["5-13", new Map([[1, 2]])]]));
    assert.throws(() => placeOf(other, undefined, collection), /says nothing of collection c/);
    assert.throws(() => placeOf(encodeToken(new Map()), undefined, collection), /says nothing of collection c/);
  });
});
