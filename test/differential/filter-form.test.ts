import assert from "node:assert/strict";
import { test } from "node:test";
import { readFilter, writeFilter } from "@murmuration/dashboard";
import { parseFilter } from "@murmuration/index";
import fc from "fast-check";
import { filter } from "./filter-arbitraries.js";

test("a filter that goes through the dashboard's form means to the server what it meant before", () => {
  fc.assert(
    fc.property(filter, (given) => {
      const text = JSON.stringify(given);
      const read = readFilter(text);
      assert.ok("draft" in read, JSON.stringify(read));
      const { json, problems } = writeFilter(read.draft);
      assert.deepEqual(problems, []);
      assert.deepEqual(parseFilter(json, "filter"), parseFilter(JSON.parse(text), "filter"));
      assert.ok(!JSON.stringify(read.draft).includes('"kind":"json"'), "every condition has a form");
    }),
    { numRuns: 300 },
  );
});
