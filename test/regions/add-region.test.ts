import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type NatsServer, startNatsServer } from "../support/nats.js";
import { type Region, RegionCluster, type RegionDigest } from "../support/regions/region-cluster.js";
import { killAllServers, newFolder, removeFolder, runCli, type ServerProcess, startServer } from "../support/server.js";
import { until } from "../support/until.js";

// docs/operations.md, "Add a region" and "Lose a region", step by step, as an operator does them

/** More than one request for missing operations asks for. */
const MANY = 4_500;
const BATCH = 500;
const JOIN_MS = 120_000;
/** Before each look at servers: what is waited for must have most of their time. */
const REST_MS = 200;

interface Running {
  readonly name: string;
  readonly broker: NatsServer;
  readonly server: ServerProcess;
}

describe("a region that is added to two that do not list it", { timeout: 400_000 }, () => {
  const folder = newFolder("add-region");
  const added: Running[] = [];
  let cluster: RegionCluster;
  after(async () => {
    for (const { server } of added) await server.kill().catch(() => undefined);
    for (const { broker } of added) await broker.dispose();
    await cluster?.stop();
    removeFolder(folder);
    killAllServers();
  });

  async function upserts(server: ServerProcess, from: number, to: number): Promise<void> {
    for (let first = from; first < to; first += BATCH) {
      const ids = Array.from({ length: Math.min(BATCH, to - first) }, (_, i) => first + i);
      const points = ids.map((id) => ({
        id,
        vector: [Math.sin(id), Math.cos(id), Math.sin(id / 7), 1],
        payload: { n: id },
      }));
      const { status, body } = await server.request("PUT", "/collections/c/points?wait=true", { points });
      assert.equal(status, 200, JSON.stringify(body));
    }
  }

  /** Starts a region beside those that run, as the page says: its own broker, and all others as peers. */
  async function add(name: string, others: readonly (Region | Running)[]): Promise<Running> {
    const broker = await startNatsServer();
    const peers = others.flatMap((one) => ["--peer", `${one.name}=${one.broker.url}`]);
    const invited = runCli("invite", "--url", (others[0] as Region | Running).server.address);
    assert.equal(invited.code, 0, invited.err);
    const options = ["--region", name, "--nats", broker.url, ...peers, "--invitation", invited.out.trim()];
    const server = await startServer({ dataFolder: join(folder, name), options, waitFor: "listening" });
    const running = { name, broker, server };
    added.push(running);
    return running;
  }

  const digestOf = async ({ server }: { readonly server: ServerProcess }) => {
    const { status, body } = await server.request("GET", "/murmur/collections/c/digest");
    return status === 200 ? (body.result as RegionDigest) : undefined;
  };

  async function untilEqual(all: readonly { readonly server: ServerProcess }[]): Promise<RegionDigest> {
    let digests: (RegionDigest | undefined)[] = [];
    await until(
      async () => {
        await pause(REST_MS);
        digests = await Promise.all(all.map(digestOf));
        const states = digests.map((one) => one && JSON.stringify([one.points, one.points_digest, one.graph_digest]));
        return states[0] !== undefined && new Set(states).size === 1;
      },
      () => `the regions are equal: ${JSON.stringify(digests)}`,
      JOIN_MS,
    );
    return digests[0] as RegionDigest;
  }

  /** Until it is ready. Whatever it answers before is a refusal that gives the reason; never that something is not there. */
  async function untilJoined(
    { server }: Running,
    points: number,
  ): Promise<{ readonly ms: number; readonly reasons: Set<string> }> {
    const beganMs = performance.now();
    const reasons = new Set<string>();
    await until(
      async () => {
        await pause(REST_MS);
        const list = await server.request("GET", "/collections");
        const count = await server.request("POST", "/collections/c/points/count", { exact: true });
        const write = await server.request("PUT", "/collections/c/points", { points: [] });
        for (const { status, body } of [list, count, write]) {
          assert.ok(status === 503 || status < 300 || status === 400, `${status} ${JSON.stringify(body)}`);
          if (status === 503) reasons.add((body.status as { readonly error: string }).error);
        }
        if (list.status === 200) assert.deepEqual(list.body.result, { collections: [{ name: "c" }] });
        if (count.status === 200) assert.ok((count.body.result as { readonly count: number }).count >= points);
        for (const path of ["/healthz", "/livez", "/metrics", "/murmur/status"])
          assert.equal((await server.request("GET", path)).status, 200, path);
        return (await server.request("GET", "/readyz")).status === 200;
      },
      () => `it is ready: ${[...reasons].join("; ")}`,
      JOIN_MS,
    );
    return { ms: performance.now() - beganMs, reasons };
  }

  test("joins at 15 writes, takes writes, and hears and is heard by all", async (context) => {
    cluster = await RegionCluster.start({ names: ["eu", "us"], purpose: "add-region" });
    const [eu, us] = [cluster.region("eu"), cluster.region("us")];
    const created = await eu.server.request("PUT", "/collections/c", { vectors: { size: 4, distance: "Cosine" } });
    assert.equal(created.status, 200);
    await upserts(eu.server, 0, 15);
    await untilEqual([eu, us]);
    const ap = await add("ap", [eu, us]);
    const { ms, reasons } = await untilJoined(ap, 15);
    context.diagnostic(`ready after ${Math.round(ms)} ms; said ${JSON.stringify([...reasons])}`);
    await upserts(ap.server, 100, 105);
    await upserts(us.server, 200, 205);
    assert.equal((await untilEqual([eu, us, ap])).points, 25);
  });

  test("joins at 4,500 writes with a member dead, which it names until that one is evicted", async (context) => {
    const [eu, us, ap] = [cluster.region("eu"), cluster.region("us"), added[0] as Running];
    await upserts(eu.server, 1_000, 1_000 + MANY);
    await untilEqual([eu, us, ap]);
    const { result } = (await us.server.request("GET", "/murmur/cluster")).body;
    const { replica_id: dead } = result as { readonly replica_id: number };
    await us.server.kill();
    const sa = await add("sa", [eu, us, ap]);
    const names = new RegExp(`waits for replica ${dead} \\(us\\), which`);
    await until(
      async () => {
        const answer = await sa.server.request("GET", "/collections");
        assert.equal(answer.status, 503);
        return names.test((answer.body.status as { readonly error: string }).error);
      },
      "it says whom it waits for",
      JOIN_MS,
    );
    const evicted = runCli("evict", String(dead), "--url", eu.server.address);
    assert.equal(evicted.code, 0, evicted.err);
    const { ms, reasons } = await untilJoined(sa, MANY);
    context.diagnostic(`ready ${Math.round(ms)} ms after the eviction; said ${JSON.stringify([...reasons])}`);
    await upserts(sa.server, 300, 305);
    assert.equal((await untilEqual([eu, ap, sa])).points, MANY + 30);
    const members = runCli("members", "--url", sa.server.address);
    assert.equal(members.code, 0);
    assert.match(members.out, /sa/);
  });
});
