import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessageChannel } from "node:worker_threads";
import type { Command, Receipt } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { EngineCalls } from "./engine-calls.js";
import type { Request } from "./messages.js";
import { RequestQueue } from "./request-queue.js";

const points = (count: number): Command => ({
  kind: "upsert-points",
  collection: "c",
  mode: "upsert",
  points: Array.from({ length: count }, (_, id) => ({ id, vectors: { "": Float32Array.of(id, 1) }, payload: { id } })),
});

const receipt: Receipt = { operationId: 1, changed: true };

/** Calls whose requests go through a queue, as they do to the engine's thread. */
function queued(onPost: (request: Request) => void = () => undefined) {
  const { port1, port2 } = new MessageChannel();
  const queue = new RequestQueue(port2);
  const posted: Request["kind"][] = [];
  const calls: EngineCalls = new EngineCalls(
    (request) => {
      posted.push(request.kind);
      port1.postMessage(request);
      onPost(request);
    },
    () => undefined,
  );
  const close = () => port1.close();
  const next = () => {
    for (let tries = 0; tries < 1_000; tries++) {
      const request = queue.next();
      if (request !== undefined) return request;
    }
    return undefined;
  };
  return { calls, posted, next, close };
}

describe("what the engine's thread is asked", () => {
  it("goes there whole where it is small, and in pieces, with others in between, where it is large", async (t) => {
    const { calls, posted, next, close } = queued((request) => {
      if (request.kind === "write-pieces") calls.take(request.request)?.resolve(receipt);
    });
    t.after(close);
    const small = calls.write(points(10), { timeoutMs: 5 });
    const request = next();
    assert.deepEqual(request, { kind: "write", request: 1, command: points(10), timeoutMs: 5 });
    calls.take(1)?.resolve(receipt);
    assert.equal(await small, receipt);

    posted.length = 0;
    const large = calls.write(points(50_000), { level: { kind: "all" } });
    void calls.ask({ kind: "probe" });
    await large;
    assert.equal(posted[0], "ask");
    assert.ok(posted.length > 80, `${posted.length} requests`);
    assert.equal(next()?.kind, "ask");
    assert.deepEqual(next(), { kind: "write", request: 3, command: points(50_000), level: { kind: "all" } });
    assert.equal(next(), undefined);
  });

  it("is gone on with no further once the engine has ended", async (t) => {
    const { calls, posted, close } = queued((request) => {
      if (request.kind === "piece") calls.rejectAll(new MurmurationError("unavailable", "it has ended"));
    });
    t.after(close);
    await assert.rejects(calls.write(points(50_000), {}), /it has ended/);
    assert.equal(posted.filter((kind) => kind === "piece").length, 1);
    assert.deepEqual([calls.count, calls.bytes], [0, 0]);
  });

  it("is refused beyond its bounds and once nothing is asked any more", async () => {
    let refusal: string | undefined;
    const calls = new EngineCalls(
      () => undefined,
      () => refusal,
    );
    const vector = new Float32Array(65 * 1024 * 1024);
    const command: Command = { kind: "update-vectors", collection: "c", points: [{ id: 1, vectors: { "": vector } }] };
    void calls.write(command, {});
    void calls.ask({ kind: "probe" });
    await assert.rejects(calls.write({ ...command, points: [...command.points, ...command.points] }, {}), /too many/);
    refusal = "the server is stopping";
    await assert.rejects(calls.write(points(1), {}), /the server is stopping/);
    await assert.rejects(calls.write(points(50_000), {}), /the server is stopping/);
    await assert.rejects(calls.ask({ kind: "probe" }), /the server is stopping/);
  });
});
