import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import {
  decodeImage,
  encodeImage,
  normalise,
  RowSet,
  readUsearchFile,
  type SearchOptions,
  VectorIndex,
  type VectorIndexOptions,
  validateGraph,
  writeUsearchFile,
} from "@murmuration/index";
import { Index, MetricKind, ScalarKind } from "usearch";
import { readWords } from "../support/words.js";

const QUERIES = 200;
const LIMIT = 10;
const words = readWords();
const { dimensions } = words;
const COUNT = words.count - QUERIES;

/** A direction for a reflection: distances stay, but the vectors are no longer the int8 codes that the fixture stores. */
const mirror = normalise(Float32Array.from({ length: dimensions }, (_, i) => 1 + ((i * 37) % 11)));
function rowOf(row: number): Float32Array {
  const vector = words.vectors.subarray(row * dimensions, (row + 1) * dimensions);
  const along = vector.reduce((sum, x, i) => sum + x * (mirror[i] as number), 0);
  return vector.map((x, i) => x - 2 * along * (mirror[i] as number));
}
/** Every 50th word is a query: frequent ones and rare ones. */
const isQuery = (row: number) => row % 50 === 17;
const rows = Array.from({ length: words.count }, (_, row) => row);
const base = rows.filter((row) => !isQuery(row)).map((row) => normalise(rowOf(row)));
const queries = rows.filter(isQuery).map((row) => normalise(rowOf(row)));

function build(changes: Partial<VectorIndexOptions>): VectorIndex {
  const index = new VectorIndex({
    dimensions,
    metric: "cosine",
    links: 16,
    efConstruction: 128,
    quantization: "int8",
    ...changes,
  });
  for (const [i, vector] of base.entries()) {
    const dot = { origin: 1, sequence: i + 1 };
    index.reader.show(index.apply(dot, vector, index.plan(dot, vector)));
  }
  return index;
}

const truths = new Map<string, readonly Uint32Array[]>();
function recall(index: VectorIndex, options: Omit<SearchOptions, "limit">, own: string): number {
  const truth =
    truths.get(own) ??
    index.reader
      .searchExactly(Float32Array.from(queries.flatMap((query) => [...query])), LIMIT)
      .map(({ slots }) => slots);
  truths.set(own, truth);
  const found = queries.map((query) => index.reader.search(query, { limit: LIMIT, ...options }).slots);
  return (
    found.reduce((sum, slots, i) => sum + slots.filter((slot) => truth[i]?.includes(slot)).length, 0) /
    (QUERIES * LIMIT)
  );
}

for (const [metric, quantization, wanted] of [
  ["cosine", "int8", [0.97, 0.99, 0.995]],
  ["cosine", "none", [0.97, 0.99, 0.995]],
  ["euclid", "int8", [0.97, 0.99, 0.995]],
  ["manhattan", "none", [0.96, 0.99, 0.995]],
] as const) {
  test(`real words, ${metric} on ${quantization}: recall at 10 rises with the pool`, (t) => {
    const index = build({ metric, quantization });
    const report = validateGraph(index.reader);
    assert.deepEqual(report.violations, []);
    assert.ok(report.unreachable <= COUNT / 1000, `${report.unreachable} words are out of reach`);
    const recalls = [32, 96, 192].map((efSearch) => recall(index, { efSearch }, metric));
    t.diagnostic(
      `recall@10 at ef 32, 96, 192: ${recalls.map((r) => r.toFixed(4)).join(" ")}; unreachable ${report.unreachable}`,
    );
    for (const [i, r] of recalls.entries()) assert.ok(r >= (wanted[i] as number), `${recalls}`);
  });
}

test("real words: ranking by f32 again is worth its depth", (t) => {
  const index = build({});
  const without = recall(index, { efSearch: 192, rescore: false }, "cosine");
  const withIt = recall(index, { efSearch: 192 }, "cosine");
  t.diagnostic(`by codes alone ${without.toFixed(4)}, ranked again ${withIt.toFixed(4)}`);
  assert.ok(withIt > without && without > 0.85, `${without} and ${withIt}`);
});

