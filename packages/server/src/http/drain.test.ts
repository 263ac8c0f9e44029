import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { drain } from "./drain.js";

/** Longer than any test takes. */
const HOUR_MS = 3_600_000;

describe("drain", () => {
  it("reads a body to its end", async () => {
    const body = Readable.from([Buffer.alloc(10), Buffer.alloc(10)]);
    await drain(body, 1_000, HOUR_MS);
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
    await drain(body, 1_000, HOUR_MS);
    assert.ok(sent >= 1_000);
    body.destroy();
  });

  it("stops when nothing comes any more, however long the connection stays", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const body = new Readable({ read() {} });
    body.push(Buffer.alloc(10));
    let isDone = false;
    const drained = drain(body, 1_000, 200).then(() => {
      isDone = true;
    });
    context.mock.timers.tick(199);
    await Promise.resolve();
    assert.equal(isDone, false);
    context.mock.timers.tick(1_000);
    await drained;
    body.destroy();
  });

  it("stops when the connection breaks, has broken or the body was read already", async () => {
    const breaking = new Readable({ read() {} });
    const drained = drain(breaking, 1_000, HOUR_MS);
    breaking.destroy(new Error("reset"));
    await drained;
    await drain(breaking, 1_000, HOUR_MS);

    const read = Readable.from([Buffer.alloc(10)]);
    for await (const _chunk of read);
    await drain(read, 1_000, HOUR_MS);
  });
});
