import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { threadStream } from "./thread-stream.js";

function pair() {
  const { port1, port2 } = new MessageChannel();
  return [threadStream(port1), threadStream(port2)] as const;
}

describe("a stream between threads", () => {
  it("carries bytes both ways, in order, and its end", async () => {
    const [near, far] = pair();
    far.on("data", (piece: Buffer) => far.write(piece));
    far.on("end", () => far.end());
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251));
    for (let at = 0; at < sent.length; at += 30_011) near.write(sent.subarray(at, at + 30_011));
    near.end();
    const received: Buffer[] = [];
    near.on("data", (piece: Buffer) => received.push(piece));
    await once(near, "end");
    assert.ok(Buffer.concat(received).equals(sent));
  });

  it("waits for whoever does not read", async () => {
    const [near, far] = pair();
    let written = 0;
    const piece = Buffer.alloc(16 * 1024);
    const write = () => {
      while (near.write(piece)) written += piece.length;
    };
    near.on("drain", write);
    write();
    for (let i = 0; i < 100; i++) await turn();
    const stuck = written;
    assert.ok(stuck <= 512 * 1024, `${stuck} bytes are on their way`);
    far.resume();
    while (written < 8 * stuck) await turn();
    near.destroy();
    far.destroy();
  });

  it("ends on one side when the other is destroyed", async () => {
    const [near, far] = pair();
    near.destroy();
    await once(far, "close");
    assert.ok(far.destroyed);
  });
});
