import { encodeToken, type VersionVector } from "@murmuration/core";

/** Between a collection's id and what was seen of it. No id has one, and no session token. */
export const tokenSeparator = ".";

/**
 * What was seen of a collection, as the id of an event: the collection's id, and a session token of its frontier, which says nothing of a
 * collection that nothing was written to.
 */
export function changeToken(shard: string, frontier: VersionVector): string {
  return `${shard}${tokenSeparator}${encodeToken(new Map([[shard, frontier]]))}`;
}
