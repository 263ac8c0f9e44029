import { isSameKeys } from "../gossip/member-keys.js";
import type { Catalogue } from "./collection.js";

/**
 * The replica whose keys a change of the catalogue by `origin` must not change as it does: keys are changed by whoever has them. Whoever lets a
 * replica in says its keys once.
 */
export function whoseKeysAreForged(before: Catalogue, after: Catalogue, origin: number): number | undefined {
  if (before.members === after.members) return undefined;
  const known = new Map(before.members.map((member) => [member.id, member] as const));
  const isForged = ({ id, keys }: Catalogue["members"][number]) =>
    id !== origin && known.get(id)?.keys !== undefined && !isSameKeys(known.get(id)?.keys, keys);
  return after.members.find(isForged)?.id;
}
