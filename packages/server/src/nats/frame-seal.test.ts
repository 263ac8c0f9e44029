import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { decodeFrame, encodeFrames, frameBytes, instanceOf } from "./frame.js";
import { type ClusterKeys, clusterKeysOf, FrameSeal } from "./frame-seal.js";

const INSTANCE = 0xfedc_ba98_7654_3210n;
const [first, second] = [randomBytes(32), randomBytes(32)];
const refused = (words: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === "corrupt" && words.test(error.message);

const frameOf = (message: Uint8Array) => encodeFrames(INSTANCE, [message], frameBytes(1, message.length), () => 0)[0]!;
const sealOf = (...keys: ClusterKeys) => new FrameSeal("cluster", keys);

test("a sealed frame opens as its sender's, in its cluster, with its key, and nothing that was changed opens", () => {
  const [sender, receiver] = [sealOf(first), sealOf(second, first)];
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(), (message, at) => {
      const frame = frameOf(message);
      const sealed = sender.seal(frame, 5);
      assert.equal(sealed.length, frame.length + sender.addedBytes);
      assert.equal(instanceOf(sealed), INSTANCE, "who has sent it knows it again");
      assert.deepEqual(receiver.open(sealed, 5), frame);
      assert.deepEqual(decodeFrame(receiver.open(sealed, 5)), decodeFrame(frame));
      assert.notDeepEqual(sender.seal(frame, 5), sealed, "no two are alike");
      assert.throws(() => receiver.open(sealed, 6), refused(/does not open/));
      assert.throws(() => new FrameSeal("other", [first]).open(sealed, 5), refused(/does not open/));
      assert.throws(() => sealOf(second).open(sealed, 5), refused(/does not have/));
      const changed = Uint8Array.from(sealed);
      changed[at % sealed.length] = (changed[at % sealed.length] as number) ^ (1 << (at & 7));
      assert.throws(() => receiver.open(changed, 5), refused(/./));
      assert.throws(() => receiver.open(sealed.subarray(0, at % sealed.length), 5), refused(/./));
    }),
  );
});

test("frames that are not sealed are taken where the word plain stands, and sent so where it stands first", () => {
  const frame = frameOf(Uint8Array.of(1, 2, 3));
  assert.deepEqual(sealOf(first, "plain").open(frame, 5), frame);
  assert.throws(() => sealOf(first).open(frame, 5), refused(/it is not sealed/));
  const [before, between] = [sealOf("plain", first), sealOf(first, "plain")];
  assert.deepEqual(before.seal(frame, 5), frame);
  assert.deepEqual(before.open(between.seal(frame, 5), 5), frame);
  const without = sealOf("plain");
  assert.deepEqual([without.seal(frame, 5), without.open(frame, 5), without.addedBytes], [frame, frame, 0]);
  assert.throws(() => without.open(between.seal(frame, 5), 5), refused(/does not have/));
  between.replace([second]);
  assert.deepEqual(sealOf(second).open(between.seal(frame, 5), 5), frame, "with another key from then on");
});

test("many senders' keys are kept within a bound, and all still open", () => {
  const receiver = sealOf(first);
  const frame = frameOf(Uint8Array.of(9));
  const sealed = Array.from({ length: 600 }, () => sealOf(first).seal(frame, 5));
  for (const one of [...sealed, ...sealed]) assert.deepEqual(receiver.open(one, 5), frame);
});

test("a file of keys holds a key a line, and none of it is shown where it does not", () => {
  assert.deepEqual(clusterKeysOf(`${first.toString("hex")}\nplain\n${second.toString("base64")}\n`), [
    first,
    "plain",
    second,
  ]);
  for (const text of ["", "secret", `${first.toString("hex")} secret`, "plain\n".repeat(17)])
    assert.throws(
      () => clusterKeysOf(text),
      (error: Error) => !error.message.includes("secret"),
    );
});
