import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Filter, finish, type Payload, type Sliced } from "@murmuration/index";
import fc from "fast-check";
import { sortedEntries } from "../causality/version-vector.js";
import type { Command } from "../command/command.js";
import type { Replica } from "../replica/replica.js";
import { createCollection, openReplica, point, space, upsert } from "../replica/replica.test-support.js";
import { ReplicaView } from "../replica/view.js";
import type { Shard } from "../state/shard.js";
import { nearestInSlices } from "./nearest.js";
import { retrieveInSlices } from "./records.js";
import { countInSlices, scrollInSlices } from "./scroll.js";

const POINTS = 1_500;
const everything = { payload: true, vectors: true } as const;

/** A replica, and a view that follows it at once. */
class Pair {
  readonly replica: Replica = openReplica({ viewThread: 1 });
  readonly view: ReplicaView;

  constructor() {
    const { replica } = this;
    this.view = new ReplicaView({
      points: new Map(),
      catalogue: replica.catalogue,
      handles: replica.handles(),
      thread: 1,
    });
    this.do(
      createCollection("a", { "": space(2, "Euclid") }),
      ...(["n", "tag"] as const).map(
        (path): Command => ({
          kind: "create-payload-index",
          collection: "a",
          path,
          schema: { kind: path === "n" ? "integer" : "keyword" },
        }),
      ),
      upsert(
        "a",
        Array.from({ length: POINTS }, (_, id) => point(id, [id, 0], payloadOf(id))),
      ),
    );
  }

  get shard(): Shard {
    return this.view.shard("a");
  }

  do(...commands: Command[]): void {
    const { outcomes, changes } = this.replica.execute(commands);
    for (const outcome of outcomes) assert.ok("operationId" in outcome, String(outcome));
    this.view.follow([...this.replica.changes(), ...changes]);
  }

  upkeep(): void {
    for (let i = 0; i < 3; i++) this.replica.tick();
    this.view.follow(this.replica.changes());
  }
}

function payloadOf(seed: number): Payload {
  return { n: seed % 17, tag: ["red", "green", "blue"][seed % 3] as string, list: [{ x: seed % 5 }, { x: seed % 7 }] };
}

const filters: readonly (Filter | undefined)[] = [
  undefined,
  filterOf({ kind: "match-value", key: "tag", value: "red" }),
  filterOf({ kind: "range", key: "n", gt: 3, lte: 9 }),
  filterOf({
    kind: "nested",
    key: "list",
    filter: filterOf({ kind: "match-any", key: "x", values: [1, 2] }),
  }),
  {
    must: [],
    should: [
      { kind: "match-value", key: "tag", value: "blue" },
      { kind: "range", key: "list[].x", gte: 5 },
      { kind: "has-id", ids: Array.from({ length: 300 }, (_, i) => i * 5) },
    ],
    mustNot: [{ kind: "match-value", key: "n", value: 2 }],
  },
];

function filterOf(...must: Filter["must"]): Filter {
  return { must, should: [], mustNot: [] };
}

const given = <T>(key: string, value: T | undefined) => (value === undefined ? {} : { [key]: value });

/** Reads, and what each finds. */
const reads: readonly ((shard: Shard, filter: Filter | undefined) => Sliced<unknown>)[] = [
  (shard, filter) => countInSlices(shard, filter),
  ...[undefined, "asc", "desc"].flatMap((direction) =>
    [7, 4_000].map(
      (limit) =>
        function* (shard: Shard, filter: Filter | undefined): Sliced<unknown> {
          const points: unknown[] = [];
          const orderBy = direction === undefined ? undefined : { key: "n", direction };
          const request = { limit, selection: everything, ...given("filter", filter), ...given("orderBy", orderBy) };
          const next = yield* scrollInSlices(shard, request as never, (one) => points.push(one));
          return { points, next };
        },
    ),
  ),
  ...[true, false].map(
    (exact) =>
      function* (shard: Shard, filter: Filter | undefined): Sliced<unknown> {
        const points: unknown[] = [];
        const request = {
          query: Float32Array.of(700.5, 0),
          using: "",
          limit: 400,
          offset: 3,
          parameters: { exact },
          selection: everything,
          ...given("filter", filter),
        };
        yield* nearestInSlices(shard, request as never, (one) => points.push(one));
        return points;
      },
  ),
  function* (shard: Shard): Sliced<unknown> {
    const points: unknown[] = [];
    const ids = Array.from({ length: 900 }, (_, i) => i * 2);
    yield* retrieveInSlices(shard, ids, everything, (one) => points.push(one));
    return points;
  },
];

