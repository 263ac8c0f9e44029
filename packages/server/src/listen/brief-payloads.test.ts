import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as later } from "node:timers/promises";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { buildApp } from "../app.js";
import type { Database } from "../engine/database.js";
import { openDatabase } from "../engine/open-database.js";
import { freePort } from "../testing/free-port.js";
import { get, PATH, POINTS, post, RawClient, timeless } from "./raw-client.test-support.js";

const COUNT = 60;
const plain = { query: [0.1, 0.2, 0.3, 0.4] };
const decompress: { readonly [encoding: string]: (bytes: Buffer) => Buffer } = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  deflate: inflateSync,
};

/** An answer as text, its body decompressed where it is not plain. */
function readable(answer: string): string {
  const encoding = /^content-encoding: (\w+)/im.exec(answer)?.[1];
  if (encoding === undefined) return timeless(answer);
  const [head, body] = [answer.slice(0, answer.indexOf("\r\n\r\n")), answer.slice(answer.indexOf("\r\n\r\n") + 4)];
  const text = decompress[encoding]?.(Buffer.from(body, "latin1")).toString("latin1");
  return timeless(`${head}\r\n\r\n${text}`);
}

describe("brief reads of payloads", () => {
  const folder = mkdtempSync(join(tmpdir(), "murmur-brief-"));
  let database: Database;
  let app: FastifyInstance;
  const ports: number[] = [];
  const clients: RawClient[] = [];

  async function send(method: "PUT" | "GET", url: string, payload?: object): Promise<string> {
    const response = await app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
    assert.equal(response.statusCode, 200, response.body);
    return response.body;
  }

  async function brief(): Promise<number> {
    return Number(/^murmur_brief_reads_total (\d+)$/m.exec(await send("GET", "/metrics"))?.[1]);
  }

  async function ask(port: number, request: string): Promise<string> {
    const client = new RawClient(port);
    clients.push(client);
    await client.send(request);
    return client.answer();
  }

  before(async () => {
    database = await openDatabase({ dataFolder: folder, log: pino({ level: "silent" }) });
    const listenersAt = [{ address: "127.0.0.1", port: await freePort() }];
    app = await buildApp(database, { listeners: 1, listenersAt, slowQueryMs: 1e-9 });
    await app.listen({ port: 0, host: "127.0.0.1" });
    ports.push((app.addresses()[0] as AddressInfo).port, listenersAt[0]?.port as number);
    while (!(await send("GET", "/metrics")).includes("\nmurmur_listeners 1\n")) await later(10);
    await send("PUT", "/collections/things", { vectors: { size: 4, distance: "Dot" } });
    const points = Array.from({ length: COUNT }, (_, id) => ({
      id,
      vector: [Math.sin(id), Math.cos(id), 1, 0],
      payload: { text: `Nr. ${id}: Zürich – 北京 🐦 ${"wordy ".repeat(id)}`, n: id, tags: ["a", { b: [id, null] }] },
    }));
    await send("PUT", `${POINTS}?wait=true`, { points });
    await send("PUT", `${POINTS}?wait=true`, {
      points: [{ id: 1000, vector: [9, 9, 9, 9], payload: { text: "x".repeat(70_000) } }],
    });
    await send("PUT", "/collections/things/index?wait=true", { field_name: "n", field_schema: "integer" });
  });

  after(async () => {
    for (const client of clients) client.finish();
    await app.close();
    await database.close();
    rmSync(folder, { recursive: true });
  });

  const below = (limit: number) => ({ must: [{ key: "n", range: { lt: limit } }] });
  const bodies: readonly (readonly [path: string, body: unknown])[] = [
    [PATH, { ...plain, filter: below(30), with_payload: true }],
    [PATH, { ...plain, filter: below(30), with_payload: ["n", "tags[].b"], with_vector: true }],
    [PATH, { ...plain, filter: below(1), with_payload: { exclude: ["text"] } }],
    [`${POINTS}/search`, { vector: plain.query, limit: 3, filter: below(9), with_payload: true }],
    [POINTS, { ids: [3, 59, 12345, 0] }],
    [POINTS, { ids: [3, 2], with_payload: false, with_vector: true }],
    [`${POINTS}/scroll`, { offset: 3, limit: 5 }],
    [`${POINTS}/scroll`, { filter: below(20), with_payload: ["text"], limit: 64 }],
    [`${POINTS}/count`, { filter: below(20) }],
  ];

  it("are answered where they come in, as they would be elsewhere, compressed or not", async () => {
    for (const port of ports) {
      for (const encoding of ["", "gzip, deflate", "gzip;q=0.5, br", "deflate", "zstd", "*"]) {
        const headers = encoding === "" ? [] : [`accept-encoding: ${encoding}`];
        const requests = [
          ...bodies.map(([path, body]) => [post(body, { path, headers }), post(body, { path, headers })] as const),
          [get(`${POINTS}/7`, headers), get(`${POINTS}/7`, headers)] as const,
        ];
        for (const [here, there] of requests) {
          let before = await brief();
          let answer = readable(await ask(port, here));
          // on a busy machine a read may look like one that a disk lets wait: it is for others then, and for a while
          for (let tries = 0; (await brief()) === before; tries++) {
            assert.ok(tries < 200, `never brief: ${here}`);
            await later(50);
            before = await brief();
            answer = readable(await ask(port, here));
          }
          // a parameter that changes nothing makes it a request for the route
          const path = there.split(" ", 2)[1] as string;
          const slow = readable(await ask(port, there.replace(path, `${path}?timeout=60`)));
          assert.equal((await brief()) - before, 1);
          assert.equal(answer, slow, here);
        }
      }
    }
  });

  it("say how long their parts took where that is asked, and all of them are slow where everything is", async () => {
    const body = { ...plain, filter: below(30), with_payload: true };
    for (const port of ports) {
      const noted = async () =>
        (JSON.parse(await send("GET", "/murmur/slow-queries")) as { result: { noted: number } }).result.noted;
      for (let tries = 0; ; tries++) {
        assert.ok(tries < 200, "never brief");
        const [before, notedBefore] = [await brief(), await noted()];
        const answer = await ask(port, post(body, { headers: ["X-Murmur-Timing: 1"] }));
        if ((await brief()) === before) {
          await later(50);
          continue;
        }
        const timing = /^server-timing: (.*)\r$/m.exec(answer)?.[1] ?? "";
        const names = timing.split(", ").map((part) => part.split(";", 1)[0]);
        assert.deepEqual(names, ["parse", "wait", "filter", "walk", "fetch", "render", "total"], timing);
        assert.ok((await noted()) > notedBefore);
        break;
      }
      assert.ok(!/^server-timing/im.test(await ask(port, post(body))));
    }
  });

  it("are the same whatever a body holds", async () => {
    const selector = fc.oneof(
      fc.boolean(),
      fc.constantFrom<unknown>(["n"], ["tags[].b", "text"], { include: ["n"] }, { exclude: ["text"] }, null, 1, {
        a: [],
      }),
    );
    const id = fc.oneof(fc.integer({ min: -1, max: COUNT + 1 }), fc.constantFrom<unknown>("x", 1.5, "1"));
    const filter = fc.integer({ min: -1, max: COUNT }).map(below);
    const body = fc.record(
      {
        ids: fc.array(id, { maxLength: 4 }),
        limit: fc.integer({ min: 0, max: 70 }),
        offset: id,
        filter,
        with_payload: selector,
        with_vector: fc.oneof(fc.boolean(), fc.constantFrom<unknown>([""], ["other"], 1)),
        exact: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const path = fc.constantFrom(POINTS, `${POINTS}/scroll`, `${POINTS}/count`);
    await fc.assert(
      fc.asyncProperty(body, path, fc.constantFrom(...ports), async (one, at, port) => {
        const answers = [at, `${at}?timeout=60`].map((to) => ask(port, post(one, { path: to })));
        const [here, there] = (await Promise.all(answers)).map(readable);
        assert.match(here as string, /^HTTP\/1.1 [24]/);
        assert.equal(here, there);
      }),
      { numRuns: 120 },
    );
  });

  it("are for others where an answer is long", async () => {
    for (const port of ports) {
      const before = await brief();
      for (let i = 0; i < 2; i++) {
        const answer = await ask(port, post({ ids: [1000] }, { path: POINTS, headers: ["accept-encoding: gzip"] }));
        assert.match(answer, /^HTTP\/1.1 200 OK/);
      }
      assert.equal((await brief()) - before, 0);
    }
  });
});
