import { assert, MurmurationError } from "@murmuration/index";
import { limits } from "../limits.js";

/** How many members a request waits for (replication.md). */
export type ConsistencyLevel =
  | { readonly kind: "eventual" | "session" | "quorum" | "all" }
  | { readonly kind: "count"; readonly count: number };

const NAMED = ["eventual", "session", "quorum", "all"] as const;

/** The level of `eventual`, `session`, `quorum`, `all` or a number of members. Throws `format` or `validation` naming `field`. */
export function parseConsistency(value: unknown, field: string): ConsistencyLevel {
  const kind = NAMED.find((name) => name === value);
  if (kind !== undefined) return { kind };
  const count = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof count !== "number" || !Number.isInteger(count)) {
    throw new MurmurationError("format", `${field}: neither one of ${NAMED.join(", ")} nor a number of members`, field);
  }
  if (count < 1 || count > limits.membersMax) {
    throw new MurmurationError(
      "validation",
      `${field}: from 1 to ${limits.membersMax} members can be asked for`,
      field,
    );
  }
  return { kind: "count", count };
}

/** More than half. */
export function majority(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** How many of the members must answer, the one that was asked included. Throws `validation` when there are fewer. */
export function membersNeeded(level: ConsistencyLevel, members: number, field: string): number {
  assert(members >= 1, "a replica is a member of its own cluster");
  switch (level.kind) {
    case "eventual":
    case "session":
      return 1;
    case "quorum":
      return majority(members);
    case "all":
      return members;
    case "count":
      if (level.count > members) {
        throw new MurmurationError("validation", `${field}: ${level.count} of ${members} members are asked for`, field);
      }
      return level.count;
  }
}

/** W + R > N: does every read of `read` members meet at least one that has acknowledged each write of `write` members? */
export function readsSeeWrites(write: number, read: number, members: number): boolean {
  return write + read > members;
}
