import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { MurmurationError, multiVector, sparseVector, type Vector } from "@murmuration/index";
import fc from "fast-check";
import { ByteWriter, parquetWrite } from "hyparquet-writer";
import { printCarried } from "./carried-point.js";
import { shapesOf } from "./collection-body.js";
import { inferLayout } from "./layout.js";
import type { SinkFormat } from "./open-sink.js";
import { sampleOf } from "./plan-import.js";
import { pointOfRow } from "./point-of-row.js";
import type { Source } from "./source.js";
import { openParquet, startParquetReader } from "./sources/parquet.js";
import { openFileSource, TransferFolder, writePoints } from "./transfers.test-support.js";

const plain = { create: { vectors: { size: 3, distance: "Dot" } }, indexes: [] };
const everyKind = {
  create: {
    vectors: { "": { size: 3, distance: "Dot" }, parts: { size: 2, distance: "Dot", multivector_config: {} } },
    sparse_vectors: { words: {} },
  },
  indexes: [],
};
const pointsOf = (withOthers: boolean) =>
  Array.from({ length: 40 }, (_, id) => ({
    id,
    vectors: {
      "": Float32Array.of(id, 0.5, -1),
      ...(withOthers
        ? { parts: multiVector([Float32Array.of(1, id)], "v"), words: sparseVector([id, 100], [0.5, 2], "v") }
        : {}),
    } as { [name: string]: Vector },
    payload: { n: id, text: `wörds 😀 ${id}`, ok: id % 2 === 0, list: [1, null, "x"] },
  }));

/** A table of others: dictionaries, lists, nulls, times, numbers of all kinds, two groups, not packed. */
function parquetOfOthers(): Buffer {
  const of = <T>(value: (i: number) => T) => Array.from({ length: 60 }, (_, i) => value(i));
  const writer = new ByteWriter();
  parquetWrite({
    writer,
    codec: "UNCOMPRESSED",
    rowGroupSize: 40,
    columnData: [
      { name: "id", data: of((i) => `row ${i}`), type: "STRING" },
      { name: "kind", data: of((i) => ["a", "b"][i % 2]), type: "STRING" },
      { name: "n", data: of((i) => (i % 3 === 0 ? null : i)), type: "INT32", nullable: true },
      { name: "big", data: of((i) => 2n ** 53n + BigInt(i)), type: "INT64" },
      { name: "x", data: of((i) => i / 3), type: "DOUBLE" },
      { name: "ok", data: of((i) => i % 2 === 0), type: "BOOLEAN" },
      { name: "at", data: of((i) => new Date(i * 1e9)), type: "TIMESTAMP" },
      { name: "vector", data: of((i) => [i, 1, 2]) },
      { name: "more", data: of((i) => ({ i, l: [i] })), type: "JSON" },
    ],
  });
  return Buffer.from(new Uint8Array(writer.getBuffer()));
}

/** A changed file that is read for ever keeps a core busy until then. To give up one that is only slow is right here too. */
const CHANGED_MS_MAX = 3_000;

/** What happens to a file: a byte becomes another, some are cut out, others come in. */
const change = fc.record({
  how: fc.constantFrom("change", "change", "change", "cut", "put", "end"),
  at: fc.nat(),
  by: fc.integer({ min: 1, max: 255 }),
  length: fc.integer({ min: 1, max: 9 }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(bytes: Buffer, { how, at, by, length }: Change): Buffer {
  // the ends of files say most
  const place = at % 3 === 0 ? bytes.length - 1 - (at % Math.min(bytes.length, 300)) : at % bytes.length;
  if (how === "end") return bytes.subarray(0, place);
  if (how === "cut") return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + length)]);
  if (how === "put") return Buffer.concat([bytes.subarray(0, place), Buffer.alloc(length, by), bytes.subarray(place)]);
  const other = Buffer.from(bytes);
  other[place] = (other[place] as number) ^ by;
  return other;
}

interface Outcome {
  readonly points: number;
  readonly wrongRows: number;
  readonly error: MurmurationError | undefined;
}

const ours = (error: unknown): MurmurationError => {
  if (error instanceof MurmurationError && error.code !== "internal") return error;
  throw error;
};

