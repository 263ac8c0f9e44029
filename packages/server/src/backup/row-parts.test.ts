import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LogRow } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { PartCodec } from "./part-codec.js";
import { IndexBuilder, indexEntries } from "./part-index.js";
import { rowParts, rowsOf } from "./row-parts.js";

const corrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";
const codec = new PartCodec(undefined);
const row = (key: number, bytes: number, fill = key): LogRow => ({ key: [key], bytes: Buffer.alloc(bytes, fill) });
const namesOf = (table: string, rows: readonly LogRow[]) =>
  Array.from(rowParts(table, rows), ({ bytes }) => codec.nameOf(bytes));

describe("rows in parts", () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => row(i * 2, 60 + (i % 7)));

  it("change one part each, and move no other, where rows come, go and change", () => {
    const before = new Set(namesOf("points", rows));
    assert.ok(before.size > 50, `${before.size} parts`);
    for (const [what, other] of [
      ["another", rows.toSpliced(9_000, 0, row(18_001, 80))],
      ["one less", rows.toSpliced(9_000, 1)],
      ["changed", rows.with(9_000, row(18_000, 66, 1))],
      ["longer", rows.with(9_000, row(18_000, 300))],
      ["at the end", [...rows, row(1_000_001, 66)]],
    ] as const) {
      const added = namesOf("points", other).filter((name) => !before.has(name));
      // a cut that was too near before it may be one now
      assert.ok(added.length >= 1 && added.length <= 4, `${what}: ${added.length} of ${before.size}`);
    }
  });

  it("come back as they went in, and nothing else is taken for rows", () => {
    const list = fc.array(fc.uint8Array({ maxLength: 5_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(list, fc.constantFrom("points", "operations"), (values, table) => {
        const parts = [
          ...rowParts(
            table,
            values.map((bytes, i) => ({ key: [i], bytes })),
          ),
        ];
        const back = parts.flatMap(({ bytes }) => rowsOf(bytes).map((one) => Buffer.from(one)));
        assert.deepEqual(
          back,
          values.map((one) => Buffer.from(one)),
        );
        for (const part of parts) assert.equal(rowsOf(part.bytes).length, part.rows);
      }),
      { numRuns: 50 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          assert.equal(
            rowsOf(bytes).reduce((sum, one) => sum + one.length + 4, 0),
            bytes.length,
          );
        } catch (error) {
          assert.ok(corrupt(error));
        }
      }),
    );
  });

  it("are listed in an index that changes where they do", () => {
    const entries = Array.from({ length: 5_000 }, (_, i) => ({
      name: codec.nameOf(Buffer.from([i, i >> 8])),
      rows: i,
      bytes: 2 * i,
    }));
    const indexOf = (of: typeof entries) => {
      const builder = new IndexBuilder();
      return [...of.map((one) => builder.add(one)), builder.end()].filter((part) => part !== undefined);
    };
    const parts = indexOf(entries);
    assert.ok(parts.length > 4, `${parts.length} parts`);
    assert.deepEqual(parts.flatMap(indexEntries), entries);
    const names = new Set(parts.map((part) => codec.nameOf(part)));
    const changed = indexOf(entries.toSpliced(2_000, 1)).filter((part) => !names.has(codec.nameOf(part)));
    assert.ok(changed.length <= 2, `${changed.length}`);
    assert.throws(() => indexEntries(Buffer.alloc(41)), corrupt);
    assert.throws(() => indexEntries(Buffer.alloc(40, 255)), corrupt);
  });

  it("are packed where it saves something, and open as nothing but what they are named by", () => {
    const text = Buffer.from("the same again ".repeat(500));
    const name = codec.nameOf(text);
    const stored = codec.seal(name, text);
    assert.ok(stored.length < 200);
    assert.deepEqual(Buffer.from(codec.open(name, stored, text.length)), text);
    assert.throws(() => codec.open(name, stored, text.length - 1), corrupt);
    assert.throws(() => codec.open(codec.nameOf(Buffer.of(1)), stored, text.length), corrupt);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        assert.throws(() => codec.open(name, bytes, text.length), corrupt);
      }),
    );
  });
});
