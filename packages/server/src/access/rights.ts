import { Refusal } from "../http/refusal.js";

/**
 * What a route asks of whoever calls it, from the least to the most.
 * open: nothing, not even a key. any: a key or token, whatever it lets do; the answer holds only what it may see. collection-read: to read the
 * collection of the path. points-write: to write its points. collection-write: to write its payload indexes, too. global-read: to read what is
 * of no single collection, or of all of them. manage: everything.
 */
export const rights = [
  "open",
  "any",
  "collection-read",
  "points-write",
  "collection-write",
  "global-read",
  "manage",
] as const;
export type Right = (typeof rights)[number];

/** What a token may do with one collection: read it; write its points besides; write its payload indexes besides. */
export const collectionModes = ["r", "prw", "rw"] as const;
export type CollectionMode = (typeof collectionModes)[number];

/** What somebody may do: read or manage everything, or what is said of single collections, by the names that requests use. */
export type Access =
  | { readonly kind: "global"; readonly mode: "r" | "m" }
  | { readonly kind: "collections"; readonly modes: ReadonlyMap<string, CollectionMode> };

export const manageAll: Access = { kind: "global", mode: "m" };
export const readAll: Access = { kind: "global", mode: "r" };
export const nothing: Access = { kind: "collections", modes: new Map() };

const writes: { readonly [right in Right]?: readonly CollectionMode[] } = {
  "points-write": ["prw", "rw"],
  "collection-write": ["rw"],
};

function whyNotGlobally(mode: "r" | "m", right: Right): string | undefined {
  if (mode === "m" || right === "any" || right === "collection-read" || right === "global-read") return undefined;
  return "Global manage access is required";
}

/**
 * Why this right is not among what the access holds; `undefined`: it is. `collection`: as the request names it, whether or not there is one.
 * What is said is the same for a collection that there is and for one that there is not.
 */
export function whyNot(access: Access, right: Right, collection: string | undefined): string | undefined {
  if (right === "open") return undefined;
  if (access.kind === "global") return whyNotGlobally(access.mode, right);
  if (right === "any") return undefined;
  if (right === "global-read" || right === "manage" || collection === undefined) return "Global access is required";
  const mode = access.modes.get(collection);
  if (mode === undefined) return `Access to collection ${collection} is required`;
  const allowed = writes[right];
  if (allowed === undefined || allowed.includes(mode)) return undefined;
  return `Write access to collection ${collection} is required`;
}

/** Throws 403 where the access does not hold this right. */
export function requireRight(access: Access, right: Right, collection: string | undefined): void {
  const why = whyNot(access, right, collection);
  if (why !== undefined) throw new Refusal(403, `Forbidden: ${why}`);
}

/** May this collection, by its own name, stand in a list that is given to whoever has this access? */
export function maySee(access: Access, collection: string): boolean {
  return whyNot(access, "collection-read", collection) === undefined;
}
