import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { drain } from "./drain.js";

describe("drain", () => {
  it("reads a body to its end", async () => {
    const body = Readable.from([Buffer.alloc(10), Buffer.alloc(10)]);
    await drain(body, 1_000);
    assert.ok(body.readableEnded);
  });

  it("stops after so many bytes, even when the body never ends", async () => {
    let sent = 0;
    const body = new Readable({
      read() {
        sent += 100;
        this.push(Buffer.alloc(100));
      },
    });
    await drain(body, 1_000);
    assert.ok(sent >= 1_000);
    body.destroy();
  });

  it("stops when the connection breaks, has broken or the body was read already", async () => {
    const breaking = new Readable({ read() {} });
    const drained = drain(breaking, 1_000);
    breaking.destroy(new Error("reset"));
    await drained;
    await drain(breaking, 1_000);

    const read = Readable.from([Buffer.alloc(10)]);
    for await (const _chunk of read);
    await drain(read, 1_000);
  });
});
