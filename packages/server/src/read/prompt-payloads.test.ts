import assert from "node:assert/strict";
import { it } from "node:test";
import { PromptPayloads } from "./prompt-payloads.js";

it("payloads are read by a thread that answers others as long as the disk lets nobody wait", () => {
  let [nowMs, tookMs, reads] = [0, 1, 0];
  const file = {
    read: (_shard: string, key: number) => {
      nowMs += tookMs;
      reads++;
      if (key === 13) throw new Error("damaged");
      return Uint8Array.of(key);
    },
    close: () => undefined,
  };
  const payloads = new PromptPayloads({ logFile: "", cacheMebibytes: 1 }, file, () => nowMs);
  const { bytesOf } = payloads.of("a");
  assert.deepEqual([bytesOf(1), bytesOf(1)], [Uint8Array.of(1), Uint8Array.of(1)]);
  assert.equal(reads, 1);
  assert.ok(payloads.arePrompt);
  tookMs = 100;
  bytesOf(1);
  assert.ok(payloads.arePrompt, "it was kept");
  bytesOf(2);
  assert.ok(!payloads.arePrompt);
  nowMs += 1_000;
  assert.ok(payloads.arePrompt);
  assert.throws(() => bytesOf(13));
  assert.ok(!payloads.arePrompt, "a failure that took long is one, too");
});
