import assert from "node:assert/strict";
import { setTimeout as after } from "node:timers/promises";

const TIMEOUT_MS = 20_000;
const POLL_MS = 5;

/** Polls until the condition holds; fails at the deadline, saying what was waited for. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  timeoutMs: number = TIMEOUT_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `waited for ${typeof what === "string" ? what : what()}`);
    await after(POLL_MS);
  }
}
