import { setTimeout as after } from "node:timers/promises";

/** What the work comes to, or a rejection when that takes longer. */
export async function within<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const deadline = after(seconds * 1_000, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${what} took longer than ${seconds} s`);
  });
  // the deadline itself is called off when the work is done
  deadline.catch(() => undefined);
  try {
    return await Promise.race([work, deadline]);
  } finally {
    over.abort();
  }
}
