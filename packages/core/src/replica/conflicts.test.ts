import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compareStamps } from "../causality/hybrid-clock.js";
import { includesDot, type VersionVector } from "../causality/version-vector.js";
import type { Command } from "../command/command.js";
import { limits } from "../limits.js";
import { decodeOperation } from "../operation/codec.js";
import { dotOf, type Operation } from "../operation/operation.js";
import { pointsOf } from "../operation/points-of.js";
import { CausalState } from "../state/causal-state.js";
import { Cluster } from "./cluster.test-support.js";
import type { ConflictTold } from "./conflict-list.js";
import type { Replica } from "./replica.js";
import { createCollection, point, run, space, upsert } from "./replica.test-support.js";

const vectors = { a: space(2, "Euclid"), b: space(2, "Euclid") };
const made = upsert("c", [point(1, { a: Float32Array.of(1, 0), b: Float32Array.of(0, 1) }, { n: 0 })]);
const write = (n: number) => upsert("c", [point(1, { a: Float32Array.of(n, n) }, { n })]);
const drop: Command = { kind: "delete-points", collection: "c", target: { ids: [1] } };
const set = (payload: Record<string, number>): Command => ({
  kind: "set-payload",
  collection: "c",
  target: { ids: [1] },
  payload,
});
const clear: Command = { kind: "clear-payload", collection: "c", target: { ids: [1] } };
const move = (a: number): Command => ({
  kind: "update-vectors",
  collection: "c",
  points: [{ id: 1, vectors: { a: Float32Array.of(a, a) } }],
});

function founded(ids: readonly number[] = [1, 2]): Cluster {
  const cluster = new Cluster(ids);
  cluster.pass(3);
  run(cluster.get(1), createCollection("c", vectors));
  cluster.pass(3);
  run(cluster.get(1), made);
  cluster.settle();
  return cluster;
}

const told = (replica: Replica) => replica.conflicts("c", 100).conflicts;
const plain = ({ parts, winner, first, second }: ConflictTold) => ({
  parts,
  winner,
  kinds: [first.kind, second.kind],
  origins: [first.origin, second.origin],
});

/** Replica 1 does one thing and replica 2 the other, later, without knowing of it. What each of them tells. */
function apart(one: readonly Command[], other: readonly Command[]) {
  const cluster = founded();
  cluster.cut(1, 2);
  run(cluster.get(1), ...one);
  cluster.pass(2);
  run(cluster.get(2), ...other);
  cluster.pass(2);
  cluster.heal();
  cluster.settle();
  return { cluster, at: [told(cluster.get(1)), told(cluster.get(2))] as const };
}

