import assert from "node:assert/strict";
import { memoryUsage } from "node:process";
import { test } from "node:test";
import { fuzzWire } from "./wire-fuzz.test-support.js";

const SEED = 20_241;

test("damaged messages are refused as corrupt or read as others, and nothing else ever happens", () => {
  // `MURMURATION_FUZZ=1000000` runs more of them
  const count = Number(process.env["MURMURATION_FUZZ"] ?? 50_000);
  const { refused, read, batches } = fuzzWire(SEED, count);
  assert.ok(
    refused > count / 2 && read > count / 100 && batches > count / 50,
    `refused ${refused}, read ${read}, batches ${batches}`,
  );
});

test("damaged messages leave no memory behind", () => {
  fuzzWire(SEED + 1, 5_000);
  const before = memoryUsage();
  fuzzWire(SEED + 2, 20_000);
  const after = memoryUsage();
  const grownBytes = after.rss - before.rss + (after.arrayBuffers - before.arrayBuffers);
  assert.ok(grownBytes < 256 * 1024 * 1024, `grown by ${grownBytes} bytes`);
});
