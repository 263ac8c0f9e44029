import { z } from "zod";
import { nameLengthMax } from "../http/http-limits.js";
import { type Access, collectionModes, manageAll, readAll } from "./rights.js";

/** A token that names a collection is valid only while a point of it has these values. */
export interface ValueExists {
  readonly collection: string;
  readonly matches: readonly { readonly key: string; readonly value: string | number | boolean }[];
}

/** What a token says, as far as it decides anything. */
export interface Claims {
  readonly access: Access;
  readonly valueExists: ValueExists | undefined;
  /** Whom it was made for. */
  readonly subject: string | undefined;
  /** Seconds since 1970. */
  readonly expiresAt: number | undefined;
}

/** Entries of each list in a token: a header has 16 KiB. */
const entriesMax = 1_000;
const name = z.string().min(1).max(nameLengthMax);
const text = z.string().max(4_096);

// strict: what narrows a right, and is not understood, must not be passed over (the dialect once had payload filters here)
const entry = z.strictObject({ collection: name, access: z.enum(collectionModes) });
const match = z.strictObject({ key: z.string().min(1).max(4_096), value: z.union([text, z.int(), z.boolean()]) });

const claims = z.object({
  access: z.union([z.literal("r"), z.literal("m"), z.array(entry).max(entriesMax)]).optional(),
  value_exists: z.strictObject({ collection: name, matches: z.array(match).min(1).max(entriesMax) }).optional(),
  sub: text.optional(),
  subject: text.optional(),
  exp: z.number().optional(),
});

function accessOf(given: z.output<typeof claims>["access"]): Access | undefined {
  if (given === undefined || given === "m") return manageAll;
  if (given === "r") return readAll;
  const modes = new Map(given.map(({ collection, access }) => [collection, access]));
  // one that is named twice is a mistake of whoever made the token
  return modes.size === given.length ? { kind: "collections", modes } : undefined;
}

/** What `readClaims` reads as this access. */
export function claimOf(access: Access): "r" | "m" | z.output<typeof entry>[] {
  if (access.kind === "global") return access.mode;
  return Array.from(access.modes, ([collection, mode]) => ({ collection, access: mode }));
}

/** The claims of a token whose signature is right (rest-api.md, 1.5); `undefined`: they are none that this server knows. */
export function readClaims(payload: unknown): Claims | undefined {
  const read = claims.safeParse(payload);
  if (!read.success) return undefined;
  const { value_exists: valueExists, sub, subject, exp } = read.data;
  const access = accessOf(read.data.access);
  if (access === undefined) return undefined;
  return { access, valueExists, subject: subject ?? sub, expiresAt: exp };
}
