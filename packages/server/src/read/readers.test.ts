import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { LocalReaders } from "./local-readers.js";
import { ReaderPool } from "./reader-pool.js";
import type { ReaderAnswer, Readers } from "./readers.js";
import type { Reading } from "./reading.js";
import { everything, failureOf, limits, nearest, nothing, searches, textOf } from "./readings.test-support.js";
import {
  arePassed,
  noPayloads,
  payloadAt,
  payloadsByKey,
  unsettle,
  vectorAt,
  type WrittenPoints,
  written,
} from "./written-points.test-support.js";

const threadFile = new URL("./deadly-reader.test-support.js", import.meta.url);
const local = () => new LocalReaders(() => payloadsByKey);

describe("readings", () => {
  const points = written(2_000);
  points.createColumn("n", { kind: "integer" });
  const other = written(50);
  other.write([{ id: "6f1c0f2e-5e0f-4f5e-9d8a-0a7f3c1b2d4e", payloadKey: 77, vector: vectorAt(77) }]);
  const collections = [points.readable, other.readable];
  const colour = { must: [{ kind: "match-value", key: "colour", value: "red" }], should: [], mustNot: [] } as const;
  const page = {
    ...nearest(vectorAt(0)),
    node: { kind: "by-id" },
    limit: 2,
    offset: 3,
    selection: everything,
  } as const;
  const many = Array.from({ length: 300 }, (_, i) => nearest(vectorAt(i), { limit: 3 }));
  const readings: { readonly [what: string]: Reading } = {
    nearest: searches([nearest(vectorAt(3))]),
    "nearest with everything": searches([nearest(vectorAt(3), { selection: everything, limit: 3 })], { shape: "list" }),
    "nearest to a point": searches([nearest({ id: 7 }, { offset: 2, scoreThreshold: 9 })]),
    "nearest to a point elsewhere": searches([nearest({ id: 49, lookupFrom: { collection: 1 } }, { limit: 2 })]),
    "nearest with a filter": searches([
      nearest(vectorAt(5), { filter: colour, selection: { payload: { include: ["n"] }, vectors: false } }),
    ]),
    exact: searches([nearest(vectorAt(5), { parameters: { exact: true }, limit: 5_000_000 })]),
    batch: searches([nearest(vectorAt(9)), page], {
      isBatch: true,
    }),
    "large batch": searches(many, { isBatch: true, shape: "list" }),
    "empty batch": searches([], { isBatch: true }),
    scroll: { kind: "scroll", request: { limit: 3, offset: 17, selection: everything } },
    "scroll of all": { kind: "scroll", request: { limit: 2_000, selection: everything } },
    "scroll by number": {
      kind: "scroll",
      request: { limit: 2, selection: nothing, filter: colour, orderBy: { key: "n", direction: "desc" } },
    },
    fusion: searches([
      { ...nearest(vectorAt(9)), node: { kind: "rrf", k: 2 }, prefetch: [nearest(vectorAt(9)), nearest(vectorAt(3))] },
    ]),
    count: { kind: "count" },
    "count with a filter": { kind: "count", filter: colour },
    retrieve: {
      kind: "retrieve",
      ids: [5, 1_000_000, 4, 5],
      selection: { payload: { exclude: ["text"] }, vectors: [""] },
    },
    point: { kind: "point", id: 12 },
  };
  const pool = new ReaderPool({ readers: 2, payloads: noPayloads, tell: assert.fail, threadFile });
  after(() => pool.close());

  test("print what the dialect answers with", async () => {
    const answers = new Map<string, unknown>();
    for (const [what, reading] of Object.entries(readings)) {
      answers.set(what, JSON.parse(textOf(await local().read(collections, reading, limits()))));
    }
    const vector = Array.from(vectorAt(12), (x) => Number(Math.fround(x)));
    const point = answers.get("point") as { readonly vector: number[] };
    assert.deepEqual(point, { id: 12, payload: payloadAt(12), vector: point.vector });
    assert.deepEqual(point.vector.map(Math.fround), vector);
    assert.deepEqual(answers.get("count"), { count: 2_000 });
    assert.deepEqual(answers.get("count with a filter"), { count: 666 });
    assert.deepEqual(answers.get("empty batch"), []);
    const { points: page, next_page_offset: next } = answers.get("scroll") as {
      points: { id: number }[];
      next_page_offset: number;
    };
    assert.deepEqual([page.map(({ id }) => id), next], [[17, 18, 19], 20]);
    const ordered = {
      points: [
        { id: 1998, order_value: 1998 },
        { id: 1995, order_value: 1995 },
      ],
      next_page_offset: null,
    };
    assert.deepEqual(answers.get("scroll by number"), ordered);
    const retrieved = answers.get("retrieve") as { id: number; payload: object }[];
    assert.deepEqual(
      retrieved.map(({ id }) => id),
      [5, 4, 5],
    );
    assert.deepEqual(Object.keys(retrieved[0]?.payload ?? {}), ["n", "half", "colour"]);
    const found = answers.get("nearest") as { points: { id: number; version: number; score: number }[] };
    assert.deepEqual(found.points[0], { id: 3, version: 3, score: 0 });
    assert.equal(found.points.length, 10);
    const [first] = answers.get("nearest with everything") as { id: number }[];
    assert.deepEqual(Object.keys(first ?? {}), ["id", "version", "score", "payload", "vector"]);
    const byPoint = answers.get("nearest to a point") as { points: { id: number; score: number }[] };
    assert.ok(byPoint.points.every(({ id, score }) => id !== 7 && score <= 9));
    const batch = answers.get("batch") as { points: { id: number; version: number; score: number }[] }[];
    assert.deepEqual(
      batch.map((one) => one.points.length),
      [10, 2],
    );
    assert.deepEqual(
      batch[1]?.points.map(({ id, version, score }) => [id, version, score]),
      [
        [4, 4, 0],
        [5, 5, 0],
      ],
    );
    assert.equal((answers.get("exact") as { points: unknown[] }).points.length, 2_000);
  });

  test("give the same bytes in threads as here, many at a time", async () => {
    const here = new Map<string, ReaderAnswer>();
    for (const [what, reading] of Object.entries(readings))
      here.set(what, await local().read(collections, reading, limits()));
    const rounds = Array.from({ length: 8 }, () => Object.entries(readings)).flat();
    const there = await Promise.all(
      rounds.map(async ([what, reading]) => [what, await pool.read(collections, reading, limits())] as const),
    );
    for (const [what, answer] of there) {
      const expected = here.get(what) as ReaderAnswer;
      assert.ok(textOf(answer) === textOf(expected), what);
      assert.deepEqual([answer.epochs, answer.settled], [expected.epochs, expected.settled], what);
    }
    assert.deepEqual(pool.counters(), { readers: 2, places: 2, underWay: 0, lost: 0 });
  });

  test("fail in the same words in threads as here", async () => {
    const failing: readonly Reading[] = [
      { kind: "point", id: 5_000 },
      searches([nearest({ id: 5_000 })]),
      searches([nearest(Float32Array.of(1, 2))]),
      { kind: "scroll", request: { limit: 1, selection: nothing, orderBy: { key: "colour", direction: "asc" } } },
    ];
    const failure = async (readers: Readers, reading: Reading) => {
      const { code, field, message } = await failureOf(readers.read(collections, reading, limits()));
      return { code, field, message };
    };
    for (const reading of failing) assert.deepEqual(await failure(pool, reading), await failure(local(), reading));
  });

  test("stay at their epochs though their thread leaves other collections for more", async () => {
    const all = [written(5), written(6), written(7)];
    const readers = new LocalReaders(() => payloadsByKey, undefined, undefined, 2);
    const [first] = all as [WrittenPoints];
    unsettle(first);
    const untilSettled = searches([nearest(vectorAt(1))], { untilSettled: true });
    const underWay = readers.read([first.readable], untilSettled, limits());
    for (let round = 0; round < 3; round++) {
      for (const [i, points] of all.entries()) {
        const answer = await readers.read([points.readable], { kind: "count" }, limits());
        assert.equal(textOf(answer), `{"count":${5 + i}}`);
      }
    }
    assert.equal(arePassed(first), false, "the reading under way has pinned its epoch");
    first.write([{ id: 1, payloadKey: 1, vector: vectorAt(1) }]);
    assert.equal((await underWay).settled, true);
    assert.equal(arePassed(first), true);
  });
});
