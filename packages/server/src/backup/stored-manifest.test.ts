import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { parseStoredManifest, type StoredManifest } from "./stored-manifest.js";

const manifest: StoredManifest = {
  format: 3,
  name: "20261125T174653123Z-5",
  version: "0.1.0",
  created: "2026-11-25T17:46:53.123Z",
  ms: 12,
  contents: { replica_id: 5, position: 7, catalogue_heads: ["a"], collections: [] },
  clock: { wall_ms: 1, counter: 0 },
  schema: { version: 7, applicationId: 1, tables: [{ name: "a", sql: "CREATE TABLE a (b)" }], indexes: [] },
  tables: [{ name: "a", rows: 1, index: [["0".repeat(64), 40]] }],
  parts: 2,
  bytes: 100,
  sent: { parts: 2, bytes: 80 },
};

/** The places in a value, as paths. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...path, key]))];
}

function withAt(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = withAt(copy[key], rest, other);
  return copy;
}

describe("the manifest of a backup in parts", () => {
  it("is read as it was written, and whatever else stands there is taken or refused in words", () => {
    assert.deepEqual(parseStoredManifest(JSON.stringify(manifest), "m", undefined), { manifest, keys: undefined });
    fc.assert(
      fc.property(fc.constantFrom(...pathsOf(manifest)), fc.jsonValue(), (path, other) => {
        try {
          parseStoredManifest(JSON.stringify(withAt(manifest, path, other)), "m", undefined);
        } catch (error) {
          assert.ok(error instanceof MurmurationError && /^(corrupt|forbidden)$/.test(error.code), String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});
