import { test } from "node:test";
import { pathToFileURL } from "node:url";

// Loads test files into one process: what they import is loaded once. Their tests begin when all are loaded, so that no test waits for another
// file in the middle. The test that they wait for is not reported (`reporter.mjs`).
const { promise: areLoaded, resolve } = Promise.withResolvers();
test("the files are loaded", () => areLoaded);
try {
  for (const file of process.argv.slice(2)) await import(pathToFileURL(file).href);
} catch (error) {
  process.stderr.write(`${error?.stack ?? error}\n`);
  process.exit(1);
}
resolve();
