import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clusteredVectors } from "../vector-index/graphs.test-support.js";
import type { Metric } from "../vector-index/options.js";
import type { CollectionReader } from "./collection-reader.js";
import type { Quality, QualityQuery } from "./quality.js";
import type { PointsQuery } from "./query.js";
import { bare, collectionOf, foundBy, point, readNow, space, tagIs } from "./reads.test-support.js";
import type { WalkQuery, WalkTold } from "./record-walk.js";
import { scoreOf } from "./scores.js";

const COUNT = 400;

function filled(metric: Metric = "euclid") {
  const vectors = clusteredVectors(COUNT, 6, 11);
  const points = vectors.map((vector, i) => point(i, [...vector], { tag: i % 40 === 0 ? "rare" : "common" }));
  return collectionOf({ "": space(6, metric), other: space(2) }, points);
}

const parameters = { efSearch: 16 };
const walkOf = (reader: CollectionReader, more: Partial<WalkQuery> = {}): WalkTold =>
  readNow(reader, (snapshot) =>
    snapshot.walk({ target: { kind: "point", id: 7 }, using: "", limit: 5, parameters, ...more }),
  );
const answersOf = (reader: CollectionReader, { target, filter }: Pick<WalkQuery, "target" | "filter">) => {
  const query: PointsQuery = {
    node: { kind: "nearest", target },
    using: "",
    limit: 5,
    offset: 0,
    parameters,
    selection: bare,
    ...(filter && { filter }),
  };
  return foundBy<{ id: unknown; score: number }>(reader, (snapshot, emit) => snapshot.query(query, emit)).map(
    ({ id, score }) => [id, score],
  );
};

describe("the walk of a query", () => {
  for (const metric of ["cosine", "dot", "euclid", "manhattan"] as const) {
    test(`comes to what the query answers, by ${metric}`, () => {
      const { reader } = filled(metric);
      const [vector] = clusteredVectors(1, 6, 12) as [Float32Array];
      for (const target of [{ kind: "point", id: 7 } as const, { kind: "vector", vector } as const]) {
        const told = walkOf(reader, { target });
        assert.deepEqual(
          told.found.map(({ id, score }) => [id, score]),
          answersOf(reader, { target }),
        );
        assert.deepEqual([told.isExact, told.isCut, told.isSettled, told.walks.length], [false, false, true, 1]);
        for (const { id, node } of told.found) assert.equal(told.nodes[node as number]?.id, id);
        // what is answered with was kept, and a distance of codes is near that of the vectors
        const kept = new Set(told.walks[0]?.steps.flatMap((step) => step.kept));
        for (const { node, score } of told.found) {
          assert.ok(kept.has(node as number));
          const { distance } = told.nodes[node as number] as WalkTold["nodes"][number];
          assert.ok(Math.abs(scoreOf(distance, metric) - score) < 0.2 + 0.1 * Math.abs(score), `${distance} ${score}`);
        }
      }
    });
  }

  test("names nodes that are no points any more, and what all others are", () => {
    const { written, reader } = filled();
    written.write([{ id: 7, isRemoved: true }, point(8, clusteredVectors(1, 6, 99)[0] as unknown as number[])]);
    const vector = clusteredVectors(COUNT, 6, 11)[7] as Float32Array;
    const told = walkOf(reader, { target: { kind: "vector", vector } });
    const gone = told.nodes.filter(({ id }) => id === null);
    assert.ok(gone.length >= 1 && gone.every(({ dead, dot }) => dead && /^1:\d+$/.test(dot)));
    assert.ok(!told.found.some(({ id }) => id === 7));
    assert.ok(told.nodes.some(({ level }) => level > 0));
  });

  test("with a filter is widened, or compares all that match", () => {
    const { reader } = filled();
    const filter = tagIs("common");
    const target = { kind: "point", id: 7 } as const;
    const told = walkOf(reader, { filter });
    assert.deepEqual(
      told.found.map(({ id, score }) => [id, score]),
      answersOf(reader, { target, filter }),
    );
    const rare = walkOf(reader, { filter: tagIs("rare") });
    assert.deepEqual([rare.isExact, rare.walks.length, rare.nodes.length], [true, 0, 0]);
    assert.deepEqual(
      rare.found.map(({ id, score }) => [id, score]),
      answersOf(reader, { target, filter: tagIs("rare") }),
    );
  });

  test("of an unknown vector, point or dimension is refused", () => {
    const { reader } = filled();
    assert.throws(() => walkOf(reader, { using: "none" }), { code: "wrong-input" });
    assert.throws(() => walkOf(reader, { target: { kind: "point", id: 9_999 } }), { code: "not-found" });
    const short = { kind: "vector", vector: Float32Array.of(1) } as const;
    assert.throws(() => walkOf(reader, { target: short }), { code: "wrong-input" });
  });
});

