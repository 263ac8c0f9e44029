import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { FastifyInstance } from "fastify";
import { buildApp } from "../app.js";
import { until } from "../testing/member-app.js";
import { openMemoryDatabase } from "../testing/memory-database.js";
import { fill } from "../testing/test-app.js";
import { Snapshots } from "./snapshots.js";

const HOUR_MS = 3_600_000;
const path = "/collections/things/shards/0/snapshot";

describe("a snapshot that is sent and not kept", () => {
  const root = mkdtempSync(join(tmpdir(), "murmur-sent-"));
  let snapshots: Snapshots;
  let app: FastifyInstance;
  let close: () => Promise<void>;

  before(async () => {
    const { database } = await openMemoryDatabase();
    snapshots = await Snapshots.open(root, database);
    app = await buildApp(database, { snapshots });
    const ask = async (method: "PUT", url: string, payload: unknown) => {
      assert.equal((await app.inject({ method, url, payload: payload as object })).statusCode, 200, url);
    };
    await fill({ ask: ask as never });
    await app.listen({ host: "127.0.0.1", port: 0 });
    close = () => database.close();
  });
  after(async () => {
    await app.close();
    await close();
    rmSync(root, { recursive: true, force: true });
  });

  // else an erasure waits for it for ever
  const isOver = async () =>
    !(await snapshots.folder.hasWorkSince(Date.now() + HOUR_MS)) && readdirSync(join(root, ".work")).length === 0;

  it("is work that is over when it is sent", async () => {
    assert.equal((await app.inject({ method: "GET", url: path })).statusCode, 200);
    await until("nothing is under way", isOver);
  });

  it("is over, too, when the client is gone before it is made", async () => {
    const { port } = app.server.address() as AddressInfo;
    const [client, [served]] = await Promise.all([
      Promise.resolve(connect(port, "127.0.0.1")),
      once(app.server, "connection") as Promise<[Socket]>,
    ]);
    const create = snapshots.createToSend.bind(snapshots);
    let isMade = false;
    snapshots.createToSend = async (of) => {
      const made = await create(of);
      client.destroy();
      await once(served, "close");
      isMade = true;
      return made;
    };
    client.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until("it is made", () => isMade);
    await until("nothing is under way", isOver);
  });
});
