import type { Catalogue } from "./collection.js";

/**
 * Is all that has changed that this replica is a member now? It is all that one which is none may do to a cluster's catalogue. `after` is
 * made from `before` by a change: what that does not touch is the same object.
 */
export function joinsOnly(before: Catalogue, after: Catalogue, replica: number): boolean {
  const joined = after.members.find(({ id }) => id === replica);
  const others = after.members.filter(({ id }) => id !== replica);
  return (
    joined?.state === "active" &&
    others.length === before.members.length &&
    others.every((member, i) => member === before.members[i]) &&
    hasSameEntries(before.collections, after.collections) &&
    hasSameEntries(before.aliases, after.aliases)
  );
}

function hasSameEntries(a: { readonly [name: string]: unknown }, b: { readonly [name: string]: unknown }): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