describe("the quality of the search", () => {
  const query: QualityQuery = {
    using: "",
    samples: 20,
    seed: 5,
    limit: 5,
    widths: [{ efSearch: 6 }, { efSearch: 16 }, { efSearch: 10_000 }],
    exact: true,
  };
  /** Each search takes one of its milliseconds. */
  const measured = (reader: CollectionReader, more: Partial<QualityQuery> = {}): Quality => {
    let ms = 0;
    return readNow(reader, (snapshot) => snapshot.quality({ ...query, ...more }, () => ms++));
  };

  test("is the share of exact neighbours that are found, which grows with the width", () => {
    const { reader } = filled();
    const { points, sampled, widths, worst, exact, isSettled } = measured(reader);
    assert.deepEqual([points, sampled, isSettled], [COUNT, 20, true]);
    const [narrow, wider, widest] = widths.map(({ recall }) => recall) as [number, number, number];
    assert.ok(narrow < 1 && narrow <= wider && wider <= 1, `${narrow} ${wider}`);
    assert.equal(widest, 1, "so wide that all are compared");
    assert.deepEqual(exact.latencyMs, { p50: 1, p95: 1, p99: 1, mean: 1 });
    assert.equal(widths[2]?.perfect, 20);
    assert.ok(worst.length > 0 && worst.every(({ recall }, i) => recall <= (worst[i + 1]?.recall ?? 1)));
    assert.equal(worst[0]?.recall, widths[0]?.recallMin);
    // the share of one of them, by hand
    const [{ id, recall }] = worst as [{ id: number; recall: number }];
    const found = (efSearch: number | undefined) => {
      const more = efSearch === undefined ? { exact: true } : { efSearch };
      const node = { kind: "nearest", target: { kind: "point", id } } as const;
      const asked: PointsQuery = { node, using: "", limit: 5, offset: 0, parameters: more, selection: bare };
      return foundBy<{ id: unknown }>(reader, (snapshot, emit) => snapshot.query(asked, emit)).map((one) => one.id);
    };
    const right = found(undefined);
    assert.equal(recall, found(6).filter((one) => right.includes(one)).length / 5);
  });

  test("follows from state and request alone, and another seed draws others", () => {
    const [a, b] = [filled(), filled()];
    assert.deepEqual(measured(a.reader), measured(b.reader));
    const ids = (seed: number) => measured(a.reader, { seed, widths: [{ efSearch: 6 }] }).worst.map(({ id }) => id);
    assert.notDeepEqual(ids(1), ids(2));
  });

  test("of no points, or fewer than are asked for, is measured on those that there are", () => {
    const { reader } = filled();
    const { points, sampled, widths, worst } = measured(reader, { using: "other", samples: 3 });
    assert.deepEqual([points, sampled, worst, widths[0]?.recall], [0, 0, [], 1]);
    assert.equal(measured(reader, { samples: 1_000, widths: [{ efSearch: 8 }] }).sampled, COUNT);
  });

  test("pauses between searches", () => {
    const { reader } = filled();
    const snapshot = reader.begin();
    let pauses = 0;
    for (const _ of snapshot.quality(query, () => 0)) pauses++;
    snapshot.release();
    assert.ok(pauses >= 20 * query.widths.length, `${pauses} pauses`);
  });
});
