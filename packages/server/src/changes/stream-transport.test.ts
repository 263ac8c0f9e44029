import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { describe, it } from "node:test";
import { Guard } from "../access/guard.js";
import { linesIn, newFolder, openLog } from "../audit-log/audit-log.test-support.js";
import { AuditTrail } from "../audit-log/audit-trail.js";
import { newAuthority } from "../testing/certificates.js";
import { EventParser, type ServerEvent } from "../testing/event-reader.js";
import { testApp } from "../testing/test-app.js";
import { testKeys } from "../testing/tokens.js";

const things = "/collections/things";
const REQUEST_TIMEOUT_MS = 100;

describe("a change stream over TLS", () => {
  it("goes on for longer than a request may take to arrive, and is recorded once", async () => {
    const [authority, guard] = [await newAuthority("ours"), new Guard(testKeys)];
    const own = await authority.issue("server");
    const folder: string = newFolder(() => trail.close());
    const trail = new AuditTrail(await openLog(folder), { reads: true, onFailure: "refuse" });
    const options = { guard, audit: trail, tls: own, requestTimeoutMs: REQUEST_TIMEOUT_MS };
    const test = await testApp(options);
    const { port } = new URL(await test.app.listen({ port: 0, host: "127.0.0.1" }));
    const headers = { "api-key": testKeys.readWrite[0] as string };
    await test.ask("PUT", things, { vectors: { size: 2, distance: "Dot" } }, headers);
    const asked = { host: "127.0.0.1", port, ca: authority.cert, path: `/murmur${things}/changes`, headers };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(asked, resolve).on("error", reject);
    });
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers["content-type"], "text/event-stream; charset=utf-8");
    assert.equal(response.headers["content-encoding"], undefined);
    const parser = new EventParser();
    const events: ServerEvent[] = [];
    const beganMs = performance.now();
    let id = 0;
    const write = () => {
      id += 1;
      return test.ask("PUT", `${things}/points?wait=true`, { points: [{ id, vector: [id, 1] }] }, headers);
    };
    for await (const bytes of response as AsyncIterable<Buffer>) {
      const found = parser.put(bytes.toString());
      events.push(...found);
      if (found.length === 0) continue;
      // each is answered with the next one, until it has lasted
      if (performance.now() - beganMs > 5 * REQUEST_TIMEOUT_MS) break;
      await write();
    }
    assert.ok(performance.now() - beganMs > 5 * REQUEST_TIMEOUT_MS, "nothing cut it");
    const ids = events
      .filter(({ event }) => event === "upsert")
      .map(({ data }) => (JSON.parse(data) as { id: number }).id);
    assert.deepEqual(
      ids,
      Array.from({ length: ids.length }, (_, i) => i + 1),
    );
    assert.ok(ids.length >= id - 1);
    await trail.log.anchor();
    const recorded = linesIn(folder).map(({ entry: { action, outcome } }) => `${action} ${outcome}`);
    const route = "GET /murmur/collections/{collection_name}/changes";
    assert.deepEqual(
      recorded.filter((line) => line.startsWith(route)),
      [`${route} done`],
    );
  });
});
