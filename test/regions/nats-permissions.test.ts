import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { encodeEnvelope, type Message } from "@murmuration/core";
import { connect, Events, type NatsConnection } from "nats";
import { type NatsServer, startNatsServer } from "../support/nats.js";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { root } from "../support/source-tree.js";
import { until } from "../support/until.js";

const CLUSTER = "murmuration";

/** The broker's configuration of docs/nats.md, for region eu. */
function documented(): string {
  const page = readFileSync(join(root, "docs/nats.md"), "utf8");
  const [block] = /^ {4}authorization \{[\s\S]*?^ {4}\}/m.exec(page) ?? [];
  assert.ok(block !== undefined, "docs/nats.md has the permissions");
  return block;
}

/** The same for region us: with the names and the ids exchanged, as the page says. */
function exchanged(config: string): string {
  const swaps: Readonly<Record<string, string>> = { eu: "us", us: "eu", EU: "US", US: "EU", "1": "2", "2": "1" };
  return config.replace(/\b(eu|us)\b|(EU|US)(?=_READS)|(?<=\.)[12](?=["."])/g, (name) => swaps[name] as string);
}

/** A frame of one message (docs/nats.md). */
function frame(from: number, to: number, message: Message): Uint8Array {
  const bytes = encodeEnvelope({ cluster: CLUSTER, from, to, message });
  const framed = new Uint8Array(14 + bytes.byteLength);
  framed.set([1, 1, 7, 7, 7, 7, 7, 7, 7, 7]);
  new DataView(framed.buffer).setUint32(10, bytes.byteLength, true);
  framed.set(bytes, 14);
  return framed;
}

const claim = (shard: string): Message => ({
  kind: "heartbeat",
  incarnation: 2 ** 40,
  nowMs: Date.now(),
  frontiers: new Map([[shard, new Map([[1, 1_000_000]])]]),
});
const durable: Message = { kind: "durable", incarnation: 1, round: 1, members: [1, 2], frontiers: new Map() };

interface Standing {
  readonly refused: { readonly [reason: string]: number };
  readonly refusesWrites: string | null;
}

async function standing(server: ServerProcess): Promise<Standing> {
  const { refused } = (await server.request("GET", "/murmur/replication")).body.result as Pick<Standing, "refused">;
  const { refuses_writes } = (await server.request("GET", "/murmur/cluster")).body.result as {
    refuses_writes: string | null;
  };
  return { refused, refusesWrites: refuses_writes };
}

