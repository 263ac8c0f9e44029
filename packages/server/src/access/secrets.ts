import { createHash, timingSafeEqual } from "node:crypto";

/** A secret as it is kept for comparing: its SHA-256. */
export type Digested = Buffer;

export function digested(secret: string): Digested {
  return createHash("sha256").update(secret).digest();
}

/**
 * Which of these secrets is it that was given? -1: none of them. The only place where secrets are compared: digests, all of equal length, each in constant
 * time, and always with every one of them, so that the time says nothing of which it was or how much of it was right.
 */
export function placeAmong(secrets: readonly Digested[], given: Digested): number {
  let place = -1;
  for (const [at, secret] of secrets.entries()) place = timingSafeEqual(secret, given) ? at : place;
  return place;
}

/** What tells a key from the few others of a server, where it may be read: too little to find a key by it, even one that was chosen badly. */
export function fingerprint(secret: string): string {
  return `sha256:${createHash("sha256").update(`murmuration key 1\0${secret}`).digest("hex").slice(0, 6)}`;
}
