import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { href, matchPath, placeOf } from "./route.js";

test("a link leads to the parameters that it was made of, whatever they hold", () => {
  const text = fc.string({ unit: "binary", minLength: 1 }).map((one) => one.toWellFormed());
  fc.assert(
    fc.property(text, text, text, (collection, id, filter) => {
      const link = href("/collections/:collection/points/:id", { collection, id }, { filter });
      const { path, query } = placeOf(link);
      assert.deepEqual({ ...matchPath("/collections/:collection/points/:id", path) }, { collection, id });
      assert.equal(query.get("filter"), filter);
    }),
  );
});

test("a path that is of no pattern, or is not well escaped, has no parameters", () => {
  assert.equal(matchPath("/collections/:collection", "/regions"), undefined);
  assert.equal(matchPath("/collections/:collection", "/collections/%E0%A4%A"), undefined);
  assert.deepEqual(matchPath("/regions", "/regions/"), {});
  assert.deepEqual(placeOf("").path, "/");
});
