import { moment } from "./format.js";

/** A token in three parts, of which the second one is what it claims. */
const TOKEN = /^[\w-]+\.([\w-]+)\.[\w-]*$/;

/** When a key that is a token ends, in milliseconds since 1970; `undefined`: it is none, or says nothing of it. Nothing of it is believed: it is to be said. */
function tokenEnd(key: string): number | undefined {
  const claims = TOKEN.exec(key)?.[1];
  if (claims === undefined) return undefined;
  try {
    const { exp } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))) as { readonly exp?: unknown };
    return typeof exp === "number" && Math.abs(exp) < 8e12 ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

/** What the server said of a key that it does not take, and that it is over, where it is a token and is: the server does not say which. */
export function refusedKey(key: string, said: string, nowMs: number): string {
  const endMs = tokenEnd(key);
  return endMs === undefined || endMs > nowMs ? said : `${said}. The token ended at ${moment(endMs)}.`;
}
