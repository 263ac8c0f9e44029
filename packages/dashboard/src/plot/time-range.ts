/** A plot shows so much time or more. */
const SHOWN_SECONDS_MIN = 60;

/**
 * What an axis of time shows of times in seconds, ascending: a minute at least, so that what has just begun begins at the right. It is taken from the times
 * themselves: of a single one uPlot makes a day, whose ticks all stand at midnights.
 */
export function timeRange(times: ArrayLike<number>): [number, number] {
  const high = times[times.length - 1] ?? SHOWN_SECONDS_MIN;
  return [Math.min(times[0] ?? 0, high - SHOWN_SECONDS_MIN), high];
}
