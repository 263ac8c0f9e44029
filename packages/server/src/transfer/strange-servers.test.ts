import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { HttpClient } from "../http/http-client.js";
import { openSource } from "./open-source.js";
import { runExport } from "./run-export.js";
import { ask, type Server } from "./server.js";
import { BatchWriter, placed } from "./write-batches.js";

type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

const json =
  (body: unknown, status = 200, headers: { readonly [name: string]: string } = {}): Behaviour =>
  (_, response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

const good = json({ result: { points: [], next_page_offset: null, status: "completed" }, status: "ok" });

/** What servers do that are in trouble. */
const troubles: { readonly [name: string]: Behaviour } = {
  "dies before it answers": (request) => request.socket.destroy(),
  "dies within its headers": (request) => request.socket.end("HTTP/1.1 200 OK\r\ncontent-len"),
  "dies within its answer": (_, response) => {
    response.writeHead(200, { "content-length": "1000" }).write('{"result":{"points":[{"id":1');
    setImmediate(() => response.destroy());
  },
  "is no HTTP server": (request) => request.socket.end("SSH-2.0-OpenSSH_9.6\r\n"),
  "hangs before it answers": () => undefined,
  "hangs within its answer": (_, response) => {
    response.writeHead(200).write('{"result":');
  },
  "packs what it cannot unpack": (_, response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end("no gzip");
  },
  "answers a page": (_, response) =>
    void response.writeHead(200, { "content-type": "text/html" }).end("<html>\u001b[2J"),
  "cuts its JSON": (_, response) => void response.writeHead(200).end('{"result":{"poin'),
  "is busy": json({ status: { error: "slow down" } }, 429, { "retry-after": "0" }),
  "is away, until a date": json({}, 503, { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }),
  "is away, and says no time": json({}, 502, { "retry-after": "soon" }),
};

describe("servers in trouble, and what is no such server", () => {
  const client = new HttpClient();
  let behave: Behaviour = good;
  const host = createServer((request, response) => behave(request, response));
  const server = (patienceMs: number, more: Partial<Server> = {}): Server => ({
    url: `http://127.0.0.1:${(host.address() as AddressInfo).port}`,
    headers: {},
    client,
    patienceMs,
    timeoutMs: 150,
    ...more,
  });

  before(() => new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve)));
  after(() => {
    client.close();
    host.closeAllConnections();
    host.close();
  });

  test("each trouble is waited for and said, and the answer after it is taken", async () => {
    for (const [name, trouble] of Object.entries(troubles)) {
      let asked = 0;
      behave = (request, response) => (++asked === 1 ? trouble : good)(request, response);
      const whys: string[] = [];
      const answer = await ask(server(10_000, { onWait: (why) => whys.push(why) }), "POST", "/x", "{}");
      assert.equal(answer.status, 200, name);
      assert.equal(whys.length, 1, name);
      assert.match(whys[0] ?? "", /^(?:no answer from )?http:\/\/127\.0\.0\.1:\d+/, name);
    }
  });

  test("what stays in trouble is given up when patience is over, with the last word", async () => {
    for (const [name, trouble] of Object.entries(troubles)) {
      behave = trouble;
      const outcome = await ask(server(0), "GET", "/x").then(
        ({ status }) => `status ${status}`,
        (error: unknown) => {
          assert.ok(error instanceof MurmurationError && error.code === "unavailable", name);
          return error.message;
        },
      );
      assert.match(outcome, /^status (?:429|50\d)$|^no answer from http:\/\/127\.0\.0\.1:\d+: ./, name);
    }
    behave = troubles["answers a page"] as Behaviour;
    // five seconds are enough for what is no such server, however patient one is
    await assert.rejects(ask(server(5), "GET", "/"), /it answers no JSON but "<html>\\u001b\[2J"/);
  });

  test("an upsert counts when the server says that it is written", async () => {
    for (const [body, word] of [
      [{}, /answers without a result/],
      [{ result: null }, /answers without a result/],
      [{ result: true }, /without saying that the points are written/],
      [[], /answers without a result/],
    ] as const) {
      behave = json(body);
      const writer = new BatchWriter(server(0), "c", 1, () => assert.fail("nothing is written"));
      await writer.put({
        points: [placed({ id: 1, vectors: {}, payload: {} }, "row 1")],
        rejected: [],
        next: { rows: 1 },
      });
      await assert.rejects(writer.drain(), word);
    }
  });

  test("whatever JSON a source answers: rows, or one error in words", async () => {
    const keys = ["result", "points", "next_page_offset", "config", "params", "id", "ids", "embeddings", "metadatas"];
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, 0, -1, 1.5, 2 ** 60, "", "a", "__proto__"),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys, "vector", "payload", "vectors", "size"), tie("value"), { maxKeys: 5 }),
      ),
    })).value;
    const odd = fc.oneof({ weight: 20, arbitrary: value }, { weight: 1, arbitrary: fc.constant("\ud83d") });
    const list = (item: fc.Arbitrary<unknown>) => fc.array(item, { maxLength: 3 });
    const page = fc.record({
      result: fc.record({
        points: list(fc.record({ id: fc.oneof(fc.nat(), fc.constant(null)), vector: value, payload: odd })),
        next_page_offset: fc.oneof(fc.constant(null), fc.nat(), value),
      }),
      ids: list(fc.string({ unit: "binary" })),
      embeddings: fc.oneof(fc.constant(null), list(list(fc.double()))),
      metadatas: fc.oneof(fc.constant(null), list(value)),
    });
    // so that it often gets beyond the first question
    const begin = { result: { config: { params: { vectors: { size: 2, distance: "Dot" } } }, count: 2 }, id: "x" };
    let rows = 0;
    let errors = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("http", "chroma"),
        fc.boolean(),
        fc.array(fc.oneof(page, value), { minLength: 1 }),
        async (kind, isBegun, answers) => {
          let asked = 0;
          behave = (request, response) => {
            const isFirst = isBegun && asked < 2;
            json(isFirst ? begin : answers[asked % answers.length])(request, response);
            asked++;
          };
          const { url, ...from } = server(0, { timeoutMs: 5_000 });
          const name = kind === "http" ? `${url}/collections/c` : `${url.replace("http", "chroma")}/c`;
          try {
            const source = await openSource(name, { from, pagePoints: 3 });
            for await (const row of source.rows(undefined)) {
              assert.ok(row.place.length > 0);
              // a source that never ends is not what this is about
              if (++rows % 50 === 0) break;
            }
            await source.close();
          } catch (error) {
            if (!(error instanceof MurmurationError)) throw error;
            assert.match(error.message, /127\.0\.0\.1/);
            errors++;
          }
        },
      ),
      { numRuns: 200 },
    );
    assert.ok(rows > 10 && errors > 50, `${rows} rows, ${errors} errors`);
  });

  test("an export from what is no such server leaves no file", async () => {
    behave = json({ result: { config: { params: { vectors: {} } }, points: [null] } });
    const options = { collection: "c", output: "-", format: "digest", vectors: true, withPayload: true } as const;
    await assert.rejects(
      runExport(
        server(0),
        { ...options, pagePoints: 10, isHeaderWanted: true, isStrict: false },
        {
          onStart: () => undefined,
          onProgress: () => undefined,
        },
      ),
      /answers no page of points: is it such a server\?/,
    );
  });
});
