import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, hash, type KeyObject, sign } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  encodeBatch,
  encodeEnvelope,
  type Invitation,
  type Message,
  proofOfIntroduction,
  readInvitation,
} from "@murmuration/core";
import { connect, type NatsConnection } from "nats";
import { type NatsServer, startNatsServer } from "../support/nats.js";
import { killAllServers, newFolder, removeFolder, runCli, type ServerProcess, startServer } from "../support/server.js";
import { until } from "../support/until.js";

// Whoever reaches the broker, and may publish there whatever they like, tries to be a member (docs/security.md, "Members and their keys").

const CLUSTER = "murmuration";
const [EU, US] = [1, 2] as const;
const SESSION = 2 ** 40;

/** A key that no member has. */
class Stranger {
  readonly #key: KeyObject = generateKeyPairSync("ed25519").privateKey;
  readonly publicKey: string = (this.#key.export({ format: "jwk" }) as { readonly x: string }).x;
  #count = 0;

  signed(from: number, message: Message, to = 0): Uint8Array {
    this.#count += 1;
    const signs = (bytes: Uint8Array) => sign(null, hash("sha256", bytes, "buffer"), this.#key);
    return encodeEnvelope(
      { cluster: CLUSTER, from, to, message },
      { session: SESSION, count: this.#count, sign: signs },
    );
  }

  /** Asks to be let in by this invitation, or by none. */
  introduction(from: number, invitation: Invitation | undefined): Uint8Array {
    const said = {
      kind: "introduce" as const,
      keys: [this.publicKey],
      region: "elsewhere",
      url: undefined,
      invitation: invitation?.name ?? "",
      endsMs: invitation?.endsMs ?? 0,
    };
    const authenticate = (secret: Uint8Array, bytes: Uint8Array) => createHmac("sha256", secret).update(bytes).digest();
    const proof = proofOfIntroduction({ authenticate }, invitation?.secret ?? new Uint8Array(32), CLUSTER, from, said);
    return this.signed(from, { ...said, proof });
  }
}

/** A frame of one message (docs/nats.md). */
function frame(bytes: Uint8Array): Uint8Array {
  const framed = new Uint8Array(14 + bytes.byteLength);
  framed.set([1, 1, 7, 7, 7, 7, 7, 7, 7, 7]);
  new DataView(framed.buffer).setUint32(10, bytes.byteLength, true);
  framed.set(bytes, 14);
  return framed;
}

describe("whoever publishes at the broker, and has no member's key", { timeout: 240_000 }, () => {
  const folder = newFolder("forged-messages");
  const stranger = new Stranger();
  const recorded: { readonly subject: string; readonly data: Uint8Array }[] = [];
  let broker: NatsServer;
  let forger: NatsConnection;
  let eu: ServerProcess;
  let us: ServerProcess;
  let shard = "";

  const start = (name: string, id: number, other: string) =>
    startServer({
      dataFolder: join(folder, name),
      options: ["--region", name, "--replica-id", String(id), "--nats", broker.url, "--peer", other],
      waitFor: "listening",
    });
  const result = async (path: string) => (await eu.request("GET", path)).body.result as Record<string, unknown>;
  const refused = async () => (await result("/murmur/replication"))["refused"] as { readonly [reason: string]: number };
  const counted = async (reason: string) => (await refused())[reason] ?? 0;
  const members = async () => {
    const { members: all } = (await result("/murmur/cluster")) as { members: { id: number; state: string }[] };
    return all.map(({ id, state }) => `${id} ${state}`);
  };
  const held = async () => {
    const { points, points_digest, graph_digest } = await result("/murmur/collections/c/digest");
    return {
      points,
      points_digest,
      graph_digest,
      members: await members(),
      writes: (await result("/murmur/cluster"))["refuses_writes"],
    };
  };
  const ready = (server: ServerProcess) =>
    until(
      async () => (await server.request("GET", "/readyz")).status === 200,
      () => server.log(),
      60_000,
    );

  before(async () => {
    broker = await startNatsServer();
    [eu, us] = await Promise.all([start("eu", EU, "us"), start("us", US, "eu")]);
    await Promise.all([ready(eu), ready(us)]);
    forger = await connect({ servers: broker.url });
    forger.subscribe(`murmur.${CLUSTER}.>`, {
      callback: (_, { subject, data }) => recorded.push({ subject, data: data.slice() }),
    });
    assert.equal((await eu.request("PUT", "/collections/c", { vectors: { size: 2, distance: "Dot" } })).status, 200);
    const points = { points: [{ id: 1, vector: [1, 2] }] };
    await until(
      async () => (await us.request("PUT", "/collections/c/points?write_consistency=all", points)).status === 200,
      "a write that both hold",
      60_000,
    );
    const { shards } = (await result("/murmur/status")) as { shards: { shard: string }[] };
    shard = shards[0]?.shard ?? "";
  });
  after(async () => {
    await forger?.close();
    for (const server of [eu, us]) await server?.kill().catch(() => undefined);
    await broker?.dispose();
    removeFolder(folder);
    killAllServers();
  });

  test("is no other member: batches, heartbeats, words, snapshots, deletes and evictions are refused and counted", async () => {
    const before = await held();
    const was = await refused();
    const time = { wallMs: Date.now(), counter: 0 };
    const deletion = {
      kind: "delete",
      shard,
      origin: US,
      sequence: 2,
      time,
      dependencies: new Map(),
      ids: [1],
    } as const;
    const far = new Map([[shard, new Map([[US, 1_000_000]])]]);
    const messages: Message[] = [
      { kind: "operations", batch: encodeBatch([deletion]) },
      { kind: "heartbeat", incarnation: SESSION, nowMs: Date.now() + 3_600_000, frontiers: far },
      { kind: "durable", incarnation: 1, round: 1, members: [EU, US], frontiers: far },
      { kind: "snapshot", shard, transfer: 1, part: 0, parts: 1, bytes: new Uint8Array(9) },
      { kind: "snapshot-word", shard, points: "", graph: "", word: "same" },
      { kind: "operations", batch: encodeBatch([{ ...deletion, shard: "system" }]) },
      { kind: "start", incarnation: SESSION },
      { kind: "session", known: SESSION },
    ];
    for (const message of messages) {
      for (const bytes of [
        encodeEnvelope({ cluster: CLUSTER, from: US, to: 0, message }),
        stranger.signed(US, message),
      ])
        forger.publish(`murmur.${CLUSTER}.all.${US}`, frame(bytes));
    }
    await forger.flush();
    await until(
      async () =>
        (await counted("unsigned")) - (was["unsigned"] ?? 0) === messages.length &&
        (await counted("forged")) - (was["forged"] ?? 0) === messages.length,
      "all are refused",
    );
    assert.deepEqual(await held(), before);
  });

  test("is let in by no invitation that is none, that was used, that has ended, or that another cluster made", async () => {
    const was = await counted("not invited");
    const made = async (seconds: number) => {
      const { body } = await eu.request("POST", "/murmur/cluster/invitations", { expires_s: seconds });
      return readInvitation((body.result as { readonly invitation: string }).invitation);
    };
    const knock = (from: number, by: Stranger, invitation: Invitation | undefined) =>
      forger.publish(`murmur.${CLUSTER}.all.${from}`, frame(by.introduction(from, invitation)));
    knock(50, stranger, undefined);
    const ended = await made(1);
    const invitation = await made(60);
    knock(51, stranger, { ...invitation, secret: new Uint8Array(32) });
    knock(52, stranger, { ...invitation, endsMs: invitation.endsMs + 1 });
    await until(() => Date.now() > ended.endsMs, "an invitation has ended");
    knock(53, stranger, ended);
    await forger.flush();
    await until(async () => (await counted("not invited")) - was === 4, "four are refused");
    assert.deepEqual(await members(), [`${EU} active`, `${US} active`]);
    // who was invited gets in, and nobody else by the same invitation
    knock(54, stranger, invitation);
    await until(async () => (await members()).includes("54 active"), "the invited one is in");
    knock(55, new Stranger(), invitation);
    await forger.flush();
    await until(async () => (await counted("not invited")) - was === 5, "the invitation is used");
    assert.deepEqual(await members(), [`${EU} active`, `${US} active`, "54 active"]);
    assert.equal(runCli("evict", "54", "--url", eu.address).code, 0);
    const last = runCli("invite", "--url", eu.address).out.trim();
    const foreign = runCli("serve", "--nats", broker.url, "--region", "x", "--cluster", "other", "--invitation", last);
    assert.equal(foreign.code, 2);
    assert.match(foreign.err, /invitation is to the cluster "murmuration"/);
  });

  test("brings nothing of an evicted member in any more, though it was signed by that one", async () => {
    await eu.kill();
    const from = recorded.length;
    const lost = { points: [{ id: 2, vector: [2, 2] }] };
    assert.equal((await us.request("PUT", "/collections/c/points?wait=true", lost)).status, 200);
    await until(
      () => recorded.slice(from).some(({ subject }) => subject.includes(".live.")),
      "what it wrote is published",
    );
    await us.kill();
    const kept = recorded.slice(from).filter(({ subject }) => subject.endsWith(`.${US}`));
    const { streams } = await forger.jetstreamManager();
    const last = kept.findLast(({ subject }) => subject.includes(".live."));
    assert.ok(last);
    // what is purged has to be stored before, or it would be there for whoever starts
    const isStored = async () => {
      const stored = await streams
        .getMessage(`murmur_${CLUSTER}`, { last_by_subj: last.subject })
        .catch(() => undefined);
      return stored !== undefined && Buffer.compare(stored.data, last.data) === 0;
    };
    await until(isStored, "the broker has stored it");
    await streams.purge(`murmur_${CLUSTER}`);
    eu = await start("eu", EU, "us");
    await until(async () => (await members()).length === 3, "it has started");
    // a replica that starts writes nothing, an eviction neither, before it has asked the others in vain what they hold of its writes
    let said = "";
    const isEvicted = () => {
      const { code, err } = runCli("evict", String(US), "--url", eu.address);
      if (code !== 0) assert.match(err, /has just started/);
      said = err;
      return code === 0;
    };
    await until(isEvicted, () => `it takes the eviction: ${said}`);
    await ready(eu);
    const before = await held();
    for (const { data } of kept) forger.publish(`murmur.${CLUSTER}.all.${US}`, data);
    await forger.flush();
    await until(async () => (await counted("evicted")) >= 1, "it is refused");
    assert.deepEqual(await held(), before);
    assert.equal(before.points, 1);
  });
});
