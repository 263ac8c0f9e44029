import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  comparePointIds,
  MurmurationError,
  multiVector,
  type PlainVector,
  type PointId,
  plainOfVector,
  sparseVector,
  type Vector,
} from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { encodeMessage } from "../operation/message.js";
import { FollowedReplica } from "./followed.test-support.js";
import { commandGroups, executeOnModel, filters, ids, type Model, type ModelCollection } from "./model.test-support.js";
import { ReadsHere } from "./reads-here.js";
import type { Replica } from "./replica.js";
import { copyOfLog, identity, openReplica, steppingClock } from "./replica.test-support.js";

const all = { payload: true, vectors: true } as const;
/** Of these names, the larger score is the better. */
const areProducts = new Set(["", "s", "m"]);

function queryOf(name: string, size: number): Vector {
  if (name === "s") return sparseVector([0, 1, 2, 4], [1, -1, 2, 3], name);
  const part = Float32Array.from({ length: size }, (_, i) => i - 1);
  return name === "m" ? multiVector([part, Float32Array.of(2, 1)], name) : part;
}

const productOf = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

/** `undefined`: sparse ones that share no index. */
function naiveScore(name: string, stored: PlainVector, asked: PlainVector): number | undefined {
  if ("indices" in stored && "indices" in asked) {
    const shared = asked.indices.filter((index) => stored.indices.includes(index));
    const of = (vector: typeof stored) => shared.map((index) => vector.values[vector.indices.indexOf(index)] as number);
    return shared.length === 0 ? undefined : productOf(of(stored), of(asked));
  }
  if (name === "m") {
    const parts = stored as readonly (readonly number[])[];
    const best = (part: readonly number[]) => Math.max(...parts.map((one) => productOf(one, part)));
    return (asked as readonly (readonly number[])[]).reduce((sum, part) => sum + best(part), 0);
  }
  const [a, b] = [stored as readonly number[], asked as readonly number[]];
  const differences = a.map((value, i) => value - (b[i] as number));
  if (name === "") return productOf(a, b);
  if (name === "x") return Math.fround(Math.sqrt(differences.reduce((sum, value) => sum + value * value, 0)));
  return differences.reduce((sum, value) => sum + Math.abs(value), 0);
}

/** Pages of two, put together. */
function scrolled(reads: ReadsHere, filter: (typeof filters)[number]["filter"]): PointId[] {
  const found: PointId[] = [];
  for (let offset: PointId | null | undefined; offset !== null; ) {
    const page = reads.scroll({ filter, limit: 2, selection: all, ...(offset === undefined ? {} : { offset }) });
    found.push(...page.points.map(({ id }) => id));
    offset = page.nextOffset;
  }
  return found;
}

/** Everything that can be asked agrees with the model. */
function assertAnswers(reads: ReadsHere, model: ModelCollection): void {
  const found = reads
    .retrieve(ids, all)
    .map(({ id, payload, vectors }) => [
      id,
      payload,
      Object.entries(vectors ?? {}).map(([name, values]) => [name, plainOfVector(values)]),
    ]);
  const wanted = ids.flatMap((id) => {
    const value = model.points.get(id);
    return value === undefined ? [] : [[id, value.payload, [...value.vectors].sort(([a], [b]) => (a < b ? -1 : 1))]];
  });
  assert.deepEqual(found, wanted);
  assert.equal(reads.count(), model.points.size);
  for (const { filter, holds } of filters) {
    const matching = ids.filter((id) => model.points.has(id) && holds(id, model.points.get(id) as never));
    assert.deepEqual(scrolled(reads, filter), matching);
    assert.equal(reads.count(filter), matching.length);
    for (const [name, size] of Object.entries(model.sizes)) {
      const query = queryOf(name, size);
      const scores = new Map<PointId, number>();
      for (const id of matching) {
        const values = model.points.get(id)?.vectors.get(name);
        const score = values && naiveScore(name, values, plainOfVector(query));
        if (score !== undefined) scores.set(id, score);
      }
      const best = [...scores.values()].sort((a, b) => (areProducts.has(name) ? b - a : a - b)).slice(0, 4);
      const request = { query, using: name, filter, limit: 4, offset: 0, parameters: { exact: true }, selection: all };
      const answer = reads.nearest(request);
      assert.deepEqual(
        answer.map(({ score }) => score),
        best,
      );
      for (const { id, score } of answer) assert.equal(score, scores.get(id));
    }
  }
}

