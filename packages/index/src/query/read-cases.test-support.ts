import assert from "node:assert/strict";
import { type PlantedIndexBug, plant } from "../planted.js";
import type { PointId } from "../point/point-id.js";
import { finish } from "../sliced.js";
import { clusteredVectors } from "../vector-index/graphs.test-support.js";
import { CollectionReader } from "./collection-reader.js";
import type { PointsQuery } from "./query.js";
import type { Snapshot } from "./snapshot.js";
import { WrittenCollection } from "./written-collection.test-support.js";

const DIMENSIONS = 6;
const COUNT = 300;

/** Points that two regions wrote concurrently, far from each other, whose nodes nothing links yet: each is found by a walk. */
export function assertBothRegionsAreFound(bugs: readonly PlantedIndexBug[] = []): void {
  plant(bugs);
  const written = new WrittenCollection({
    "": { dimensions: DIMENSIONS, metric: "euclid", links: 8, efConstruction: 40, quantization: "int8" },
  });
  const vectors = clusteredVectors(COUNT, DIMENSIONS, 3, 4);
  const far = vectors.map((vector) => vector.map((x) => x + 40));
  const pointsAt = (from: number, some: readonly Float32Array[]) =>
    some.map((vector, i) => ({ id: from + i, vectors: { "": vector } }));
  written.write(pointsAt(0, vectors));
  written.write(pointsAt(COUNT, far), { isForeign: true, allEntries: true });
  // windows stay open until somebody says otherwise
  written.write([{ id: 0, payload: { a: 1 } }], { allEntries: true });

  const snapshot = new CollectionReader(written.handle(), 2, written.payloads).begin();
  for (const [id, vector] of [...vectors, ...far].entries()) assert.deepEqual(nearestTo(snapshot, vector), [id]);
  snapshot.release();
}

/** The id of the nearest point, by a narrow walk. */
function nearestTo(snapshot: Snapshot, vector: Float32Array): PointId[] {
  const query: PointsQuery = {
    node: { kind: "nearest", target: { kind: "vector", vector } },
    using: "",
    limit: 1,
    offset: 0,
    parameters: { efSearch: 16 },
    selection: { payload: false, vectors: false },
  };
  const found: PointId[] = [];
  finish(snapshot.query(query, ({ id }) => found.push(id)));
  return found;
}

/** A point that is replaced again and again after a snapshot began is found in it where it was; once with its old node gone. */
export function assertReplacedIsFound(quantization: "int8" | "none", bugs: readonly PlantedIndexBug[] = []): void {
  plant(bugs);
  const written = new WrittenCollection({
    "": { dimensions: DIMENSIONS, metric: "euclid", links: 4, efConstruction: 20, quantization },
  });
  const vectors = clusteredVectors(COUNT, DIMENSIONS, 3, 1);
  written.write(vectors.map((vector, id) => ({ id, vectors: { "": vector } })));
  const reader = new CollectionReader(written.handle(), 2, written.payloads);
  for (let id = 0; id < COUNT; id += 20) {
    const vector = vectors[id] as Float32Array;
    const snapshot = reader.begin();
    for (let i = 1; i <= 30; i++) written.write([{ id, vectors: { "": vector.map((x) => x + i / 10_000) } }]);
    assert.deepEqual(nearestTo(snapshot, vector), [id]);
    written.purge();
    assert.deepEqual(nearestTo(snapshot, vector), [id]);
    snapshot.release();
  }
}
