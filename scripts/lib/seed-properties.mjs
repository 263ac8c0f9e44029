import { isMainThread } from "node:worker_threads";
import { testSeed } from "./test-seed.mjs";

// Loaded before a test file: properties without a seed of their own draw by that of the run. It is loaded in threads as well, where nothing draws.
if (isMainThread) {
  const { default: fc } = await import("fast-check");
  fc.configureGlobal({ seed: testSeed() });
}