test("real words: filters keep the recall at every selectivity", (t) => {
  const index = build({});
  const recalls: string[] = [];
  for (const share of [0.5, 0.1, 0.05, 0.01, 0.001]) {
    const step = Math.round(1 / share);
    const allowed = new RowSet(Array.from({ length: Math.ceil(COUNT / step) }, (_, i) => i * step));
    const queriesFlat = Float32Array.from(queries.flatMap((query) => [...query]));
    const truth = index.reader.searchExactly(queriesFlat, LIMIT, allowed);
    let hits = 0;
    for (const [i, query] of queries.entries()) {
      const { slots } = index.reader.search(query, { limit: LIMIT, efSearch: 96, allowed });
      assert.equal(slots.length, Math.min(LIMIT, allowed.size));
      hits += slots.filter((slot) => truth[i]?.slots.includes(slot)).length;
    }
    const mean = hits / truth.reduce((sum, { slots }) => sum + slots.length, 0);
    recalls.push(`${share}: ${mean.toFixed(4)}`);
    assert.ok(mean >= 0.98, `${mean} at ${share}`);
  }
  t.diagnostic(recalls.join("  "));
});

test("real words: a graph goes to usearch and comes back with its recall", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "words-usearch-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const open = (efSearch: number) =>
    new Index({
      dimensions,
      metric: MetricKind.IP,
      quantization: ScalarKind.F32,
      connectivity: 16,
      expansion_add: 128,
      expansion_search: efSearch,
      multi: false,
    });
  const theirRecall = (index: Index, truth: readonly Uint32Array[]) =>
    queries.reduce((sum, query, i) => {
      const found = Array.from(index.search(query, LIMIT, 1).keys, Number);
      return sum + found.filter((key) => truth[i]?.includes(key)).length;
    }, 0) /
    (QUERIES * LIMIT);

  const ours = build({ quantization: "none" });
  const path = join(folder, "ours.usearch");
  writeFileSync(path, Buffer.concat([...writeUsearchFile(ours.reader, BigInt)]));
  const ourRecall = recall(ours, { efSearch: 64 }, "cosine");
  const truth = truths.get("cosine") as readonly Uint32Array[];
  for (const how of ["load", "view"] as const) {
    const opened = open(64);
    opened[how](path);
    const theirs = theirRecall(opened, truth);
    t.diagnostic(`our graph, ${how}: usearch ${theirs.toFixed(4)}, ours ${ourRecall.toFixed(4)}`);
    assert.ok(theirs > ourRecall - 0.01);
  }

  const native = open(64);
  native.add(BigUint64Array.from(base.keys(), BigInt), Float32Array.from(base.flatMap((vector) => [...vector])), 1);
  const saved = join(folder, "theirs.usearch");
  native.save(saved);
  const bytes = new Uint8Array(readFileSync(saved));
  const started = performance.now();
  const read = readUsearchFile([bytes], { origin: 2, efConstruction: 128, quantization: "none", metric: "cosine" });
  const took = performance.now() - started;
  const hits = queries.reduce((sum, query, i) => {
    const { slots } = read.index.reader.search(query, { limit: LIMIT, efSearch: 64 });
    return sum + slots.filter((slot) => truth[i]?.includes(Number(read.keys[slot]))).length;
  }, 0);
  const [imported, theirs] = [hits / (QUERIES * LIMIT), theirRecall(native, truth)];
  t.diagnostic(
    `their graph: read in ${took.toFixed(0)} ms, ${read.droppedLinks} links dropped, ${read.addedLinks} added; ours ${imported.toFixed(4)}, usearch ${theirs.toFixed(4)}`,
  );
  assert.ok(imported > theirs - 0.01);
  assert.deepEqual(validateGraph(read.index.reader).violations, []);
});

test("real words: an image gives the same graph back", () => {
  const index = build({});
  const bytes = new Uint8Array(Buffer.concat(encodeImage(index, "words")));
  let at = 0;
  const { index: copy } = decodeImage(index.options, (target) => {
    target.set(bytes.subarray(at, at + target.length));
    at += target.length;
    return at <= bytes.length;
  });
  assert.equal(copy.digest(), index.digest());
});
