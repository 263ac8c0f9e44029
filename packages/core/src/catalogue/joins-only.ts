import type { Catalogue } from "./collection.js";

/** Is all that has changed that this replica is a member now? It is all that one which is none may do to a cluster's catalogue. */
export function joinsOnly(before: Catalogue, after: Catalogue, replica: number): boolean {
  const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const joined = after.members.find(({ id }) => id === replica);
  const others = after.members.filter(({ id }) => id !== replica);
  return (
    joined?.state === "active" &&
    isSame(others, before.members) &&
    isSame(after.collections, before.collections) &&
    isSame(after.aliases, before.aliases)
  );
}
