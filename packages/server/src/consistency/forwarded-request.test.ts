import assert from "node:assert/strict";
import { it } from "node:test";
import { encodeToken } from "@murmuration/core";
import type { HttpClient, Question } from "../http/http-client.js";
import { murmurHeaders } from "../http/murmur-headers.js";
import { silentCluster, until } from "../testing/member-app.js";
import { fill, testApp } from "../testing/test-app.js";
import type { SpanAttributes, Tracing } from "../tracing/tracing.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const ofClient = `00-${traceId}-b7ad6b7169203331-01`;
const ofSpan = `00-${traceId}-00f067aa0ba902b7-01`;
const PEER = 9;

it("a read that another replica answers is watched to its end, and goes on in its trace there", async () => {
  const asked: Question[] = [];
  const peerClient = {
    ask: (_url: string, question: Question) => {
      asked.push(question);
      const headers = { "content-type": "application/json", "server-timing": "total;dur=1" };
      return Promise.resolve({ statusCode: 200, headers, body: Buffer.from('{"result":{"count":7}}') });
    },
    close: () => undefined,
  } as unknown as HttpClient;
  const ended: (SpanAttributes | undefined)[] = [];
  let isTraced = true;
  const tracing: Tracing = {
    begin: () =>
      isTraced
        ? { traceparent: ofSpan, part: () => undefined, end: (_endMs, attributes) => ended.push(attributes) }
        : undefined,
    counts: () => ({ sent: 0, failed: 0, dropped: 0, waiting: 0 }),
    close: () => Promise.resolve(),
  };
  const test = await testApp({ slowQueryMs: 1e-9, tracing, peerClient }, { cluster: silentCluster(0) });
  const { database, ask } = test;
  await until("it takes writes", () => database.status().ready);
  await fill(test);
  await database.write({ kind: "join-member", id: PEER, region: "us", url: "http://127.0.0.1:1" });
  database.missing = () => 1;
  database.untilCovered = () => Promise.resolve(false);
  database.holders = () => Promise.resolve([PEER]);
  ended.splice(0);
  const { id: shard } = database.collection("things");
  const token = encodeToken(new Map([[shard, new Map([[PEER, 3]])]]));
  const count = (headers: Record<string, string>) =>
    ask("POST", "/collections/things/points/count", {}, { [murmurHeaders.token]: token, ...headers });

  const answer = await count({ traceparent: ofClient, [murmurHeaders.timing]: "1" });
  assert.deepEqual([answer.statusCode, answer.json.result], [200, { count: 7 }]);
  assert.equal(answer.headers[murmurHeaders.servedBy], String(PEER));
  assert.deepEqual(ended, [{ "http.response.status_code": 200 }]);
  assert.equal(asked[0]?.headers["traceparent"], ofSpan);
  assert.equal(asked[0]?.headers[murmurHeaders.timing], "1");
  assert.equal(answer.headers["server-timing"], "total;dur=1");
  const { queries } = (await ask("GET", "/murmur/slow-queries")).json.result as { queries: { kind: string }[] };
  assert.equal(queries[0]?.kind, "forwarded");

  // one that is not traced here goes on as its client began it, if it did
  isTraced = false;
  await count({ traceparent: ofClient });
  await count({ traceparent: "made up\u00e9" });
  assert.deepEqual(
    asked.slice(1).map(({ headers }) => headers["traceparent"]),
    [ofClient, undefined],
  );
});
