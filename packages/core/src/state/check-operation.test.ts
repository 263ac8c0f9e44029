import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { denseSpaceOf, type EdgeList, encodeEdgeDelta, MurmurationError, type Space } from "@murmuration/index";
import fc from "fast-check";
import type { Collection } from "../catalogue/collection.js";
import type { Operation, OperationBody } from "../operation/operation.js";
import { space } from "../replica/replica.test-support.js";
import { graphDigest, pointsDigest } from "./digest.js";
import { newIndex, openShard } from "./open-shard.js";
import { countedPayloadKeys } from "./payload-keys.js";
import type { Shard } from "./shard.js";

const collection: Collection = {
  id: "s",
  name: "s",
  vectors: { x: space(2), y: space(3) },
  payloadIndexes: { of: { kind: "integer" } },
  settings: {},
};
const NODES = 40;

interface Subject {
  readonly shard: Shard;
  readonly indexes: ReadonlyMap<string, Space>;
}

function operation(origin: number, sequence: number, body: OperationBody, shard = "s"): Operation {
  const time = { wallMs: 1_000 + 10 * sequence + origin, counter: 0 };
  return { shard, origin, sequence, time, dependencies: new Map(), ...body };
}

const valuesOf = (n: number, dimensions: number) =>
  Float32Array.from({ length: dimensions }, (_, i) => (n * 7 + i) % 5);

/** A shard that holds some points, of which one is deleted and one has another vector since. */
function subject(): Subject {
  const indexes = new Map([
    ["x", newIndex(space(2))],
    ["y", newIndex(space(3))],
  ]);
  const { shard } = openShard(collection, indexes, countedPayloadKeys());
  for (let sequence = 1; sequence <= NODES; sequence++) {
    const vectors = [...indexes].map(([name, index]) => {
      const values = valuesOf(sequence, denseSpaceOf(index).options.dimensions);
      return { name, values, delta: index.plan({ origin: 1, sequence }, values) };
    });
    shard.apply(operation(1, sequence, { kind: "upsert", id: sequence % 30, vectors, payload: { of: 1 }, kept: [] }));
  }
  shard.apply(operation(1, NODES + 1, { kind: "delete", ids: [11] }));
  return { shard, indexes };
}

const stateOf = ({ shard, indexes }: Subject) => ({
  points: pointsDigest(shard),
  graph: graphDigest({ shard, indexes }),
  frontier: [...shard.frontier],
  position: [...indexes.values()].map((index) => [
    index.reader.visibleCount,
    index.reader.slotCount,
    index.links?.counters(),
  ]),
});

const rarely = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const dots = fc.record({ origin: rarely(1, 2, 9), sequence: fc.integer({ min: 1, max: NODES + 3 }) });
const names = rarely("x", "y", "z", "");
const lists: fc.Arbitrary<EdgeList[]> = fc
  .uniqueArray(
    fc.record({
      level: rarely(0, 1, 2),
      dot: dots,
      removed: fc.array(dots, { maxLength: 4 }),
      added: fc.array(dots, { maxLength: 6 }),
    }),
    { maxLength: 3, selector: ({ level, dot }) => `${level} ${dot.origin}:${dot.sequence}` },
  )
  .map((all) =>
    all.sort((a, b) => a.level - b.level || a.dot.origin - b.dot.origin || a.dot.sequence - b.dot.sequence),
  );
const edgeDeltas = fc.oneof(
  { weight: 5, arbitrary: lists.map(encodeEdgeDelta) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }) },
);
const closes = fc.record({
  owner: fc.constantFrom(1, 2),
  through: fc.nat(50),
  foreign: fc.constant(new Map([[2, 1]])),
});

/** What becomes of a delta that was planned for a vector, and of the vector. */
const vectors = fc.record({
  name: names,
  dimensions: rarely(0, 1, -1),
  damage: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ at: fc.nat(40), bit: fc.nat(7) }) },
    { weight: 1, arbitrary: fc.record({ cut: fc.nat(40) }) },
  ),
});
const kept = fc.array(fc.record({ name: names, dot: dots }), { maxLength: 2 });
const sketches = fc.record({
  origin: fc.constantFrom(1, 2, 3),
  ahead: rarely(1, 0, 2),
  shard: rarely("s", "t"),
  body: fc.oneof(
    fc.record({
      kind: fc.constant("upsert" as const),
      id: fc.nat(35),
      vectors: fc.array(vectors, { maxLength: 3 }),
      kept,
    }),
    fc.record({
      kind: fc.constant("update-vectors" as const),
      id: fc.nat(35),
      vectors: fc.array(vectors, { maxLength: 3 }),
      kept,
    }),
    fc.record({ kind: fc.constant("delete" as const), ids: fc.array(fc.nat(35), { maxLength: 5 }) }),
    fc.record({
      kind: fc.constant("set-payload" as const),
      ids: fc.array(fc.nat(35), { maxLength: 5 }),
      fields: fc.constant({ of: 4 }),
    }),
    fc.record({ kind: fc.constant("delete-vectors" as const), ids: fc.array(fc.nat(35)), names: fc.array(names) }),
    fc
      .record({
        vector: names,
        deltas: fc.array(edgeDeltas, { maxLength: 3 }),
        closing: fc.option(closes, { nil: undefined }),
      })
      .map(({ vector, deltas, closing }) => ({
        kind: "edges" as const,
        reason: "stitch" as const,
        vector,
        deltas,
        ...(closing === undefined ? {} : { closes: closing }),
      })),
    fc.record({ kind: fc.constant("purge" as const), vector: names, dots: fc.array(dots, { maxLength: 5 }) }),
    fc.record({ kind: fc.constant("catalogue" as const), change: fc.uint8Array({ maxLength: 5 }) }),
  ),
});
type Sketch = typeof sketches extends fc.Arbitrary<infer T> ? T : never;

