import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connectNatsTransport, type NatsTransport } from "@murmuration/server/nats";
import { connect } from "nats";
import { type NatsServer, startNatsServer } from "../support/nats.js";
import { until } from "../support/until.js";

const NEEDLE = "planted plaintext of a message";
const STREAM_BYTES_MAX = 8 * 1024 * 1024;

let server: NatsServer;
let folder: string;
const open: NatsTransport[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "murmuration-cluster-key-"));
  server = await startNatsServer();
});
after(async () => {
  for (const transport of open) transport.close();
  await server.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** A replica, and what it was told. */
async function member(cluster: string, replicaId: number, keys: string | undefined) {
  const clusterKeyFile = join(folder, `${cluster}-${replicaId}`);
  if (keys !== undefined) writeFileSync(clusterKeyFile, keys);
  const transport = await connectNatsTransport({
    cluster,
    replicaId,
    region: "here",
    own: { servers: [server.url] },
    streamBytesMax: STREAM_BYTES_MAX,
    ...(keys === undefined ? {} : { clusterKeyFile }),
  });
  const told: string[] = [];
  transport.onMessage((bytes) => told.push(Buffer.from(bytes).toString("latin1")));
  open.push(transport);
  await until(() => transport.isReady(), "a transport connects");
  const say = (text: string, to?: number) =>
    transport.send([{ to, lane: to === undefined ? "live" : "control", bytes: Buffer.from(text, "latin1") }]);
  return { transport, told, say };
}

test("a broker keeps nothing in the clear of what members with a cluster key say, and forges nothing for them", async () => {
  const key = randomBytes(32).toString("hex");
  const members: Awaited<ReturnType<typeof member>>[] = [];
  for (const keys of [undefined, key]) {
    const cluster = keys === undefined ? "plain" : "sealed";
    const [one, other] = [await member(cluster, 1, keys), await member(cluster, 2, keys)];
    const found = () => server.stored().filter((bytes) => bytes.includes(cluster + NEEDLE)).length;
    one.say(`${cluster}${NEEDLE} to all`);
    one.say(`${cluster}${NEEDLE} to one`, 2);
    // longer than a frame: it travels in parts
    one.say(`${cluster}${NEEDLE} that is long ${"x".repeat(900_000)}`, 2);
    await until(() => other.told.length === 3, "what was said has arrived");
    assert.ok(other.told.every((text) => text.startsWith(cluster + NEEDLE)));
    await until(
      () => server.stored().some((bytes) => bytes.includes(`murmur.${cluster}.live.1`)),
      "it is in the stream",
    );
    assert.equal(found() > 0, keys === undefined, "the scan finds what is not sealed, and nothing else");
    members.push(one, other);
  }
  // a client of the broker sends in the name of a member what another member has sealed, and what is not sealed
  const [unsealed, , sender, receiver] = members as [Member, Member, Member, Member];
  const client = await connect({ servers: server.url });
  const heard = new Map<string, Uint8Array>();
  client.subscribe("murmur.*.live.1", { callback: (_, { subject, data }) => void heard.set(subject, data) });
  await client.flush();
  for (const one of [sender, unsealed]) one.say("more");
  await until(() => heard.size === 2, "the client hears frames");
  const malformed = () => receiver.transport.counters().malformedFrames;
  await until(() => receiver.told.includes("more"), "the member hears the frame itself");
  assert.equal(malformed(), 0);
  client.publish("murmur.sealed.to.2.3", heard.get("murmur.sealed.live.1") as Uint8Array);
  client.publish("murmur.sealed.to.2.1", heard.get("murmur.plain.live.1") as Uint8Array);
  await client.flush();
  await until(() => malformed() === 2, "both are refused");
  assert.equal(receiver.told.filter((text) => text === "more").length, 1, "and nothing of them is told");
  await client.close();
});

type Member = Awaited<ReturnType<typeof member>>;
