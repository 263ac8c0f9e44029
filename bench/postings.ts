import {
  bm25Document,
  Columns,
  createSegment,
  createSpace,
  type Payload,
  type PayloadIndexSchema,
  readBm25,
  type SparseVector,
  spaceUse,
  textAnalyzer,
  textParametersOf,
} from "@murmuration/index";
import { readGlosses } from "./glosses.js";
import { type Benchmark, type BenchRow, cpuSeconds, progressBar } from "./harness.js";
import { fractionOf, integerBelow } from "./random.js";

const POINTS = 100_000;
const QUICK_POINTS = 20_000;
const GROUP = 1_000;
const FIELD = "field";
/** Purposes of random numbers that no other benchmark has. */
const [VALUE, PLACE] = [80, 81];

interface Kind {
  readonly what: string;
  readonly schema: PayloadIndexSchema;
  readonly value: (row: number) => unknown;
}

const hex = (row: number, digits: number): string => row.toString(16).padStart(digits, "0");

/** What is indexed, as people have it: a value of its own in each point where nothing else is said. */
function kindsOf(texts: readonly string[]): readonly Kind[] {
  const text = (row: number): string | undefined => texts[row];
  return [
    {
      what: "keyword, 100 values",
      schema: { kind: "keyword" },
      value: (row) => `tag-${integerBelow(100, row, VALUE)}`,
    },
    { what: "keyword, one value each", schema: { kind: "keyword" }, value: (row) => `user-${row}` },
    { what: "integer, look-up and range", schema: { kind: "integer" }, value: (row) => row },
    { what: "integer, range alone", schema: { kind: "integer", lookup: false }, value: (row) => row },
    { what: "float", schema: { kind: "float" }, value: (row) => fractionOf(row, VALUE) },
    { what: "bool", schema: { kind: "bool" }, value: (row) => fractionOf(row, VALUE) < 0.3 },
    {
      what: "datetime",
      schema: { kind: "datetime" },
      value: (row) => new Date(1_700_000_000_000 + row * 61_000).toISOString(),
    },
    { what: "uuid", schema: { kind: "uuid" }, value: (row) => `6ba7b810-9dad-41d1-80b4-${hex(row, 12)}` },
    {
      what: "geo",
      schema: { kind: "geo" },
      value: (row) => ({ lon: 360 * fractionOf(row, VALUE) - 180, lat: 170 * fractionOf(row, PLACE) - 85 }),
    },
    { what: "text", schema: { kind: "text" }, value: text },
    { what: "text, with phrases", schema: { kind: "text", parameters: { phrase_matching: true } }, value: text },
  ];
}

/** Bytes and processor time that a payload index takes. */
function measureColumn({ schema, value }: Kind, points: number): { readonly bytes: number; readonly seconds: number } {
  const segment = createSegment({ capacity: points + 2, slots: [points + 2] });
  const columns = new Columns(segment.engine);
  const stamp = { wallMs: 1, counter: 0, origin: 1 };
  for (let from = 0; from < points; from += GROUP) {
    segment.prepare(
      Array.from({ length: Math.min(GROUP, points - from) }, (_, i) => {
        const id = from + i;
        return { kind: "put" as const, id, payloadKey: id, stamp, version: id, slots: [id] };
      }),
    );
    segment.publish();
  }
  const { rows } = segment.reader;
  const before = columns.bytesInUse;
  const start = cpuSeconds();
  const made = columns.create(FIELD, schema);
  for (const _ of columns.build(made, (row) => ({ [FIELD]: value(rows.payloadKeyAt(row)) }) as Payload));
  segment.prepare([]);
  columns.show(made);
  segment.publish();
  columns.published();
  return { bytes: columns.bytesInUse - before, seconds: cpuSeconds() - start };
}

/** The same of sparse vectors by bm25, with all that belongs to them. */
function measureSparse(texts: readonly string[]) {
  const bm25 = readBm25({}, "");
  const space = createSpace({ kind: "sparse", modifier: "idf" });
  let [seconds, postings] = [0, 0];
  for (let from = 0; from < texts.length; from += GROUP) {
    const vectors: SparseVector[] = texts.slice(from, from + GROUP).map((text) => bm25Document(text, bm25));
    const start = cpuSeconds();
    for (const [i, vector] of vectors.entries()) {
      space.insert({ origin: 1, sequence: from + i + 1 }, vector, new Uint8Array(0), new Map());
      postings += vector.values.length;
    }
    space.published();
    seconds += cpuSeconds() - start;
  }
  return { bytes: spaceUse(space.handle(), 1).bytes, seconds, postings };
}

/** What payload indexes of each kind and sparse vectors take in memory. */
export const postingsBenchmark: Benchmark = {
  name: "postings",
  summary: "bytes a point of each kind of payload index and of sparse vectors, and a posting of those that have terms",
  run({ quick, points = quick ? QUICK_POINTS : POINTS }) {
    const texts = readGlosses().texts.slice(0, points);
    const kinds = kindsOf(texts);
    const bar = progressBar("measuring", kinds.length + 1);
    const rows: BenchRow[] = [];
    const rowOf = (what: string, bytes: number, seconds: number, postings?: number): BenchRow => ({
      index: what,
      bytes_a_point: bytes / points,
      ...(postings === undefined ? {} : { postings_a_point: postings / points, bytes_a_posting: bytes / postings }),
      us_a_point: (seconds / points) * 1e6,
    });
    for (const kind of kinds) {
      const { bytes, seconds } = measureColumn(kind, points);
      let postings: number | undefined;
      if (kind.schema.kind === "text") {
        const analyzer = textAnalyzer(textParametersOf(kind.schema));
        postings = texts.reduce((sum, text) => sum + new Set(analyzer.documentTerms(text)).size, 0);
      }
      rows.push(rowOf(kind.what, bytes, seconds, postings));
      bar.step();
    }
    const { bytes, seconds, postings } = measureSparse(texts);
    rows.push(rowOf("sparse vector, bm25", bytes, seconds, postings));
    bar.stop();
    const of = (what: string): BenchRow => rows.find((row) => row["index"] === what) ?? {};
    return {
      bench: "postings",
      params: { points: texts.length, texts: readGlosses().made },
      rows,
      ratios: {
        bytes_a_text_posting: Number(of("text")["bytes_a_posting"]),
        bytes_a_sparse_posting: Number(of("sparse vector, bm25")["bytes_a_posting"]),
      },
    };
  },
};
