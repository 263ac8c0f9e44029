import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { storedCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import { decodeEnvelope, encodeEnvelope, type Message } from "../../gossip/envelope.js";
import type { SnapshotWord } from "../../gossip/message.js";
import type { OpLog } from "../../log/op-log.js";
import { Cluster } from "../cluster.test-support.js";
import { createCollection, run, space } from "../replica.test-support.js";
import { compacted, compaction, forge, shardOf, tamper, write } from "../snapshot.test-support.js";

/** What is changed of the messages of a cluster; nothing at first. */
interface Tampering {
  /** Replicas of whom no snapshot can be had. */
  notServing: ReadonlySet<number>;
  /** What a replica says of snapshots, whatever it knows. */
  words: ReadonlyMap<number, SnapshotWord>;
  /** Are states of these two compared? */
  mayCompare(from: number, to: number | undefined): boolean;
}

/** Three replicas that have come to know each other's digests. */
function known(): { readonly cluster: Cluster; readonly tampering: Tampering } {
  const cluster = compacted();
  cluster.pass(35, 1_000);
  const tampering: Tampering = { notServing: new Set(), words: new Map(), mayCompare: () => true };
  tamper(cluster, (from, one) => {
    const envelope = decodeEnvelope(one.bytes);
    const { message } = envelope;
    if (message.kind === "snapshot-request" && tampering.notServing.has(one.to ?? 0)) return undefined;
    if (message.kind === "digest" && !tampering.mayCompare(from, one.to)) return undefined;
    const word = tampering.words.get(from);
    if (message.kind !== "snapshot-word" || word === undefined) return one;
    return { ...one, bytes: encodeEnvelope({ ...envelope, message: { ...message, word } }) };
  });
  return { cluster, tampering };
}

const peeringOf = (cluster: Cluster, id: number) => {
  const { peering } = cluster.get(id).status();
  assert.ok(peering);
  return peering;
};
const incidentsOf = (cluster: Cluster, id: number) => peeringOf(cluster, id).incidents.map(({ detail }) => detail);
const holds = (cluster: Cluster, id: number) =>
  Object.keys(cluster.get(id).catalogue.collections).length > 0 && cluster.get(id).shard("c").table.size > 0;
const passUntil = (cluster: Cluster, isSo: () => boolean) => {
  for (let tick = 0; tick < 400 && !isSo(); tick++) cluster.pass();
  assert.ok(isSo(), "it has come to be so");
};

/** What a replica says of another's present digests when it is asked. */
function wordOf(cluster: Cluster, id: number, of: number): SnapshotWord | undefined {
  const shard = shardOf(cluster.get(1));
  const { points_digest: points, graph_digest: graph } = cluster.get(of).digest("c");
  const { frontier } = cluster.get(of).shard("c");
  const message: Message = { kind: "snapshot-question", shard, frontier, points, graph };
  cluster.get(id).receive(encodeEnvelope({ cluster: "c", from: of, to: id, message }), of);
  const sent = cluster.get(id).outbox();
  cluster.post(id, sent);
  const answers = sent.map(({ bytes }) => decodeEnvelope(bytes).message);
  return answers.flatMap((one) => (one.kind === "snapshot-word" ? one.word : []))[0];
}

describe("what members say of a snapshot", () => {
  test("keeps one with forged contents from being installed, and another member's is taken", () => {
    const { cluster, tampering } = known();
    const point = forge(cluster, 1);
    tampering.notServing = new Set([2, 3]);
    cluster.open(4);
    cluster.pass(100);
    assert.equal(holds(cluster, 4), false);
    const shard = shardOf(cluster.get(1));
    const what = `the snapshot of shard ${shard} from replica 1 does not have the digests known to replicas 2, 3`;
    assert.ok(incidentsOf(cluster, 4).includes(what), JSON.stringify(incidentsOf(cluster, 4)));
    assert.match(cluster.get(4).standing().reasons.join(), /snapshot of replica 1 is contradicted by replicas 2, 3/);
    tampering.notServing = new Set();
    cluster.settle();
    assert.equal(cluster.get(4).shard("c").table.live(point)?.payload["forged"], undefined);
    assert.deepEqual(cluster.get(4).standing().reasons, []);
    for (const id of [1, 2, 3, 4]) assert.equal(peeringOf(cluster, id).reconciliation.repairedPoints, 0);
  });

  test("that is nothing: it is installed, shown as unconfirmed also after a start, and confirmed by comparing", () => {
    const { cluster, tampering } = known();
    tampering.words = new Map([1, 2, 3].map((id) => [id, "unknown"]));
    tampering.notServing = new Set([1, 3]);
    tampering.mayCompare = () => false;
    cluster.open(4);
    passUntil(cluster, () => holds(cluster, 4));
    const unconfirmed = [{ shard: shardOf(cluster.get(1)), source: 2 }];
    assert.deepEqual(peeringOf(cluster, 4).unconfirmedSnapshots, unconfirmed);
    cluster.settle();
    cluster.stop(4);
    cluster.open(4, { nonce: 44 });
    cluster.pass(20);
    assert.deepEqual(peeringOf(cluster, 4).unconfirmedSnapshots, unconfirmed);
    // it says nothing of what it does not know itself
    assert.equal(wordOf(cluster, 3, 2), "same");
    assert.equal(wordOf(cluster, 4, 2), "unknown");
    tampering.mayCompare = () => true;
    tampering.words = new Map();
    passUntil(cluster, () => peeringOf(cluster, 4).unconfirmedSnapshots.length === 0);
    assert.equal(wordOf(cluster, 4, 2), "same");
  });

  test("that is nothing, where others have it from the same member: they do not confirm each other, while that one is a member", () => {
    const { cluster, tampering } = known();
    forge(cluster, 1);
    tampering.notServing = new Set([2, 3]);
    tampering.words = new Map([1, 2, 3].map((id) => [id, "unknown"]));
    // nothing comes from those who know
    tampering.mayCompare = (from, to) => from > 3 && (to ?? 0) > 3;
    for (const id of [4, 5]) cluster.open(id);
    passUntil(cluster, () => holds(cluster, 4) && holds(cluster, 5));
    const equal = () => [4, 5].map((id) => peeringOf(cluster, id).reconciliation.equal);
    passUntil(cluster, () => equal().every((count) => count > 1));
    const shard = shardOf(cluster.get(1));
    for (const id of [4, 5])
      assert.deepEqual(peeringOf(cluster, id).unconfirmedSnapshots, [{ shard, source: 1 }], `replica ${id}`);
    run(cluster.get(2), { kind: "evict-member", id: 1 });
    passUntil(cluster, () => [4, 5].every((id) => peeringOf(cluster, id).unconfirmedSnapshots.length === 0));
  });

  test("that is nothing, where all that are left have it from one: nobody could contradict them, and they need not wait for it", () => {
    const { cluster, tampering } = known();
    tampering.notServing = new Set([2, 3]);
    tampering.words = new Map([1, 2, 3].map((id) => [id, "unknown"]));
    tampering.mayCompare = (from, to) => from > 3 && (to ?? 0) > 3;
    for (const id of [4, 5]) cluster.open(id);
    passUntil(cluster, () => holds(cluster, 4) && holds(cluster, 5));
    cluster.pass(100);
    const shard = shardOf(cluster.get(1));
    const unconfirmed = () => [4, 5].map((id) => peeringOf(cluster, id).unconfirmedSnapshots);
    assert.deepEqual(unconfirmed(), [[{ shard, source: 1 }], [{ shard, source: 1 }]]);
    for (const id of [2, 3]) {
      cluster.stop(id);
      run(cluster.get(1), { kind: "evict-member", id });
    }
    passUntil(cluster, () => unconfirmed().every(({ length }) => length === 0));
    // and what they have is given on, whatever becomes of the first
    tampering.notServing = new Set([1]);
    cluster.open(6);
    passUntil(cluster, () => holds(cluster, 6));
  });

  test("that is nothing, where what was forged was written over before others had the same: it is not handed on", () => {
    const { cluster, tampering } = known();
    const forged = forge(cluster, 1);
    tampering.words = new Map([1, 2, 3].map((id) => [id, "unknown"]));
    tampering.notServing = new Set([2, 3]);
    tampering.mayCompare = () => false;
    cluster.open(4);
    passUntil(cluster, () => holds(cluster, 4));
    assert.equal(cluster.get(4).shard("c").table.live(forged)?.payload["forged"], true);
    const came = storedCheckpoint(cluster.logs.get(4) as OpLog, shardOf(cluster.get(1)))?.transfer;
    write(cluster.get(2), forged, 1, 9);
    cluster.pass(5);
    assert.equal(cluster.get(4).shard("c").table.live(forged)?.payload["forged"], undefined);
    tampering.mayCompare = () => true;
    tampering.words = new Map();
    passUntil(cluster, () => peeringOf(cluster, 4).unconfirmedSnapshots.length === 0);
    assert.equal(peeringOf(cluster, 4).reconciliation.repairedPoints, 0);
    assert.notEqual(storedCheckpoint(cluster.logs.get(4) as OpLog, shardOf(cluster.get(1)))?.transfer, came);
  });

  test("that is nothing, where it is forged: the first comparison with a third reports it, and mends it", () => {
    const { cluster, tampering } = known();
    const point = forge(cluster, 1);
    tampering.words = new Map([1, 2, 3].map((id) => [id, "unknown"]));
    tampering.notServing = new Set([2, 3]);
    cluster.open(4);
    passUntil(cluster, () => holds(cluster, 4));
    assert.equal(cluster.get(4).shard("c").table.live(point)?.payload["forged"], true);
    tampering.words = new Map();
    passUntil(cluster, () => peeringOf(cluster, 4).unconfirmedSnapshots.length === 0);
    assert.equal(cluster.get(4).shard("c").table.live(point)?.payload["forged"], undefined);
    const what = /^the snapshot of shard \S+ from replica 1 does not have the points that replica [23] has$/;
    assert.ok(
      incidentsOf(cluster, 4).some((detail) => what.test(detail)),
      JSON.stringify(incidentsOf(cluster, 4)),
    );
    cluster.settle();
  });

  test("that is different, by one alone: the majority of those who know decides, and the incident names both", () => {
    const { cluster, tampering } = known();
    tampering.words = new Map([
      [2, "different"],
      [3, "same"],
    ]);
    tampering.notServing = new Set([2, 3]);
    cluster.open(4);
    passUntil(cluster, () => holds(cluster, 4));
    assert.deepEqual(peeringOf(cluster, 4).unconfirmedSnapshots, []);
    const what = /from replica 1 does not have the digests known to replica 2, and has those known to replica 3$/;
    assert.ok(
      incidentsOf(cluster, 4).some((detail) => what.test(detail)),
      JSON.stringify(incidentsOf(cluster, 4)),
    );
    cluster.settle();
  });

  test("that stands against another's word keeps a replica out, until one of the two is evicted", () => {
    const { cluster, tampering } = known();
    tampering.words = new Map([
      [1, "unknown"],
      [2, "different"],
      [3, "unknown"],
    ]);
    tampering.notServing = new Set([2]);
    cluster.open(4);
    cluster.pass(100);
    // nor is what that one gives taken
    tampering.notServing = new Set();
    cluster.pass(300);
    assert.equal(holds(cluster, 4), false);
    const reasons = cluster.get(4).standing().reasons.join();
    assert.match(reasons, /collection "c" cannot be taken over: .*evict the replica that is wrong/);
    assert.match(reasons, /the snapshot of replica [13] is contradicted by replica 2/);
    assert.ok((peeringOf(cluster, 4).refused["snapshot"] ?? 0) < 60, "it is asked less and less often");
    cluster.stop(2);
    run(cluster.get(1), { kind: "evict-member", id: 2 });
    passUntil(cluster, () => holds(cluster, 4));
    cluster.settle();
    assert.deepEqual(cluster.get(4).standing().reasons, []);
  });

  test("is not waited for where there is nobody else", () => {
    const cluster = new Cluster([1], { compaction });
    cluster.pass(3);
    run(cluster.get(1), createCollection("c", { "": space(4, "Euclid") }));
    for (let salt = 0; salt < 4; salt++) {
      write(cluster.get(1), 0, 30, salt);
      cluster.pass(5);
    }
    assert.ok(cluster.get(1).status().compaction.checkpoints > 0);
    cluster.open(2);
    passUntil(cluster, () => holds(cluster, 2));
    assert.deepEqual(peeringOf(cluster, 2).unconfirmedSnapshots, []);
    cluster.settle();
  });

  test("is not waited for for ever where one is not heard", () => {
    const { cluster, tampering } = known();
    tampering.notServing = new Set([2, 3]);
    tampering.words = new Map([[2, "unknown"]]);
    cluster.open(4);
    passUntil(cluster, () => cluster.get(4).status().applied > 0);
    cluster.stop(3);
    passUntil(cluster, () => holds(cluster, 4));
    cluster.open(3, { nonce: 33 });
    cluster.settle();
  });
});
