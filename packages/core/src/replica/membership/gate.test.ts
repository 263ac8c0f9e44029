import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CatalogueCommand } from "../../catalogue/catalogue-command.js";
import { CatalogueDocument } from "../../catalogue/catalogue-document.js";
import { encodeEnvelope, type Message } from "../../gossip/envelope.js";
import { limits } from "../../limits.js";
import { encodeBatch } from "../../operation/batch.js";
import { decodeOperation } from "../../operation/codec.js";
import type { Operation, OperationBody } from "../../operation/operation.js";
import { Cluster } from "../cluster.test-support.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";
import type { Replica } from "../replica.js";
import { createCollection, openReplica, point, run, upsert } from "../replica.test-support.js";

const STRANGER = 9;

/** Three members with a collection of two points, and nothing under way. */
function members(): Cluster {
  const cluster = new Cluster([]);
  for (const id of [1, 2, 3])
    cluster.open(id, { cluster: { name: "c", region: `r${id}`, nonce: id, founding: { peers: 2 } } });
  cluster.pass(60);
  run(cluster.get(1), createCollection("c"), upsert("c", [point(1, [1, 0]), point(2, [0, 1])]));
  cluster.settle();
  return cluster;
}

/** Give a replica a message as if it came from somebody; `sender` is who sent it, as the transport knows. */
function say(to: Replica, from: number, message: Message, { sender = from, toAll = false } = {}): void {
  to.receive(encodeEnvelope({ cluster: "c", from, to: toAll ? 0 : to.id, message }), sender);
}

const refused = (replica: Replica) => replica.status().peering?.refused ?? {};

function operation(cluster: Cluster, shard: string, origin: number, sequence: number, body: OperationBody): Message {
  const time = { wallMs: cluster.nowMs, counter: 0 };
  // as whoever has the catalogue depends on it
  const dependencies = shard === SYSTEM_SHARD ? new Map(cluster.get(1).frontiers([]).get(SYSTEM_SHARD)) : new Map();
  const made: Operation = { shard, origin, sequence, time, dependencies, ...body };
  return { kind: "operations", batch: encodeBatch([made]) };
}

const heartbeat = (cluster: Cluster, frontiers: ReadonlyMap<string, ReadonlyMap<number, number>>): Message => ({
  kind: "heartbeat",
  incarnation: 1,
  nowMs: cluster.nowMs,
  frontiers,
});