describe("brokers with the documented permissions", { timeout: 180_000 }, () => {
  const folder = newFolder("permissions");
  const brokers: NatsServer[] = [];
  const servers: ServerProcess[] = [];
  const connections: NatsConnection[] = [];
  before(async () => {
    const config = documented();
    for (const one of [config, exchanged(config)]) brokers.push(await startNatsServer({ config: one, isOpen: false }));
    const [eu, us] = brokers.map(({ url }) => url) as [string, string];
    for (const [name, id, own, peer] of [
      ["eu", "1", eu, `us=${us}`],
      ["us", "2", us, `eu=${eu}`],
    ] as const) {
      const credentials = ["--nats-user", name, "--nats-password", `secret-of-${name}`];
      const options = ["--region", name, "--replica-id", id, "--nats", own, "--peer", peer, ...credentials];
      servers.push(await startServer({ dataFolder: join(folder, name), options, waitFor: "listening" }));
    }
  });
  after(async () => {
    for (const connection of connections) await connection.close();
    for (const server of servers) await server.kill().catch(() => undefined);
    for (const broker of brokers) await broker.dispose();
    removeFolder(folder);
    killAllServers();
  });

  test("let replicas of both regions work, with the ids that they were given", async () => {
    const [eu, us] = servers as [ServerProcess, ServerProcess];
    for (const [i, server] of servers.entries()) {
      await until(
        async () => (await server.request("GET", "/readyz")).status === 200,
        () => server.log(),
        60_000,
      );
      const { replica_id: id } = (await server.request("GET", "/murmur/status")).body.result as { replica_id: number };
      assert.equal(id, i + 1);
    }
    assert.equal((await eu.request("PUT", "/collections/c", { vectors: { size: 2, distance: "Dot" } })).status, 200);
    const write = await us.request("PUT", "/collections/c/points?wait=true&write_consistency=all", {
      points: [{ id: 1, vector: [1, 2] }],
    });
    // the collection may not be there yet
    if (write.status !== 200) {
      const again = async () =>
        (
          await us.request("PUT", "/collections/c/points?write_consistency=all", {
            points: [{ id: 1, vector: [1, 2] }],
          })
        ).status;
      await until(async () => (await again()) === 200, "a write that both hold");
    }
    const log = servers.map((server) => server.log()).join("\n");
    assert.doesNotMatch(
      log,
      /permissions? violation|refuses a subscription|cannot be read: trying|does not take operations/i,
    );
  });

  test("refuse what one replica's user publishes under another's id, and the stream of another region", async () => {
    const [broker] = brokers as [NatsServer];
    const forger = await connect({ servers: broker.url, user: "us", pass: "secret-of-us" });
    connections.push(forger);
    const refusals: string[] = [];
    void (async () => {
      for await (const { type, data } of forger.status()) if (type === Events.Error) refusals.push(String(data));
    })();
    const before = await standing(servers[0] as ServerProcess);
    const subjects = ["live.1", "all.1", "visit.1", "to.1.1", "to.2.1", "live.2", "all.2"];
    for (const subject of subjects) forger.publish(`murmur.${CLUSTER}.${subject}`, frame(1, 0, durable));
    for (const api of ["STREAM.UPDATE", "STREAM.DELETE", "STREAM.PURGE"])
      forger.publish(`$JS.API.${api}.murmur_${CLUSTER}`, "{}");
    forger.publish("_INBOX.guessed", frame(1, 0, durable));
    await forger.flush();
    await until(
      () => refusals.length >= subjects.length + 4,
      () => `every publication is refused: ${refusals.length}`,
    );
    assert.deepEqual((await standing(servers[0] as ServerProcess)).refused, before.refused, "nothing has come");
  });

  test("pass on what it publishes under its own id, of which every replica refuses what names another", async () => {
    const [eu] = servers as [ServerProcess];
    const forger = connections[0] as NatsConnection;
    const shard = "1-1";
    const before = await standing(eu);
    forger.publish(`murmur.${CLUSTER}.to.1.2`, frame(1, 0, claim(shard)));
    forger.publish(`murmur.${CLUSTER}.to.1.2`, frame(9, 1, durable));
    await forger.flush();
    const forged = async () => ((await standing(eu)).refused["forged"] ?? 0) - (before.refused["forged"] ?? 0);
    await until(async () => (await forged()) === 2, "both are counted as forged");
    assert.equal((await standing(eu)).refusesWrites, null, "nobody is fenced");
  });
});

describe("a broker that lets everybody publish", { timeout: 120_000 }, () => {
  test("brings messages of one that is no member, which are refused and counted, and fence nobody", async () => {
    const folder = newFolder("open-broker");
    const broker = await startNatsServer();
    const options = ["--region", "eu", "--replica-id", "1", "--nats", broker.url];
    const server = await startServer({ dataFolder: join(folder, "eu"), options, waitFor: "ready" });
    const stranger = await connect({ servers: broker.url });
    try {
      for (let id = 1_000; id < 3_000; id++)
        stranger.publish(`murmur.${CLUSTER}.all.${id}`, frame(id, 0, claim("1-1")));
      stranger.publish(`murmur.${CLUSTER}.to.1.9`, frame(9, 1, durable));
      await stranger.flush();
      await until(async () => {
        const { refused } = await standing(server);
        return (refused["unsigned"] ?? 0) === 2_001;
      }, "all of them are refused");
      assert.equal((await standing(server)).refusesWrites, null);
      const response = await fetch(`${server.address}/metrics`);
      const metrics = await response.text();
      assert.doesNotMatch(metrics, /peer="1\d\d\d"/, "strangers have no series");
      const created = await server.request("PUT", "/collections/c", { vectors: { size: 2, distance: "Dot" } });
      assert.equal(created.status, 200);
    } finally {
      await stranger.close();
      await server.kill();
      await broker.dispose();
      removeFolder(folder);
    }
  });
});
