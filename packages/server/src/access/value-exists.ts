import { MurmurationError, parseFilter } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import type { Holds } from "./guard.js";

/** So long a token may wait for what it says to be looked up. */
const TIMEOUT_MS = 5_000;

/** Looks up in the database what a token's `value_exists` says. */
export function valueExistsIn(database: Database): Holds {
  return async ({ collection, matches }) => {
    const limits = {
      timeoutMs: TIMEOUT_MS,
      deadlineMs: performance.now() + TIMEOUT_MS,
      isAbandoned: () => false,
    };
    try {
      // a key that is no path is found in no point: it is the token that is wrong, not the request
      const filter = parseFilter(
        { must: matches.map(({ key, value }) => ({ key, match: { value } })) },
        "value_exists",
      );
      const { pieces } = await database.read([collection], { kind: "count", filter }, limits);
      const text = pieces.map((piece) => (typeof piece === "string" ? piece : Buffer.from(piece).toString())).join("");
      return (JSON.parse(text) as { readonly count: number }).count > 0;
    } catch (error) {
      if (error instanceof MurmurationError && (error.code === "not-found" || error.code === "format")) return false;
      throw error;
    }
  };
}
