import { wallSeconds } from "../harness.js";
import type { ServerProcess } from "../server-process.js";

/** Runs tasks 0 … count − 1, so many at a time. */
export async function inParallel(count: number, width: number, task: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) await task(at);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/**
 * Starts `task` at a fixed rate, whether or not earlier ones are done, for so many seconds. Resolves to the milliseconds from when each
 * was due to when it was done: a queue that builds up counts, as it does for users.
 */
export async function atRate(
  perSecond: number,
  seconds: number,
  task: (at: number) => Promise<unknown>,
): Promise<number[]> {
  const count = Math.round(perSecond * seconds);
  const start = wallSeconds();
  const latencies: number[] = [];
  const running: Promise<void>[] = [];
  for (let at = 0; at < count; at++) {
    const due = start + at / perSecond;
    const early = due - wallSeconds();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early * 1000));
    running.push(task(at).then(() => void latencies.push((wallSeconds() - due) * 1000)));
  }
  await Promise.all(running);
  return latencies;
}

/** Waits, so many seconds at most, until upkeep has nothing to do: what it does beside queries is not what they cost. */
export async function untilAtRest(server: ServerProcess, secondsMax = 60): Promise<void> {
  for (let seconds = 0; seconds < secondsMax; seconds++) {
    const { upkeep } = (await server.call("GET", "/murmur/replication")) as {
      readonly upkeep: { readonly at_rest: boolean };
    };
    if (upkeep.at_rest) return;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
