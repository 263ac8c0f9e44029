import assert from "node:assert/strict";
import { after, test } from "node:test";
import { testSeed } from "../support/random.js";
import { runChaos } from "../support/regions/chaos.js";
import { killAllServers } from "../support/server.js";

/** `npm run chaos` is for more, and for clients that ask as fast as they can. */
const SECONDS = 12;
const PAUSE_MS = 150;
const SECURED_SECONDS = 6;

after(killAllServers);

test("whatever happens to the regions, sessions are kept, nothing acknowledged is lost, and all end alike", async (context) => {
  const seed = testSeed();
  context.diagnostic(`MURMUR_TEST_SEED=${seed}`);
  const report = await runChaos({ seed, seconds: SECONDS, pauseMs: PAUSE_MS });
  context.diagnostic(JSON.stringify(report));
  assert.deepEqual(report.violations, []);
  assert.ok(report.sessions.reads > 0 && report.sessions.writes > 0, "sessions were answered");
});

test("so it is with all that makes regions secure, and every acknowledged write stands in an audit log that is intact", async (context) => {
  const seed = testSeed() + 1;
  const report = await runChaos({ seed, seconds: SECURED_SECONDS, isSecured: true, pauseMs: PAUSE_MS });
  context.diagnostic(JSON.stringify(report));
  assert.deepEqual(report.violations, []);
  assert.ok(report.sessions.reads > 0 && report.sessions.writes > 0, "sessions were answered");
});
