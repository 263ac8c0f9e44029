import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { buildApp } from "../app.js";
import { Passing } from "../engine/channel-transport.test-support.js";
import { dataFiles } from "../engine/data-folder.js";
import type { Database } from "../engine/database.js";
import { openDatabase } from "../engine/open-database.js";
import { EventReader, type ServerEvent } from "../testing/event-reader.js";
import { until } from "../testing/member-app.js";
import { changesOfFile } from "./changes-link.js";

interface Region {
  readonly database: Database;
  readonly app: FastifyInstance;
  readonly cut: Int32Array;
  readonly url: string;
}

const isOperation = ({ data }: ServerEvent) => data.startsWith('{"dot"');
const dotOf = ({ data }: ServerEvent) => (JSON.parse(data) as { dot: string }).dot;
const idOf = ({ data }: ServerEvent) => (JSON.parse(data) as { id: number }).id;

describe("a change stream over regions", () => {
  it("gives each operation once to who goes from one region to another and back, whatever each of them holds", async () => {
    const folder = mkdtempSync(join(tmpdir(), "murmuration-changes-"));
    const channel = randomUUID();
    const open = async (name: string): Promise<Region> => {
      const cut = new Int32Array(new SharedArrayBuffer(4));
      const module = new URL("../engine/channel-transport.test-support.js", import.meta.url).href;
      const transport = { module, exportName: "connectChannel", options: { channel, cut } };
      const dataFolder = join(folder, name);
      const database = await openDatabase({
        dataFolder,
        log: pino({ level: "silent" }),
        cluster: { name: "c", region: name, peers: 1, transport },
      });
      const app = await buildApp(database, { changes: { open: changesOfFile({ file: dataFiles(dataFolder).log }) } });
      return { database, app, cut, url: await app.listen({ host: "127.0.0.1", port: 0 }) };
    };
    const [eu, us] = (await Promise.all(["eu", "us"].map(open))) as [Region, Region];
    after(async () => {
      for (const { app, database } of [eu, us]) {
        await app.close();
        await database.close();
      }
      rmSync(folder, { recursive: true, force: true });
    });
    await until("both take writes", () => [eu, us].every(({ database }) => database.status().ready));
    const put = async ({ app }: Region, url: string, payload: object) => {
      const { statusCode, body } = await app.inject({ method: "PUT", url, payload });
      assert.equal(statusCode, 200, body);
    };
    await put(eu, "/collections/a", { vectors: { size: 2, distance: "Dot" } });
    await until("both have it", () => us.database.collectionNamed("a") !== undefined);
    const write = (region: Region, id: number) =>
      put(region, "/collections/a/points?wait=true", { points: [{ id, vector: [id, 1] }] });
    const pass = (what: keyof typeof Passing) => {
      for (const { cut } of [eu, us]) Atomics.store(cut, 0, Passing[what]);
    };
    const seen: string[] = [];
    const ids = new Set<number>();
    const note = (events: readonly ServerEvent[]) => {
      for (const event of events.filter(isOperation)) {
        seen.push(dotOf(event));
        ids.add(idOf(event));
      }
    };
    let lastId: string | undefined;
    const follow = async ({ url }: Region, last: number) => {
      const headers = lastId === undefined ? {} : { "last-event-id": lastId };
      const reader = await EventReader.open(`${url}/murmur/collections/a/changes?from=start`, { headers });
      note(await reader.until((event) => isOperation(event) && idOf(event) === last));
      lastId = reader.lastId;
      reader.close();
    };
    await write(eu, 1);
    await write(us, 2);
    await until("eu has both", () => eu.database.statistics("a").points === 2);
    await write(eu, 3);
    await follow(eu, 3);
    // what eu writes now only eu has; us goes on by itself
    pass("nothing");
    await write(eu, 4);
    await follow(eu, 4);
    await write(us, 5);
    // us does not hold 4, which was seen, and has 5, which was not
    await follow(us, 5);
    pass("all");
    await until("us has 4", () => us.database.statistics("a").points === 5);
    await write(us, 6);
    await follow(us, 6);
    await until("eu has 6", () => eu.database.statistics("a").points === 6);
    await write(eu, 7);
    await follow(eu, 7);
    assert.equal(new Set(seen).size, seen.length, seen.join(" "));
    assert.deepEqual([...ids].sort(), [1, 2, 3, 4, 5, 6, 7]);
    assert.equal(seen.length, 7);
  });
});
