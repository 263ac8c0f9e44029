import assert from "node:assert/strict";
import { setTimeout as after } from "node:timers/promises";

/** Much longer than anything takes where nobody else wants the processors: what is late on a busy machine is no failure. */
const TIMEOUT_MS = 60_000;
/** Between the first two looks, and at most between two: what is asked of servers takes their time. */
const POLL_MS = 5;
const POLL_MS_MAX = 100;
const POLL_GROWTH = 1.2;

/** Polls until the condition holds; fails at the deadline, saying what was waited for. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  timeoutMs: number = TIMEOUT_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (let pollMs = POLL_MS; !(await condition()); pollMs = Math.min(POLL_MS_MAX, pollMs * POLL_GROWTH)) {
    assert.ok(performance.now() < deadline, `waited for ${typeof what === "string" ? what : what()}`);
    await after(pollMs);
  }
}
