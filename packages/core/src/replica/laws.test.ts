import assert from "node:assert/strict";
import { test } from "node:test";
import { denseSpaceOf, type GraphReader } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import type { Command } from "../command/command.js";
import { encodeEnvelope } from "../gossip/envelope.js";
import { areConcurrent, reorder } from "../gossip/history.test-support.js";
import { decodeBatchOperations, encodeBatch } from "../operation/batch.js";
import type { Operation } from "../operation/operation.js";
import { CausalState } from "../state/causal-state.js";
import { admittedLog, Cluster } from "./cluster.test-support.js";
import { SYSTEM_SHARD } from "./commit/stored-causality.js";
import type { Replica } from "./replica.js";
import { createCollection, point, run, space, tagIs, upsert } from "./replica.test-support.js";

// The laws of the replicated state, on whole histories: production replicas write and care for their graphs while messages are held back,
// then fresh replicas are given the same set of operations in other orders, cuts and numbers.

const LINKS = 2;
const POINTS = 12;
const founders = [1, 2, 3];
const collection = createCollection("c", { "": { ...space(3, "Euclid"), links: LINKS, efConstruction: 8 } });

interface Step {
  readonly actor: number;
  readonly kind:
    | "upsert"
    | "delete"
    | "delete-where"
    | "set"
    | "overwrite"
    | "clear"
    | "vector"
    | "cut"
    | "heal"
    | "pass";
  readonly choice: number;
}

/** An operation with everything that its writer knew. */
type Event = Operation & { readonly past: ReadonlyMap<number, number> };

const kinds = {
  upsert: 12,
  delete: 2,
  "delete-where": 1,
  set: 2,
  overwrite: 1,
  clear: 1,
  vector: 2,
  cut: 3,
  heal: 1,
  pass: 3,
};
const step: fc.Arbitrary<Step> = fc.record({
  actor: fc.constantFrom(...founders),
  kind: fc.oneof(
    ...Object.entries(kinds).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind as Step["kind"]) })),
  ),
  choice: fc.nat(99_999),
});
const history = fc.array(step, { minLength: 20, maxLength: 70, size: "max" });
/** Numbers that orders and cuts are made by. */
const choices = fc.array(fc.nat(9_999), { minLength: 20, maxLength: 20 });

/** Few vectors, some of them equal, so that links meet. */
const vectorOf = (choice: number) => [choice % 5, (choice >> 3) % 7, (choice >> 5) % 3];
const tags = ["red", "blue", "green"] as const;
const payloadOf = (choice: number) => ({ tag: tags[choice % 3] as string, n: choice % 4 });

function commandOf({ kind, choice }: Step): Command | undefined {
  const id = choice % POINTS;
  const target = { ids: [id] };
  switch (kind) {
    case "upsert": {
      const points = Array.from({ length: 1 + (choice % 4) }, (_, i) =>
        point((id + i) % POINTS, vectorOf(choice + 7 * i), payloadOf(choice + i)),
      );
      return upsert("c", points);
    }
    case "delete":
      return { kind: "delete-points", collection: "c", target };
    case "delete-where":
      return { kind: "delete-points", collection: "c", target: { filter: tagIs(tags[choice % 3] as string) } };
    case "set":
      return { kind: "set-payload", collection: "c", target, payload: { [`f${choice % 3}`]: choice } };
    case "overwrite":
      return { kind: "overwrite-payload", collection: "c", target, payload: payloadOf(choice >> 2) };
    case "clear":
      return { kind: "clear-payload", collection: "c", target };
    case "vector":
      return {
        kind: "update-vectors",
        collection: "c",
        points: [{ id, vectors: point(id, vectorOf(choice)).vectors }],
      };
    default:
      return undefined;
  }
}

/** What replicas do that hear of each other now and then. What a command refuses (its point is not there) is no matter. */
function live(steps: readonly Step[]): Cluster {
  const cluster = new Cluster(founders);
  cluster.pass(2);
  run(cluster.get(1), collection);
  cluster.pass(2);
  for (const one of steps) {
    const command = commandOf(one);
    if (command !== undefined) cluster.get(one.actor).execute([command]);
    else if (one.kind === "cut") cluster.cut(one.actor, (one.actor % founders.length) + 1);
    else if (one.kind === "heal") cluster.heal();
    else cluster.pass(1 + (one.choice % 3), 500);
  }
  return cluster;
}

/** Every operation of a shard that any log holds, in a causal order. */
function operationsOf(cluster: Cluster, shard: string): Event[] {
  const rows = new Map<string, Operation>();
  for (const log of cluster.logs.values()) {
    for (const { origin, sequence, bytes } of log.read(0, { shard })) {
      rows.set(
        `${origin}:${sequence}`,
        decodeBatchOperations({ shard, origin, firstSequence: sequence, rows: [bytes] })[0] as Operation,
      );
    }
  }
  const left = [...rows.values()].sort((a, b) => a.sequence - b.sequence || a.origin - b.origin);
  const causality = new CausalState();
  const ordered: Event[] = [];
  while (left.length > 0) {
    const at = left.findIndex(
      ({ origin, sequence, dependencies }) =>
        sequence === (causality.frontier.get(origin) ?? 0) + 1 &&
        [...dependencies].every(([of, upTo]) => (causality.frontier.get(of) ?? 0) >= upTo),
    );
    const [next] = left.splice(at, 1);
    assert.ok(at >= 0 && next !== undefined, "the logs hold whole histories");
    ordered.push({ ...next, past: new Map(causality.advance(next)) });
  }
  return ordered;
}

