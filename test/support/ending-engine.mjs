// Loaded before a server (node --import): its engine's thread ends when the file MURMURATION_TEST_END_ENGINE is there.
import { existsSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const file = process.env.MURMURATION_TEST_END_ENGINE;
if (!isMainThread) {
  setInterval(() => {
    if (existsSync(file)) throw new Error("a test ends the engine");
  }, 20).unref();
}
