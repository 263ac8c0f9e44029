const LOOKS = 8;

/** A clock that all threads of this process share, unlike `performance.now()`. */
export function processClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** How far `processClockMs` is ahead of `performance.now()` in this thread: as of the quickest of some looks, since others may run in between. */
export const processClockAheadMs: number = (() => {
  let best = { ms: Number.POSITIVE_INFINITY, aheadMs: 0 };
  for (let look = 0; look < LOOKS; look++) {
    const beganMs = performance.now();
    const clockMs = processClockMs();
    const endedMs = performance.now();
    const ms = endedMs - beganMs;
    if (ms < best.ms) best = { ms, aheadMs: clockMs - (beganMs + endedMs) / 2 };
  }
  return best.aheadMs;
})();