/** Every answer as bytes. */
function answerBytes(replica: Replica, names: Iterable<string>): string {
  const answers = [...names].map((name) => {
    const shard = replica.shard(name);
    const reads = new ReadsHere(replica, name);
    const queries = Object.entries(shard.collection.vectors).flatMap(([using, { size = 0 }]) =>
      filters.map(({ filter }) =>
        reads.nearest({
          query: queryOf(using, size),
          using,
          filter,
          limit: 9,
          offset: 1,
          parameters: {},
          selection: all,
        }),
      ),
    );
    return [
      name,
      reads.scroll({ limit: 100, selection: all }),
      queries,
      filters.map(({ filter }) => reads.count(filter)),
    ];
  });
  return Buffer.from(encodeMessage(withoutUndefined(answers) as unknown[])).toString("hex");
}

/** Vectors as bytes; ids and integers of all sizes stay what they are. */
function withoutUndefined(value: unknown): unknown {
  if (value instanceof Float32Array) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutUndefined(inner)]));
}

/** Executes a group on both and compares what is refused. Returns how many commands were done. */
function executeOnBoth(
  replica: Replica,
  model: Model,
  group: Parameters<Replica["execute"]>[0],
  view: FollowedReplica,
): number {
  const { outcomes, changes } = replica.execute(group);
  const wanted = group.map((command) => executeOnModel(model, command) ?? "done");
  assert.deepEqual(
    outcomes.map((outcome) => (outcome instanceof MurmurationError ? "refused" : "done")),
    wanted,
  );
  view.follow(changes);
  return wanted.filter((outcome) => outcome === "done").length;
}

describe("a replica under any commands in any groups", () => {
  test("answers like a simple model, is read so by epochs, and so are replicas recovered from its log", () => {
    let done = 0;
    let refused = 0;
    assertUntil(
      () => ({ done: [done, 500], refused: [refused, 50] }),
      fc.property(commandGroups, (groups) => {
        const log = new MemoryOpLog();
        const replica = openReplica({ log });
        const view = new FollowedReplica(replica);
        const model: Model = new Map();
        for (const group of groups) {
          const here = executeOnBoth(replica, model, group, view);
          done += here;
          refused += group.length - here;
          for (const [name, collection] of model) {
            assertAnswers(new ReadsHere(replica, name), collection);
            const { ids: found, frontier } = view.shard(name);
            assert.deepEqual(found, [...collection.points.keys()].sort(comparePointIds));
            assert.deepEqual(frontier, replica.shard(name).frontier);
          }
        }
        const bytes = answerBytes(replica, model.keys());
        for (const recoverFrom of ["projection", "log"] as const) {
          const recovered = openReplica({ log, recoverFrom });
          assert.deepEqual(identity(recovered), identity(replica), recoverFrom);
          assert.equal(answerBytes(recovered, model.keys()), bytes, recoverFrom);
        }
      }),
      { numRuns: 60, includeErrorInReport: true },
    );
  });

  test("goes on after a recovery as if it had never stopped", () => {
    fc.assert(
      fc.property(commandGroups, fc.nat(), (groups, at) => {
        const stop = at % groups.length;
        const clock = () => steppingClock(5_000);
        const log = new MemoryOpLog();
        const first = openReplica({ log });
        for (const group of groups.slice(0, stop)) first.execute(group);
        const replicas = (["projection", "log"] as const).map((recoverFrom) =>
          openReplica({ log: copyOfLog(log), recoverFrom, clock: clock() }),
        );
        const unbroken = openReplica({ log: copyOfLog(log), clock: clock() });
        for (const group of groups.slice(stop)) for (const replica of [unbroken, ...replicas]) replica.execute(group);
        for (const replica of replicas) assert.deepEqual(identity(replica), identity(unbroken));
      }),
      { numRuns: 30, includeErrorInReport: true },
    );
  });

  test("makes the same log and the same digests from the same commands, clock and id", () => {
    fc.assert(
      fc.property(commandGroups, (groups) => {
        const [one, other] = [0, 1].map(() => {
          const log = new MemoryOpLog();
          const replica = openReplica({ log, clock: steppingClock(77) });
          for (const group of groups) replica.execute(group);
          const rows = [...log.read(0)];
          return { rows, points: log.shards().map((shard) => [...log.points(shard)]), identity: identity(replica) };
        });
        assert.deepEqual(one, other);
      }),
      { numRuns: 30, includeErrorInReport: true },
    );
  });
});