function made({ shard, indexes }: Subject, { origin, ahead, shard: name, body }: Sketch): Operation {
  const sequence = Math.max(1, (shard.frontier.get(origin) ?? 0) + ahead);
  if (body.kind !== "upsert" && body.kind !== "update-vectors") return operation(origin, sequence, body, name);
  const versions = body.vectors.map(({ name, dimensions, damage }) => {
    const index = indexes.get(name) ?? (indexes.get("x") as Space);
    const values = valuesOf(sequence, denseSpaceOf(index).options.dimensions);
    let delta = index.plan({ origin, sequence }, values).slice();
    if (damage !== undefined && "cut" in damage) delta = delta.subarray(0, damage.cut);
    else if (damage !== undefined && damage.at < delta.length) {
      delta[damage.at] = (delta[damage.at] as number) ^ (1 << damage.bit);
    }
    return { name, values: valuesOf(sequence, denseSpaceOf(index).options.dimensions + dimensions), delta };
  });
  const { kind, id, kept } = body;
  if (kind === "upsert") return operation(origin, sequence, { kind, id, vectors: versions, kept, payload: {} }, name);
  return operation(origin, sequence, { kind, id, vectors: versions, kept }, name);
}

describe("the check of an operation", () => {
  test("passes only what can be applied, and changes nothing", () => {
    let current = subject();
    const refused = new Map<string, number>();
    const applied = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(sketches, { minLength: 1, maxLength: 20 }), fc.boolean(), (all, isFresh) => {
        if (isFresh) current = subject();
        for (const sketch of all) {
          const one = made(current, sketch);
          const before = stateOf(current);
          try {
            current.shard.check(one);
          } catch (error) {
            assert.ok(error instanceof MurmurationError && error.code === "corrupt", String(error));
            assert.deepEqual(stateOf(current), before);
            refused.set(one.kind, (refused.get(one.kind) ?? 0) + 1);
            continue;
          }
          assert.deepEqual(stateOf(current), before);
          current.shard.apply(one);
          assert.equal(current.shard.frontier.get(one.origin), one.sequence);
          applied.set(one.kind, (applied.get(one.kind) ?? 0) + 1);
        }
      }),
      { numRuns: 150, seed: 10 },
    );
    for (const kind of ["upsert", "update-vectors", "edges", "purge"]) {
      assert.ok((refused.get(kind) ?? 0) > 0 && (applied.get(kind) ?? 0) > 0, `${kind}: both happened`);
    }
    assert.ok((refused.get("catalogue") ?? 0) > 0 && !applied.has("catalogue"));
  });

  const refusals: readonly (readonly [what: string, body: OperationBody, why: RegExp])[] = [
    ["edges of an unknown vector", { kind: "edges", reason: "stitch", vector: "z", deltas: [] }, /no vector "z"/],
    ["a purge of an unknown vector", { kind: "purge", vector: "z", dots: [] }, /no vector "z"/],
    ["an operation of the catalogue", { kind: "catalogue", change: new Uint8Array() }, /the system shard's/],
    [
      "a kept vector that is not here",
      { kind: "upsert", id: 1, vectors: [], payload: {}, kept: [{ name: "x", dot: { origin: 7, sequence: 7 } }] },
      /7:7 is not here/,
    ],
    [
      "a vector of other dimensions",
      {
        kind: "upsert",
        id: 1,
        vectors: [{ name: "x", values: new Float32Array(3), delta: Uint8Array.of(1, 0, 0) }],
        payload: {},
        kept: [],
      },
      /has 2 dimensions/,
    ],
    [
      "a vector that is named twice",
      {
        kind: "upsert",
        id: 1,
        vectors: [1, 2].map(() => ({ name: "x", values: new Float32Array(2), delta: Uint8Array.of(1, 0, 0) })),
        payload: {},
        kept: [],
      },
      /twice/,
    ],
    [
      "an edge delta that is cut short behind one that is whole",
      {
        kind: "edges",
        reason: "stitch",
        vector: "x",
        deltas: [
          encodeEdgeDelta([
            { level: 0, dot: { origin: 1, sequence: 1 }, removed: [], added: [{ origin: 1, sequence: 9 }] },
          ]),
          Uint8Array.of(2, 0),
        ],
      },
      /malformed/,
    ],
  ];
  for (const [what, body, why] of refusals) {
    test(`refuses ${what} before the frontier moves`, () => {
      const { shard, indexes } = subject();
      const before = stateOf({ shard, indexes });
      assert.throws(() => shard.check(operation(2, 1, body)), why);
      assert.deepEqual(stateOf({ shard, indexes }), before);
    });
  }
});
