/** A backup that failed is tried again after so long, or at the usual interval when that is shorter. */
const RETRY_MS = 60_000;

/**
 * How long to wait for the next scheduled backup: it is due one interval after the newest one, whenever the server was started; one that
 * failed is tried again sooner, and none is made before `earliestMs`. Milliseconds.
 */
export function nextBackupDelayMs(now: {
  readonly nowMs: number;
  readonly everyMs: number;
  /** `undefined`: there is none. */
  readonly newestMs: number | undefined;
  readonly hasFailed: boolean;
  readonly earliestMs: number;
}): number {
  const { nowMs, everyMs, newestMs, hasFailed, earliestMs } = now;
  if (hasFailed) return Math.min(RETRY_MS, everyMs);
  const dueMs = Math.max(newestMs === undefined ? nowMs : newestMs + everyMs, earliestMs);
  // a newest one in the future: the clock was set back
  return Math.min(everyMs, Math.max(0, dueMs - nowMs));
}
