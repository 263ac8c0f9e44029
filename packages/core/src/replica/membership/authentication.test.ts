import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeEnvelope, encodeEnvelope } from "../../gossip/envelope.js";
import { invitationText, readInvitation } from "../../gossip/invitation.js";
import type { Message } from "../../gossip/message.js";
import type { Signing } from "../../gossip/signing.js";
import { Cluster } from "../cluster.test-support.js";
import { keyedSigning } from "../keyed-signing.test-support.js";
import type { Replica } from "../replica.js";
import { createCollection, point, run, upsert } from "../replica.test-support.js";
import type { ClusterOptions } from "../upkeep/cluster-options.js";

const SECRET = new TextEncoder().encode("of the cluster");

interface Keyed {
  readonly cluster: Cluster;
  readonly signing: Map<number, Signing>;
  open(id: number, more?: Partial<ClusterOptions>): Replica;
}

/** Replicas with keys that know no ids in advance. */
function keyed(): Keyed {
  const cluster = new Cluster([]);
  const signing = new Map<number, Signing>();
  let nonce = 0;
  const open = (id: number, more: Partial<ClusterOptions> = {}) => {
    const own = signing.get(id) ?? keyedSigning(`r${id}`);
    signing.set(id, own);
    nonce += 1;
    const options = {
      name: "c",
      region: `r${id}`,
      nonce,
      founding: { peers: 2 },
      startWaitMs: 0,
      signing: own,
      ...more,
    };
    return cluster.open(id, { cluster: options });
  };
  return { cluster, signing, open };
}

function founded(more: Partial<ClusterOptions> = {}): Keyed {
  const made = keyed();
  for (const id of [1, 2, 3]) made.open(id, more);
  made.cluster.pass(80);
  for (const id of [1, 2, 3]) assert.equal(refusesWrites(made.cluster.get(id)), undefined);
  return made;
}

const refusesWrites = (replica: Replica) => replica.status().peering?.refusesWrites;
const refused = (replica: Replica) => replica.status().peering?.refused ?? {};
const members = (replica: Replica) => replica.catalogue.members.map(({ id, state }) => `${id} ${state}`);

function sealed(signing: Signing, from: number, message: Message, session = 2 ** 30, count = 1, to = 0): Uint8Array {
  return encodeEnvelope({ cluster: "c", from, to, message }, { session, count, sign: (bytes) => signing.sign(bytes) });
}

const heartbeat = (nowMs: number, incarnation = 5): Message => ({
  kind: "heartbeat",
  incarnation,
  nowMs,
  frontiers: new Map(),
});

