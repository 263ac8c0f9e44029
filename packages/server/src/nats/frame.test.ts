import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { decodeFrame, encodeFrames, frameBytes } from "./frame.js";
import { natsLimits } from "./nats-limits.js";
import { Reassembly } from "./reassembly.js";

const INSTANCE = 0xfedc_ba98_7654_3210n;
const once = () => 7;

function partsOf(message: Uint8Array, bytesMax: number, number = 7) {
  return encodeFrames(INSTANCE, [message], bytesMax, () => number).map((bytes) => {
    const frame = decodeFrame(bytes);
    assert.ok(frame.kind === "part");
    return frame;
  });
}

test("messages that fit travel in one frame, as they were", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1 }), (messages) => {
      const total = messages.reduce((sum, message) => sum + message.byteLength, 0);
      const frames = encodeFrames(INSTANCE, messages, frameBytes(messages.length, total), once);
      assert.equal(frames.length, 1);
      assert.deepEqual(decodeFrame(frames[0]!), { kind: "messages", instance: INSTANCE, messages });
    }),
  );
});

test("what repeats itself travels in fewer bytes, and comes out as it was", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 100 }),
      fc.integer({ min: 100, max: 400 }),
      (message, count) => {
        const messages = Array.from({ length: count }, (_, i) => Uint8Array.of(...message, i % 256));
        const total = count * (message.length + 1);
        const [frame] = encodeFrames(INSTANCE, messages, frameBytes(count, total), once);
        assert.ok(frame !== undefined && frame.byteLength < 0.5 * frameBytes(count, total));
        assert.deepEqual(decodeFrame(frame), { kind: "messages", instance: INSTANCE, messages });
      },
    ),
  );
});

test("what does not get smaller travels as it is", () => {
  const noise = randomBytes(4_096);
  const [frame] = encodeFrames(INSTANCE, [noise], frameBytes(1, noise.length), once);
  assert.equal(frame?.byteLength, frameBytes(1, noise.length));
});

test("a frame that inflates to more than any frame holds, or to nothing that is one, is refused", () => {
  const headOf = (content: Uint8Array) => Uint8Array.of(1, 3, 0, 0, 0, 0, 0, 0, 0, 0, ...content);
  const refused = { code: "corrupt" };
  assert.throws(() => decodeFrame(headOf(deflateRawSync(new Uint8Array(natsLimits.frameBytesMax + 1)))), refused);
  assert.throws(() => decodeFrame(headOf(Uint8Array.of(0xff, 0xff, 0xff))), refused);
  assert.throws(() => decodeFrame(headOf(deflateRawSync(Uint8Array.of(9, 0, 0, 0, 1)))), refused);
  // 535 bytes that hold 131,071 empty messages
  const bomb = headOf(deflateRawSync(new Uint8Array(natsLimits.frameBytesMax - 4)));
  assert.ok(bomb.byteLength < 600);
  assert.throws(() => decodeFrame(bomb), refused);
  const tiny = Uint8Array.from({ length: 5 * (natsLimits.frameMessagesMax + 1) }, (_, i) => (i % 5 === 0 ? 1 : 0));
  assert.throws(() => decodeFrame(headOf(deflateRawSync(tiny))), refused);
  const most = decodeFrame(headOf(deflateRawSync(tiny.subarray(5))));
  assert.ok(most.kind === "messages" && most.messages.length === natsLimits.frameMessagesMax);
  assert.throws(() => decodeFrame(headOf(deflateRawSync(new Uint8Array(0)))), refused);
});

test("a long message comes out of its parts in any order, some of them twice", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 60, maxLength: 500 }),
      fc.integer({ min: 30, max: 60 }),
      fc.infiniteStream(fc.nat()),
      (message, bytesMax, numbers) => {
        const parts = partsOf(message, bytesMax);
        assert.ok(
          parts.length > 1 && encodeFrames(INSTANCE, [message], bytesMax, once).every((f) => f.length <= bytesMax),
        );
        const order = [...parts, ...parts.slice(0, -1)]
          .map((part) => [numbers.next().value as number, part] as const)
          .sort(([a], [b]) => a - b);
        const reassembly = new Reassembly();
        const whole = order.map(([, part]) => reassembly.take(part, 1, 0)).filter((one) => one !== undefined);
        assert.ok(whole.length >= 1);
        for (const one of whole) assert.deepEqual(one, message);
      },
    ),
  );
});

test("anything else is refused as corrupt", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, looksRight) => {
      if (looksRight) bytes.set([1, 1 + (bytes.length % 3)].slice(0, bytes.length));
      try {
        decodeFrame(bytes);
      } catch (error) {
        assert.ok(error instanceof MurmurationError && error.code === "corrupt");
      }
    }),
  );
  const [frame] = encodeFrames(INSTANCE, [Uint8Array.of(1, 2, 3)], 100, once);
  const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";
  assert.throws(() => decodeFrame(frame!.subarray(0, -1)), isCorrupt);
  assert.throws(() => decodeFrame(Uint8Array.of(2, ...frame!.subarray(1))), /version 2/);
  assert.throws(() => decodeFrame(Uint8Array.of(1, 9, ...frame!.subarray(2))), /kind 9/);
});

test("what stays incomplete is bounded in bytes, in messages and in time, and the oldest goes", () => {
  const message = new Uint8Array(100);
  const bounds = { bytesMax: 150, messagesMax: 10, messageBytesMax: 100, ageMsMax: 1_000 };
  const reassembly = new Reassembly(bounds);
  const [first, ...rest] = partsOf(message, 72, 1);
  assert.equal(rest.length, 1);
  reassembly.take(first!, 1, 0);
  for (const number of [2, 3, 4]) reassembly.take(partsOf(message, 72, number)[0]!, 1, 0);
  assert.equal(reassembly.givenUp, 1);
  assert.equal(reassembly.bytes, 150);
  assert.equal(reassembly.take(rest[0]!, 1, 0), undefined, "the first part is not here any more");

  const byAge = new Reassembly(bounds);
  byAge.take(first!, 1, 0);
  byAge.take(partsOf(message, 72, 2)[0]!, 1, 1_001);
  assert.deepEqual([byAge.givenUp, byAge.bytes], [1, 50]);

  const byCount = new Reassembly({ ...bounds, messagesMax: 1 });
  byCount.take(first!, 1, 0);
  byCount.take(partsOf(message, 72, 2)[0]!, 1, 0);
  assert.equal(byCount.givenUp, 1);

  const long = new Reassembly({ ...bounds, messageBytesMax: 60 });
  for (const part of partsOf(message, 72)) assert.equal(long.take(part, 1, 0), undefined);
  assert.deepEqual([long.givenUp, long.bytes], [1, 0]);
});

test("who begins messages and never ends them loses its own first, and cannot touch another's", () => {
  const reassembly = new Reassembly({ messagesMax: 8, bytesMax: 10_000, messageBytesMax: 1_000, ageMsMax: 1_000 });
  const message = Uint8Array.from({ length: 100 }, (_, at) => at);
  const parts = partsOf(message, 72);
  assert.equal(reassembly.take(parts[0]!, 1, 0), undefined);
  for (let number = 100; number < 200; number++) reassembly.take(partsOf(message, 72, number)[0]!, 2, 0);
  const forged = partsOf(new Uint8Array(100), 72);
  for (const part of forged) reassembly.take(part, 2, 0);
  assert.deepEqual(
    parts
      .slice(1)
      .map((part) => reassembly.take(part, 1, 0))
      .at(-1),
    message,
  );
});
