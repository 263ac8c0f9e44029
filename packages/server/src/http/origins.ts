const loopback = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/** Stands for every origin. */
const anyOrigin = "*";

/**
 * Origins in a text, separated by commas or spaces: `https://app.example.org`, or `*` for all. Throws an `Error` that says what is
 * expected.
 */
export function parseOrigins(text: string): readonly string[] {
  const origins = text.split(/[\s,]+/).filter((origin) => origin !== "");
  for (const origin of origins) {
    if (origin !== anyOrigin && !isOrigin(origin)) {
      throw new Error("must be origins as https://app.example.org or http://localhost:3000, or *");
    }
  }
  if (origins.length === 0) throw new Error("must not be empty");
  return origins;
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/**
 * Which origins the pages may come from that a browser lets read answers and change data: those on this machine (loopback), and
 * those given.
 */
export function allowedOrigin(given: readonly string[]): "*" | ((origin: string | undefined) => boolean) {
  if (given.includes(anyOrigin)) return anyOrigin;
  return (origin) => origin !== undefined && (loopback.test(origin) || given.includes(origin));
}
