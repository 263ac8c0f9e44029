import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { digested, placeAmong } from "./secrets.js";

const source = fileURLToPath(new URL("../../src", import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !/\.test(-support)?\.ts$|^testing\//.test(name))
  .map((name) => ({ name, text: readFileSync(join(source, name), "utf8") }));
const filesWith = (pattern: RegExp) => files.filter(({ text }) => pattern.test(text)).map(({ name }) => name);

describe("secrets", () => {
  it("are known whole, wherever they stand among others, and not in part", () => {
    const kept = ["a", "b", "c"].map(digested);
    for (const [at, one] of ["a", "b", "c"].entries()) assert.equal(placeAmong(kept, digested(one)), at);
    for (const other of ["", "A", "ab", "d"]) assert.equal(placeAmong(kept, digested(other)), -1);
    assert.equal(placeAmong([], digested("a")), -1);
  });

  it("are compared in one place, which takes the same time whatever it is given", () => {
    assert.deepEqual(filesWith(/timingSafeEqual/), ["access/secrets.ts"]);
    assert.deepEqual(filesWith(/\bplaceAmong\b/).sort(), ["access/guard.ts", "access/secrets.ts"]);
  });

  it("are taken from requests in one place, and go nowhere but to be digested", () => {
    assert.deepEqual(filesWith(/\bcredentialOf\b/).sort(), [
      "access/credential.ts",
      "access/guard.ts",
      "access/request-rates.ts",
    ]);
    const reading = filesWith(/headers\[?\.?"?(api-key|authorization)|"api-key": \w+, authorization/);
    // a key for another server, which whoever carries points over has given
    assert.deepEqual(reading.sort(), ["access/credential.ts", "transfer/sources/chroma.ts"]);
  });
});
