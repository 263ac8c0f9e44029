import { createHash, timingSafeEqual } from "node:crypto";

/** A secret as it is kept for comparing: its SHA-256. */
export type Digested = Buffer;

export function digested(secret: string): Digested {
  return createHash("sha256").update(secret).digest();
}

/**
 * Is what was given one of these secrets? The only place where secrets are compared: digests, all of equal length, each in constant time, and
 * always with every one of them, so that the time says nothing of which it was or how much of it was right.
 */
export function isAmong(secrets: readonly Digested[], given: Digested): boolean {
  let isFound = false;
  for (const secret of secrets) isFound = timingSafeEqual(secret, given) || isFound;
  return isFound;
}
