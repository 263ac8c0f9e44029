/** A clock that all threads of this process share, unlike `performance.now()`. */
export function processClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
