import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { BodyBudget } from "./body-budget.js";
import { smallBodyBytes } from "./http-limits.js";
import { readBody } from "./read-body.js";

const MIB = 1024 * 1024;

describe("readBody", () => {
  it("gives the bytes in whatever pieces they come", async () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 9_000 }), { maxLength: 30 });
    const property = fc.asyncProperty(pieces, async (given) => {
      const budget = new BodyBudget(MIB);
      const lease = budget.lease();
      const whole = Buffer.concat(given);
      const body = Readable.from(given.map((piece) => Buffer.from(piece)));
      assert.ok((await readBody(body, MIB, lease)).equals(whole));
      assert.ok(budget.taken >= whole.length && budget.taken <= Math.max(16_384, 2 * whole.length));
      lease.end();
      assert.equal(budget.taken, 0);
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it("takes no more for pieces of one byte than for one piece", async () => {
    const budget = new BodyBudget(MIB);
    await readBody(Readable.from(Array.from({ length: 20_000 }, () => Buffer.of(1))), MIB, budget.lease());
    assert.ok(budget.taken <= 40_000);
  });

  it("refuses more than its limit, and more than is left for all", async () => {
    const endless = () =>
      new Readable({
        read() {
          this.push(Buffer.alloc(10_000));
        },
      });
    const tooLong = endless();
    const refusal = readBody(tooLong, MIB, new BodyBudget(8 * MIB).lease());
    await assert.rejects(refusal, (error: Error & { statusCode?: number }) => error.statusCode === 413);
    const budget = new BodyBudget(MIB);
    const held = budget.lease();
    held.take(MIB / 2);
    const lease = budget.lease();
    const body = endless();
    await assert.rejects(
      readBody(body, 8 * MIB, lease),
      (error) =>
        error instanceof MurmurationError &&
        error.code === "unavailable" &&
        /the limit .* is 1 MiB/.test(error.message),
    );
    lease.end();
    assert.equal(budget.taken, MIB / 2);
    for (const one of [tooLong, body]) one.destroy();
  });

  it("fails when the body breaks off, and survives a failure after it", async () => {
    const body = new Readable({ read() {} });
    body.push(Buffer.of(1));
    const read = readBody(body, MIB, new BodyBudget(MIB).lease());
    body.destroy(new Error("reset"));
    await assert.rejects(read, { message: "reset", statusCode: 400 });
    const closed = new Readable({ read() {} });
    const unfinished = readBody(closed, MIB, new BodyBudget(MIB).lease());
    closed.destroy();
    await assert.rejects(unfinished, { message: "the body ended before its time", statusCode: 400 });
  });
});

describe("BodyBudget", () => {
  it("keeps some for small bodies, however much large ones have taken", () => {
    const budget = new BodyBudget(8 * MIB);
    const large = budget.lease();
    large.take(7 * MIB);
    assert.throws(() => budget.lease().take(smallBodyBytes + 1), MurmurationError);
    assert.throws(() => large.take(1), MurmurationError);
    const small = Array.from({ length: MIB / smallBodyBytes }, () => budget.lease());
    for (const lease of small) lease.take(smallBodyBytes);
    assert.equal(budget.taken, 8 * MIB);
    assert.throws(() => budget.lease().take(1), MurmurationError);
    for (const lease of [large, large, ...small]) lease.end();
    assert.equal(budget.taken, 0);
  });
});