describe("a message", () => {
  test("that somebody sends in another's name is refused and counted, whatever it is", () => {
    const cluster = members();
    const replica = cluster.get(1);
    const shard = replica.shard("c").id;
    const before = replica.digest("c");
    const forged: Message[] = [
      heartbeat(cluster, new Map([[shard, new Map([[1, 1_000]])]])),
      operation(cluster, shard, 2, 1, { kind: "delete", ids: [1, 2] }),
      { kind: "durable", incarnation: 1, round: 1, members: [1, 2, 3], frontiers: new Map() },
    ];
    for (const message of forged) say(replica, 2, message, { sender: STRANGER });
    assert.equal(refused(replica)["forged"], forged.length);
    assert.match(replica.status().peering?.incidents.at(-1)?.detail ?? "", /replica 9 sends as replica 2/);
    assert.deepEqual(replica.digest("c"), before);
    assert.equal(replica.standing().refusesWrites, undefined);
  });

  test("of one that is no member fences nobody, completes no quorum, asks for no data and compares nothing", () => {
    const cluster = members();
    const replica = cluster.get(1);
    const shard = replica.shard("c").id;
    cluster.stop(3);
    run(replica, upsert("c", [point(3, [1, 1])]));
    const wait = replica.waits.begin({
      kind: "write",
      shard,
      operationId: 3,
      level: { kind: "all" },
      timeoutMs: 1_000,
    });
    const held = new Map([[shard, new Map([[1, 1_000]])]]);
    say(replica, STRANGER, heartbeat(cluster, held));
    for (const incarnation of [0, 1])
      say(replica, STRANGER, { kind: "durable", incarnation, round: 1, members: [1, 2, 3], frontiers: held });
    say(replica, STRANGER, { kind: "ask", incarnation: 1, round: 1, wanted: held });
    say(replica, STRANGER, { kind: "request", shard, origin: 1, after: 0, limit: 100 });
    say(replica, STRANGER, { kind: "snapshot-request", shard, transfer: 0, first: 0, count: 4 });
    say(replica, STRANGER, { kind: "digest", shard, frontier: new Map(), asks: true, points: "", graph: "" });
    assert.equal(replica.standing().refusesWrites, undefined);
    assert.equal(refused(replica)["not a member"], 6);
    assert.ok(replica.outbox().every(({ to }) => to !== STRANGER));
    cluster.pass(20);
    const [settled] = replica.waits.settled();
    assert.deepEqual([settled?.id, settled?.result], [wait, "quorum-missed"]);
  });

  test("with operations of somebody else is taken only from whom they were asked of", () => {
    const cluster = members();
    const replica = cluster.get(1);
    const shard = replica.shard("c").id;
    const before = replica.digest("c");
    const forged = operation(cluster, shard, 3, 1, { kind: "delete", ids: [1, 2] });
    say(replica, 2, forged);
    say(replica, 2, forged, { toAll: true });
    say(replica, STRANGER, operation(cluster, shard, STRANGER, 1, { kind: "delete", ids: [1, 2] }));
    assert.deepEqual(replica.digest("c"), before);
    assert.deepEqual([refused(replica)["not asked for"], refused(replica)["not a member"]], [2, 1]);
    // what 3 wrote and is lost on its way comes from 2
    cluster.cut(1, 3);
    run(cluster.get(3), upsert("c", [point(5, [1, 1])]));
    cluster.pass(100);
    assert.equal(replica.digest("c").points, 3);
  });

  test("with an operation of the catalogue by one that is no member is taken when it joins, and does nothing else", () => {
    const cluster = members();
    const replica = cluster.get(1);
    const catalogue = JSON.stringify(replica.catalogue);
    // the catalogue as the stranger has it
    const joiner = openReplica({
      newReplicaId: () => STRANGER,
      cluster: { name: "c", nonce: 1, founding: { peers: 0 } },
    });
    const { document } = documentOf(joiner, cluster);
    const change = (command: CatalogueCommand) => document.plan(command, "9-1") as Uint8Array;
    const commands: readonly CatalogueCommand[] = [
      { kind: "delete-collection", name: "c" },
      { kind: "evict-member", id: 2 },
      createCollection("mine"),
      { kind: "join-member", id: 8, region: "elsewhere" },
    ];
    for (const command of commands) {
      cluster.nowMs += 10_000;
      const body: OperationBody = { kind: "catalogue", change: change(command) };
      say(replica, STRANGER, operation(cluster, SYSTEM_SHARD, STRANGER, 1, body), { toAll: true });
      assert.equal(JSON.stringify(replica.catalogue), catalogue, command.kind);
    }
    assert.equal(refused(replica)["not a member"], commands.length);
    cluster.nowMs += 10_000;
    const join: OperationBody = {
      kind: "catalogue",
      change: change({ kind: "join-member", id: STRANGER, region: "x" }),
    };
    say(replica, STRANGER, operation(cluster, SYSTEM_SHARD, STRANGER, 1, join), { toAll: true });
    assert.deepEqual(
      replica.catalogue.members.map(({ id }) => id),
      [1, 2, 3, STRANGER],
    );
  });
});

/** The catalogue document of a cluster, as another replica would edit it. */
function documentOf(editor: Replica, cluster: Cluster): { readonly document: CatalogueDocument } {
  let document = CatalogueDocument.create(editor.id);
  for (const { bytes, origin, sequence } of cluster.logs.get(1)?.read(0, { shard: SYSTEM_SHARD }) ?? []) {
    const operation = decodeOperation(SYSTEM_SHARD, origin, sequence, bytes);
    assert.equal(operation.kind, "catalogue");
    document = document.apply((operation as Extract<Operation, { kind: "catalogue" }>).change);
  }
  return { document };
}

describe("heartbeats of 20,000 invented replicas", () => {
  test("take up a few places, are counted, and keep no member and no joiner out", () => {
    const cluster = members();
    const replica = cluster.get(1);
    const big = new Map(Array.from({ length: 50 }, (_, i) => [`s${i}`, new Map([[7, 7]])] as const));
    const began = performance.now();
    for (let id = 1_000; id < 21_000; id++) say(replica, id, heartbeat(cluster, big), { toAll: true });
    const { peering } = replica.status();
    assert.ok((peering?.peers.length ?? 0) <= 2 + limits.strangersMax);
    assert.equal(refused(replica)["too many strangers"], 20_000 - limits.strangersMax);
    assert.ok((peering?.incidents.length ?? 0) <= 32);
    // a loose bound: each costs what decoding it costs
    assert.ok(performance.now() - began < 10_000);
    cluster.pass(20);
    assert.equal(replica.status().peering?.peers.filter(({ suspect, isMember }) => isMember && !suspect).length, 2);
    // when they are silent, their places are free
    cluster.open(STRANGER, { cluster: { name: "c", region: "r9", nonce: 9, founding: { peers: 3 } } });
    cluster.pass(60);
    assert.equal(cluster.get(STRANGER).standing().refusesWrites, undefined);
    cluster.pass(700);
    assert.equal(replica.status().peering?.peers.length, 3);
  });
});