const change = fc.oneof(
  fc.record({ kind: fc.constant("upsert" as const), id: fc.nat(POINTS + 200), seed: fc.nat(1_000) }),
  fc.record({ kind: fc.constant("payload" as const), id: fc.nat(POINTS), seed: fc.nat(1_000) }),
  fc.record({ kind: fc.constant("delete" as const), id: fc.nat(POINTS), seed: fc.nat(40) }),
  fc.record({ kind: fc.constant("index" as const), id: fc.constant(0), seed: fc.nat(1) }),
);

function commandOf({ kind, id, seed }: { kind: string; id: number; seed: number }, shard: Shard): Command[] {
  const ids = Array.from({ length: seed }, (_, i) => id + i * 3).filter((each) => shard.table.live(each) !== undefined);
  if (kind === "upsert") return [upsert("a", [point(id, [seed, 1], payloadOf(seed))])];
  if (kind === "delete") return [{ kind: "delete-points", collection: "a", target: { ids } }];
  if (kind === "payload") {
    return shard.table.live(id) === undefined
      ? []
      : [{ kind: "overwrite-payload", collection: "a", target: { ids: [id] }, payload: payloadOf(seed) }];
  }
  return seed === 0
    ? [{ kind: "delete-payload-index", collection: "a", path: "tag" }]
    : [{ kind: "create-payload-index", collection: "a", path: "tag", schema: { kind: "keyword" } }];
}

describe("a read in slices beside writes", () => {
  test("answers what a read at once answers at the moment at which it says that it is fixed", () => {
    let [paused, changed] = [0, 0];
    fc.assert(
      fc.property(
        fc.nat(reads.length - 1),
        fc.nat(filters.length - 1),
        fc.array(change, { minLength: 20, maxLength: 60, size: "max" }),
        fc.integer({ min: 1, max: 9 }),
        (which, filter, changes, every) => {
          const pair = new Pair();
          const read = reads[which] as (typeof reads)[number];
          const work = read(pair.shard, filters[filter]);
          let frontier: unknown;
          let wanted: unknown;
          let pauses = 0;
          let step = work.next();
          for (; step.done !== true; step = work.next()) {
            if (step.value === "fixed") {
              frontier = sortedEntries(pair.shard.frontier);
              wanted = finish(read(pair.shard, filters[filter]));
            }
            const next = step.value === "pause" && pauses++ % every === 0 ? changes.pop() : undefined;
            if (next === undefined) continue;
            const before = sortedEntries(pair.shard.frontier);
            pair.do(...commandOf(next, pair.shard));
            pair.upkeep();
            if (JSON.stringify(before) !== JSON.stringify(sortedEntries(pair.shard.frontier))) changed++;
          }
          paused += pauses;
          assert.ok(frontier !== undefined, "every read says when it is fixed");
          assert.deepEqual(step.value, wanted);
        },
      ),
      { numRuns: 30 },
    );
    assert.ok(paused > 1_000 && changed > 50, `${paused} pauses, ${changed} changes`);
  });

  test("pauses every so many conditions, rows and records, and keeps nothing when it is ended early", () => {
    const pair = new Pair();
    const conditions = Array.from(
      { length: 1_000 },
      (_, i) => ({ kind: "match-value", key: `k${i}`, value: 1 }) as const,
    );
    const filter: Filter = { must: [], should: conditions, mustNot: [] };
    let pauses = 0;
    const work = countInSlices(pair.shard, filter);
    while (work.next().done !== true) pauses++;
    assert.ok(pauses > (1_000 * POINTS) / 10_000, `${pauses} pauses`);
    const ended = scrollInSlices(pair.shard, { limit: 1_000, selection: everything }, () => undefined);
    for (let i = 0; i < 20; i++) ended.next();
    assert.equal(pair.shard.table.watchers, 1);
    ended.return(null);
    assert.equal(pair.shard.table.watchers, 0);
  });
});