describe("conflicts", () => {
  test("are told with both sides by both replicas, each of which had its own first", () => {
    const { at, cluster } = apart([write(1)], [write(2)]);
    const parts = ["point", "payload", 'vector "a"', 'vector "b"'];
    assert.deepEqual(at[0].map(plain), [
      { parts: parts.slice(0, 3), winner: "second", kinds: ["upsert", "upsert"], origins: [1, 2] },
    ]);
    assert.deepEqual(at[1].map(plain), [
      { parts: parts.slice(0, 3), winner: "first", kinds: ["upsert", "upsert"], origins: [2, 1] },
    ]);
    const [{ first, second, reason, id }] = at[0] as [ConflictTold];
    assert.equal(id, 1);
    assert.deepEqual([first.payload, second.payload], [{ n: 1 }, { n: 2 }]);
    assert.deepEqual(second.vectors, [{ name: "a", size: 2, begins: [2, 2] }]);
    assert.match(reason, /^the later write stands: replica 2 wrote \d+ ms after replica 1$/);
    assert.deepEqual(cluster.get(1).conflicts("c", 1), {
      replica: 1,
      seen: 1,
      conflicts: at[0],
    });
  });

  test("of one millisecond are decided by the counter, and of equal times by the replica id", () => {
    for (const [ahead, words] of [
      [0, /^both have the same time: of equal times the one of the higher replica id stands, 2 over 1$/],
      [1, /^the later write stands: both are of one millisecond, and the counter of replica 2 is higher, 1 over 0$/],
    ] as const) {
      const cluster = founded();
      cluster.cut(1, 2);
      cluster.pass(1);
      run(cluster.get(1), write(1));
      run(cluster.get(2), ...Array.from({ length: ahead }, () => set({ m: 1 })), write(2));
      cluster.heal();
      cluster.settle();
      const [{ reason, winner }] = told(cluster.get(1)) as [ConflictTold];
      assert.match(reason, words);
      assert.equal(winner, "second");
    }
  });

  test("are none where a write knew of the other, or writes something else", () => {
    const cluster = founded();
    run(cluster.get(1), write(1));
    cluster.settle();
    run(cluster.get(2), write(2), set({ m: 1 }));
    cluster.settle();
    assert.deepEqual(told(cluster.get(1)), []);
    assert.deepEqual(apart([set({ a: 1 })], [set({ b: 1 })]).at, [[], []]);
    assert.deepEqual(apart([move(3)], [set({ b: 1 })]).at, [[], []]);
    assert.deepEqual(apart([drop], [drop]).at, [[], []]);
  });

  test("are none with what was seen, whatever else its writer did meanwhile", () => {
    const cluster = founded();
    run(cluster.get(1), set({ n: 1 }));
    cluster.settle();
    // replica 1 goes on with something else, and then with another field of the same point
    cluster.cut(1, 2);
    run(cluster.get(1), upsert("c", [point(2, { a: Float32Array.of(9, 9) })]), set({ m: 2 }));
    run(cluster.get(2), set({ n: 2 }));
    cluster.pass(2);
    cluster.heal();
    cluster.settle();
    assert.deepEqual([told(cluster.get(1)), told(cluster.get(2))], [[], []]);
  });

  test("between parts name the parts", () => {
    const fields = apart([set({ x: 1, y: 1 })], [set({ y: 2, z: 2 })]);
    assert.deepEqual(fields.at[0].map(plain), [
      { parts: ['field "y"'], winner: "second", kinds: ["set-payload", "set-payload"], origins: [1, 2] },
    ]);
    assert.deepEqual(apart([set({ n: 1 })], [clear]).at[1].map(plain), [
      { parts: ["payload"], winner: "first", kinds: ["clear-payload", "set-payload"], origins: [2, 1] },
    ]);
    assert.deepEqual(apart([move(3)], [move(4)]).at[0].map(plain), [
      { parts: ['vector "a"'], winner: "second", kinds: ["update-vectors", "update-vectors"], origins: [1, 2] },
    ]);
  });

  test("with a delete: a part that is written later does not bring the point back", () => {
    const { at } = apart([drop], [set({ n: 9 })]);
    const noReturn = /^a change of a part does not bring a deleted point back/;
    // where the change was first, the delete wins; where the delete was, too
    assert.deepEqual(
      at.map((list) => list.map(({ winner, reason }) => [winner, noReturn.test(reason)])),
      [[["first", true]], [["second", true]]],
    );
    assert.deepEqual(
      apart([drop], [write(5)]).at.map(([one]) => one?.winner),
      ["second", "first"],
    );
    assert.deepEqual(
      apart([write(5)], [drop]).at.map(([one]) => one?.winner),
      ["second", "first"],
    );
  });

  test("find the other side in the log, where the state of the point does not name it", () => {
    // of replica 1's writes the field is not the latest: the point's version is that of the vector
    const { at } = apart([set({ n: 1 }), move(3)], [set({ n: 2 })]);
    assert.deepEqual(at[1].length, 1);
    const [one] = at[0] as [ConflictTold];
    assert.deepEqual(one.parts, ['field "n"']);
    assert.deepEqual(one.first.payload, { n: 1 });
    assert.match(one.first.dot ?? "", /^1:\d+$/);
  });

  test("show payloads and vectors that are large in part, and what no log has any more by its name alone", () => {
    const large = { text: "x".repeat(limits.conflictPayloadBytesMax) };
    const { at } = apart([upsert("c", [point(1, {}, large)])], [write(2)]);
    const [{ first }] = at[0] as [ConflictTold];
    assert.equal(first.payload, undefined);
    assert.ok((first.payload_bytes ?? 0) > limits.conflictPayloadBytesMax);
  });

  test("of a collection that is not there are refused, and those of one are not another's", () => {
    const { cluster } = apart([write(1)], [write(2)]);
    assert.throws(() => cluster.get(1).conflicts("none", 10), { code: "not-found" });
    run(cluster.get(1), createCollection("d", vectors));
    assert.deepEqual(cluster.get(1).conflicts("d", 10).conflicts, []);
    assert.equal(cluster.get(1).conflicts("c", 0).conflicts.length, 0);
  });

  test("are forgotten where points of their collection are erased: their ids are not to be left", () => {
    const { cluster, at } = apart([write(1)], [write(2)]);
    assert.equal(at[0].length, 1);
    const erase = { kind: "begin-erasure", collection: "c", points: 1, by: "tests", through: [], askedMs: 0 } as const;
    run(cluster.get(1), drop, erase);
    for (let ticks = 0; ticks < 200 && told(cluster.get(1)).length > 0; ticks++) cluster.pass();
    assert.deepEqual(told(cluster.get(1)), []);
    assert.equal(cluster.get(1).erasures.status()[0]?.here.stage !== "delivery", true);
  });

  test("of very many parts name the first and count the others", () => {
    const size = 8 * limits.conflictPartsMax;
    const fields = (value: number) => Object.fromEntries(Array.from({ length: size }, (_, i) => [`f${i}`, value]));
    const [[one]] = apart([set(fields(1))], [set(fields(2))]).at as [[ConflictTold], unknown];
    assert.deepEqual(one.parts.slice(0, 2), ['field "f0"', 'field "f1"']);
    assert.equal(one.parts.length, limits.conflictPartsMax);
    assert.equal(one.more_parts, size - limits.conflictPartsMax);
    // the fields of the other write have no registers of their own: it is the payload, once
    const [[cleared]] = apart([clear], [set(fields(2))]).at as [[ConflictTold], unknown];
    assert.deepEqual([cleared.parts, cleared.more_parts], [["payload"], undefined]);
    const long = apart([set({ ["n".repeat(1_000)]: 1 })], [set({ ["n".repeat(1_000)]: 2 })]).at[0];
    assert.deepEqual(long.map(plain)[0]?.parts, ["field"]);
  });

  test("of an operation on many points are looked for in so many registers of all of them", () => {
    const cluster = founded();
    const ids = Array.from({ length: 20 }, (_, i) => i + 1);
    run(
      cluster.get(1),
      upsert(
        "c",
        ids.map((id) => point(id, { a: Float32Array.of(1, id) })),
      ),
    );
    cluster.settle();
    const names = Array.from({ length: limits.conflictRegistersMax / 8 }, (_, i) => `f${i}`);
    const setAll = (value: number): Command => ({
      kind: "set-payload",
      collection: "c",
      target: { ids },
      payload: Object.fromEntries(names.map((name) => [name, value])),
    });
    cluster.cut(1, 2);
    run(cluster.get(1), setAll(1));
    run(cluster.get(2), setAll(2));
    cluster.heal();
    cluster.settle();
    assert.equal(told(cluster.get(1)).length, 8);
  });

  test("that are told are between operations of which neither knew the other, and the winner is what the rule says", () => {
    let seen = 0;
    const commands = fc.oneof(
      fc.constantFrom<(n: number) => Command>(
        (n) => write(n),
        () => drop,
        (n) => set({ n }),
        (n) => set({ m: n }),
        (n) => move(n),
        () => clear,
      ),
    );
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("write" as const), at: fc.constantFrom(1, 2, 3), command: commands }),
        fc.record({
          kind: fc.constantFrom("cut" as const, "heal" as const),
          at: fc.constantFrom(1, 2, 3),
          command: commands,
        }),
      ),
      { minLength: 6, maxLength: 14 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const cluster = founded([1, 2, 3]);
        for (const [i, { kind, at, command }] of list.entries()) {
          if (kind === "cut") for (const other of [1, 2, 3]) cluster.cut(at, other);
          else if (kind === "heal") cluster.heal();
          else cluster.get(at).execute([command(i + 1)]);
          cluster.pass(1);
        }
        cluster.heal();
        cluster.settle();
        for (const replica of cluster.replicas.values()) {
          const { operations, pasts } = operationsOf(cluster, replica);
          for (const one of told(replica)) {
            seen++;
            const [first, second] = [one.first, one.second].map(({ dot }) => operations.get(dot ?? ""));
            if (first === undefined || second === undefined) continue;
            assert.ok(pointsOf(first).includes(one.id) && pointsOf(second).includes(one.id));
            assert.ok(!includesDot(pasts.get(second) as VersionVector, dotOf(first)), "the second knew of the first");
            assert.ok(!includesDot(pasts.get(first) as VersionVector, dotOf(second)), "the first knew of the second");
            const isSecondLater = compareStamps(second, first) > 0;
            const isByRule = /^a change of a part/.test(one.reason);
            if (!isByRule) assert.equal(one.winner === "second", isSecondLater);
            else assert.equal((one.winner === "second" ? second : first).kind, "delete");
          }
        }
      }),
      { numRuns: 12 },
    );
    assert.ok(seen > 10, `${seen} conflicts were met`);
  });
});

/** The operations of the collection that a replica's log has, by `origin:sequence`, and what each of them knew. */
function operationsOf(cluster: Cluster, replica: Replica) {
  const { id } = replica.shard("c");
  const operations = new Map<string, Operation>();
  const pasts = new Map<Operation, VersionVector>();
  const causality = new CausalState();
  for (const { origin, sequence, bytes } of cluster.logs.get(replica.id)?.read(0, { shard: id }) ?? []) {
    const operation = decodeOperation(id, origin, sequence, bytes);
    operations.set(`${origin}:${sequence}`, operation);
    pasts.set(operation, causality.advance(operation));
  }
  return { operations, pasts };
}