/** Consecutive operations of one origin in runs as long as `lengthOf` says. */
function cut(operations: readonly Event[], lengthOf: () => number): Event[][] {
  const runs: Event[][] = [];
  for (const origin of new Set(operations.map((operation) => operation.origin))) {
    const own = operations.filter((operation) => operation.origin === origin).sort((a, b) => a.sequence - b.sequence);
    while (own.length > 0) runs.push(own.splice(0, lengthOf()));
  }
  return runs;
}

function picker(numbers: readonly number[]): (below: number) => number {
  let at = 0;
  return (below) => (numbers[at++ % numbers.length] as number) % below;
}

function give(replica: Replica, batches: readonly (readonly Operation[])[]): void {
  for (const operations of batches) {
    const [first] = operations as readonly [Operation];
    if (first.origin === replica.id) continue;
    const message = { kind: "operations" as const, batch: encodeBatch(operations) };
    replica.receive(encodeEnvelope({ cluster: "c", from: first.origin, to: 0, message }));
  }
}

/** A replica that holds the catalogue and nothing else. */
function observer(cluster: Cluster, id: number): Replica {
  const replica = cluster.open(id, { log: admittedLog() });
  give(
    replica,
    cut(operationsOf(cluster, SYSTEM_SHARD), () => 1),
  );
  return replica;
}

/** Each node's list on each level, by dot. */
function listsOf(reader: GraphReader, members: "membersAt" | "neighboursAt"): Map<string, string[]> {
  const dotAt = (slot: number) => {
    const { origin, sequence } = reader.dotAt(slot);
    return `${origin}:${sequence}`;
  };
  const lists = new Map<string, string[]>();
  for (let slot = 0; slot < reader.slotCount; slot++) {
    const { linked, level: top } = reader.nodeAt(slot);
    if (!linked) continue;
    for (let level = 0; level <= top; level++) {
      lists.set(`${dotAt(slot)} ${level}`, Array.from(reader[members](slot, level), dotAt).sort());
    }
  }
  return lists;
}

/** All that must be equal where the same operations were applied. */
function stateOf(replica: Replica) {
  const shard = replica.shard("c");
  const [target] = [...replica.writableShards()];
  const index = denseSpaceOf(target?.indexes.get(""));
  const { lastInsert, pairs, closed } = shard.windows.encode();
  return {
    digest: replica.digest("c"),
    effective: index.effectiveDigest(),
    lists: listsOf(index.reader, "neighboursAt"),
    // from where an owner has to look is its own hint
    windows: { lastInsert, pairs: pairs.map(([a, b, concurrent]) => [a, b, concurrent]), closed },
    isOpen: shard.windows.isOpen(),
    entries: index.reader.entryOrigins(),
    past: shard.causality.toJson(),
  };
}

const seen = { concurrent: 0, stitched: 0, overflow: 0, purged: 0, forgotten: 0 };

function note(cluster: Cluster, operations: readonly Event[]): void {
  for (const [i, operation] of operations.entries()) {
    if (operations.slice(0, i).some((earlier) => areConcurrent(earlier, operation))) seen.concurrent++;
    if (operation.kind === "edges" && operation.reason === "stitch" && operation.deltas.length > 0) seen.stitched++;
    if (operation.kind === "purge") seen.purged++;
    if (operation.kind === "forget") seen.forgotten++;
  }
  const [target] = [...cluster.get(1).writableShards()];
  seen.overflow += target?.indexes.get("")?.links?.counters().overflowLists ?? 0;
}

test("the same operations give the same state, whatever their order, their batches and how often they come", () => {
  assertUntil(
    // the laws are put to the test
    () => Object.fromEntries(Object.entries(seen).map(([what, count]) => [what, [count, 1] as const])),
    fc.property(history, choices, (steps, numbers) => {
      const cluster = live(steps);
      const operations = operationsOf(cluster, cluster.get(1).shard("c").id);
      note(cluster, operations);
      const pick = picker(numbers);

      // one at a time, in two causal orders
      const [one, other] = [observer(cluster, 11), observer(cluster, 12)];
      give(
        one,
        reorder(operations, numbers).map((operation) => [operation]),
      );
      const expected = stateOf(one);
      give(
        other,
        reorder(operations, [...numbers].reverse()).map((operation) => [operation]),
      );
      assert.deepEqual(stateOf(other), expected, "concurrent operations commute");

      // in batches of any length, in any order: what comes early waits
      const batched = observer(cluster, 13);
      const batches = cut(operations, () => 1 + pick(9));
      for (let i = batches.length - 1; i > 0; i--) {
        const j = pick(i + 1);
        [batches[i], batches[j]] = [batches[j] as Event[], batches[i] as Event[]];
      }
      give(batched, batches);
      assert.deepEqual(stateOf(batched), expected, "batches associate");

      // again, cut otherwise: nothing changes, nothing is logged
      const before = batched.position();
      give(
        batched,
        cut(operations, () => 1 + pick(5)),
      );
      give(batched, batches);
      assert.deepEqual(stateOf(batched), expected, "operations are idempotent");
      assert.equal(batched.position(), before);

      // those who wrote them, too
      for (const id of founders) {
        give(
          cluster.get(id),
          cut(operations, () => 1 + pick(20)),
        );
        const { digest, effective, lists, windows, isOpen } = stateOf(cluster.get(id));
        assert.deepEqual({ ...expected, digest, effective, lists, windows, isOpen }, expected, `writer ${id}`);
      }
    }),
    { numRuns: 20 },
  );
});