describe("a cluster whose members have keys", () => {
  test("begins without invitations, with as many as were waited for, and then only signed messages pass", () => {
    const { cluster } = founded();
    let isSigned = true;
    cluster.passes = (_from, _to, bytes) => {
      isSigned &&= decodeEnvelope(bytes).seal !== undefined;
      return true;
    };
    run(cluster.get(2), createCollection("a"), upsert("a", [point(1, [1, 2])]));
    cluster.settle();
    assert.ok(isSigned);
    for (const id of [1, 2, 3]) {
      assert.deepEqual(members(cluster.get(id)), ["1 active", "2 active", "3 active"]);
      assert.ok(cluster.get(id).catalogue.members.every(({ keys }) => keys?.length === 1));
    }
  });

  test("takes nothing that is not signed by whom it is from, and counts it", () => {
    const { cluster, signing } = founded();
    const replica = cluster.get(1);
    const before = replica.status().peering?.peers.find(({ id }) => id === 2)?.clockOffsetMs;
    const far = heartbeat(cluster.nowMs + 500_000);
    const counted = { unsigned: 0, forged: 0, "unknown key": 0, ...refused(replica) };
    replica.receive(encodeEnvelope({ cluster: "c", from: 2, to: 0, message: far }));
    replica.receive(sealed(signing.get(3) as Signing, 2, far));
    replica.receive(sealed(keyedSigning("nobody"), 2, far));
    replica.receive(sealed(keyedSigning("stranger"), 77, far));
    assert.deepEqual(
      { ...counted, ...refused(replica) },
      {
        ...counted,
        unsigned: counted.unsigned + 1,
        forged: counted.forged + 2,
        "unknown key": counted["unknown key"] + 1,
      },
    );
    assert.equal(replica.status().peering?.peers.find(({ id }) => id === 2)?.clockOffsetMs, before);
    replica.receive(sealed(signing.get(2) as Signing, 2, far));
    assert.ok((replica.status().peering?.peers.find(({ id }) => id === 2)?.clockOffsetMs ?? 0) > 400_000);
  });

  test("takes no message twice, nor one of an earlier start", () => {
    const { cluster, signing } = founded();
    const replica = cluster.get(1);
    const own = signing.get(2) as Signing;
    const again = sealed(own, 2, heartbeat(cluster.nowMs), 2 ** 30, 7);
    for (let i = 0; i < 3; i++) replica.receive(again);
    assert.equal(refused(replica)["replayed"], 2);
    replica.receive(sealed(own, 2, heartbeat(cluster.nowMs), 2 ** 30 - 1, 8));
    assert.equal(refused(replica)["replayed"], 3);
    const told = replica.outbox().map(({ bytes }) => decodeEnvelope(bytes));
    assert.ok(told.some(({ to, message }) => to === 2 && message.kind === "session" && message.known === 2 ** 30));
    // whoever speaks in an earlier session than is known is told so, and speaks in a later one
    cluster.pass(40);
    const counted = refused(replica)["replayed"];
    cluster.pass(20);
    assert.equal(refused(replica)["replayed"], counted);
    assert.equal(replica.status().peering?.peers.find(({ id }) => id === 2)?.suspect, false);
  });

  test("takes a member's new key while the old one signs, and forgets the old one", () => {
    const { cluster, signing } = founded();
    const own = signing.get(2) as Signing;
    const [old] = own.publicKeys();
    cluster.cut(2, 3);
    cluster.cut(1, 3);
    cluster.get(2).joining.renewKey();
    cluster.pass(20);
    assert.equal(own.publicKeys().length, 2, "one that does not know it keeps the old one in use");
    cluster.heal();
    cluster.pass(60);
    assert.equal(own.publicKeys().length, 1);
    assert.notEqual(own.publicKeys()[0], old);
    for (const id of [1, 2, 3]) {
      assert.deepEqual(cluster.get(id).catalogue.members.find((one) => one.id === 2)?.keys, own.publicKeys());
    }
    run(cluster.get(2), createCollection("b"));
    cluster.settle();
  });

  test("refuses to let a replica go on under a key that it was not known by", () => {
    const { cluster, open, signing } = founded();
    cluster.stop(2);
    signing.set(2, keyedSigning("another"));
    open(2);
    cluster.pass(20);
    assert.match(refusesWrites(cluster.get(2)) ?? "", /key is not the one/);
    assert.ok((refused(cluster.get(1))["forged"] ?? 0) > 0);
  });

  test("takes no more of an evicted member than the eviction found, signed as it may be", () => {
    const { cluster } = founded();
    run(cluster.get(1), createCollection("a"));
    cluster.settle();
    cluster.cut(2, 1);
    cluster.cut(2, 3);
    const kept: Uint8Array[] = [];
    run(cluster.get(2), upsert("a", [point(9, [1, 1])]));
    for (const { bytes } of cluster.get(2).outbox()) kept.push(bytes);
    run(cluster.get(1), { kind: "evict-member", id: 2 });
    cluster.pass(20);
    const digest = cluster.get(1).digest("a");
    for (const bytes of kept) for (const id of [1, 3]) cluster.get(id).receive(bytes, 2);
    cluster.pass(20);
    for (const id of [1, 3]) assert.deepEqual(cluster.get(id).digest("a"), digest);
    assert.ok((refused(cluster.get(1))["evicted"] ?? 0) > 0);
  });
});