/** Reads a source as an import does. Every point is what a server can be sent: JSON, of well-formed text, that comes to the same again. */
async function readAsImport(open: () => Promise<Source>): Promise<Outcome> {
  let source: Source | undefined;
  let points = 0;
  let wrongRows = 0;
  try {
    source = await open();
    const sample = await sampleOf(source, 20);
    try {
      const { layout } = inferLayout(sample.fields, { vectors: new Map() }, source.layout);
      const rules = { layout, shapes: shapesOf(source.collection ?? plain), firstId: 0 };
      let rows = 0;
      for await (const row of sample.rows(undefined)) {
        assert.equal(row.next.rows, ++rows);
        try {
          if (row.fault !== undefined) throw row.fault;
          const text = printCarried(pointOfRow(row.fields, row.next.rows - 1, rules));
          assert.ok(text.isWellFormed());
          JSON.parse(text);
          points++;
        } catch (error) {
          ours(error);
          wrongRows++;
        }
      }
    } finally {
      await sample.close();
    }
  } catch (error) {
    return { points, wrongRows, error: ours(error) };
  } finally {
    await source?.close();
  }
  return { points, wrongRows, error: undefined };
}

describe("files in which anything was changed", () => {
  const folder = new TransferFolder();
  const files = new Map<string, Buffer>();

  before(async () => {
    const write = async (name: string, format: SinkFormat, body: typeof plain, withOthers: boolean) => {
      await writePoints(format, folder.file(name), body, pointsOf(withOthers));
      files.set(name, readFileSync(folder.file(name)));
    };
    await write("every.parquet", "parquet", everyKind as never, true);
    await write("every.ndjson", "ndjson", everyKind as never, true);
    for (const format of ["csv", "npy", "fvecs", "usearch"] as const)
      await write(`plain.${format}`, format, plain, false);
    files.set("others.parquet", parquetOfOthers());
    files.set("packed.ndjson.gz", gzipSync(files.get("every.ndjson") as Buffer));
  });
  after(() => folder.remove());

  const open = (path: string) => openFileSource(path);

  test("as they are, each is read whole", async () => {
    for (const [name, bytes] of files) {
      writeFileSync(folder.file(name), bytes);
      const { points, wrongRows, error } = await readAsImport(() => open(folder.file(name)));
      assert.deepEqual([name, points, wrongRows, error], [name, name.startsWith("others") ? 60 : 40, 0, undefined]);
    }
  });

  for (const kind of ["parquet", "ndjson", "csv", "npy", "fvecs", "usearch", "gz"]) {
    test(`.${kind}: rows that can be sent, wrong rows and one error, each in words`, async () => {
      const of = [...files].filter(([name]) => name.endsWith(kind));
      const counts = { whole: 0, wrongRows: 0, errors: 0 };
      const given = fc.record({
        file: fc.constantFrom(...of),
        changes: fc.array(change, { minLength: 1, maxLength: 3 }),
      });
      await fc.assert(
        fc.asyncProperty(given, async ({ file: [name, bytes], changes }) => {
          const path = folder.file(`changed-${name}`, changes.reduce(changed, bytes));
          const { wrongRows, error } = await readAsImport(() => openFileSource(path, {}, CHANGED_MS_MAX));
          if (error !== undefined) counts.errors++;
          else if (wrongRows > 0) counts.wrongRows++;
          else counts.whole++;
        }),
        { numRuns: kind === "parquet" ? 70 : 40 },
      );
      assert.ok(counts.errors > 5, JSON.stringify(counts));
    });
  }

  test("a run of Parquet that says it is longer than any memory ends the process that reads it, and is named", async () => {
    const writer = new ByteWriter();
    const data = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? null : i));
    parquetWrite({ writer, codec: "UNCOMPRESSED", columnData: [{ name: "n", data, type: "INT32", nullable: true }] });
    const bytes = Buffer.from(new Uint8Array(writer.getBuffer()));
    // how many levels are packed, and those; overwritten by a run of 2^31 - 1 times the level 1
    const levels = bytes.indexOf(Buffer.of(0xaa, 0xaa, 0xaa, 0xaa));
    assert.ok(levels > 0, "levels in turns");
    Buffer.of(0xfe, 0xff, 0xff, 0xff, 0x0f, 0x01).copy(bytes, levels - 1);
    const path = folder.file("run.parquet", bytes);
    const small = () => openParquet(path, () => startParquetReader(path, { heapMebibytes: 64, stallMs: 30_000 }));
    const { error } = await readAsImport(small);
    assert.match(error?.message ?? "read", /run\.parquet (?:needs more memory|makes no progress)/);
  });
});