describe("a replica that joins a cluster whose members have keys", () => {
  test("is not let in without an invitation, and says so to the members", () => {
    const { cluster, open } = founded();
    open(9);
    cluster.pass(40);
    assert.deepEqual(members(cluster.get(1)), ["1 active", "2 active", "3 active"]);
    assert.ok((refused(cluster.get(1))["not invited"] ?? 0) > 0);
    assert.notEqual(refusesWrites(cluster.get(9)), undefined);
  });

  test("is let in by an invitation, once, before it ends, by the cluster that made it", () => {
    const { cluster, open } = founded();
    run(cluster.get(1), createCollection("a"), upsert("a", [point(1, [1, 2])]));
    const text = invitationText(cluster.get(2).joining.invite("n1", cluster.nowMs + 60_000));
    const invitation = readInvitation(text);
    open(9, { invitation });
    cluster.pass(60);
    assert.equal(refusesWrites(cluster.get(9)), undefined);
    cluster.settle();
    assert.deepEqual(members(cluster.get(9)), ["1 active", "2 active", "3 active", "9 active"]);
    // used
    open(10, { invitation });
    cluster.pass(40);
    assert.ok(!members(cluster.get(1)).includes("10 active"));
    assert.ok((refused(cluster.get(2))["not invited"] ?? 0) > 0);
    cluster.stop(10);
    // over
    const late = cluster.get(2).joining.invite("n2", cluster.nowMs + 1_000);
    cluster.pass(20);
    open(11, { invitation: late });
    cluster.pass(40);
    assert.ok(!members(cluster.get(1)).includes("11 active"));
    cluster.stop(11);
    // of another cluster, whose members have the same ids
    const foreign = keyedSigning("r2 of another cluster");
    const stolen = { ...invitation, name: "2.n3", secret: foreign.secretOf(new Uint8Array(3)) };
    open(12, { invitation: stolen });
    cluster.pass(40);
    assert.deepEqual(members(cluster.get(1)), ["1 active", "2 active", "3 active", "9 active"]);
  });

  test("takes no catalogue from whoever cannot prove to have its invitation", () => {
    const { cluster, open, signing } = founded();
    const invitation = cluster.get(2).joining.invite("n1", cluster.nowMs + 60_000);
    for (const id of [1, 2, 3]) cluster.cut(id, 9);
    open(9, { invitation });
    const liar = keyedSigning("liar");
    const said = { invitation: invitation.name, keys: new Map([[2, liar.publicKeys()]]), proof: new Uint8Array(32) };
    cluster.get(9).receive(sealed(liar, 2, { kind: "admitted", ...said }), 2);
    cluster.get(9).receive(sealed(liar, 2, heartbeat(cluster.nowMs), 3), 2);
    assert.ok((refused(cluster.get(9))["forged"] ?? 0) > 0);
    assert.equal(cluster.get(9).status().peering?.peers.length, 1);
    assert.ok(signing.has(9));
    cluster.heal();
    cluster.pass(60);
    assert.equal(refusesWrites(cluster.get(9)), undefined);
  });

  test("is let in by the secret of the cluster; without it none founds and none joins", () => {
    const { cluster, open } = founded({ secret: SECRET });
    open(9, { secret: SECRET });
    cluster.pass(80);
    assert.equal(refusesWrites(cluster.get(9)), undefined);
    open(10, { secret: new TextEncoder().encode("of another") });
    open(11);
    cluster.pass(60);
    assert.deepEqual(members(cluster.get(1)), ["1 active", "2 active", "3 active", "9 active"]);
    const other = keyed();
    other.open(1, { secret: SECRET });
    other.open(2, { secret: SECRET });
    other.open(3);
    other.cluster.pass(80);
    assert.notEqual(refusesWrites(other.cluster.get(1)), undefined);
  });
});

describe("a cluster of members without keys", () => {
  test("goes on as it was until all have told theirs, and from then on takes nothing unsigned", () => {
    const { cluster, open } = keyed();
    const options = { name: "c", nonce: 9, founding: { peers: 2 }, startWaitMs: 0 };
    for (const id of [1, 2, 3]) cluster.open(id, { cluster: { ...options, region: `r${id}` } });
    cluster.pass(80);
    run(cluster.get(1), createCollection("a"), upsert("a", [point(1, [1, 2])]));
    cluster.settle();
    for (const id of [1, 2]) {
      cluster.stop(id);
      open(id);
      cluster.pass(40);
    }
    run(cluster.get(1), upsert("a", [point(2, [1, 2])]));
    run(cluster.get(3), upsert("a", [point(3, [1, 2])]));
    cluster.settle();
    assert.deepEqual(
      cluster.get(3).catalogue.members.map(({ keys }) => keys?.length),
      [1, 1, undefined],
    );
    cluster.stop(3);
    open(3);
    cluster.pass(60);
    run(cluster.get(3), upsert("a", [point(4, [1, 2])]));
    cluster.settle();
    for (const id of [1, 2, 3]) {
      const before = refused(cluster.get(id))["unsigned"] ?? 0;
      cluster.get(id).receive(encodeEnvelope({ cluster: "c", from: (id % 3) + 1, to: 0, message: heartbeat(1) }));
      assert.equal(refused(cluster.get(id))["unsigned"], before + 1, `replica ${id}`);
    }
    // and so it is after a start
    cluster.stop(1);
    open(1);
    cluster.get(1).receive(encodeEnvelope({ cluster: "c", from: 2, to: 0, message: heartbeat(1) }));
    assert.equal(refused(cluster.get(1))["unsigned"], 1);
  });
});
