import { sortedEntries, type VersionVector } from "../causality/version-vector.js";

/** A version vector as origins and sequences in turn, by ascending origin. */
export function versionVectorToField(vector: VersionVector): readonly number[] {
  return vector.size === 0 ? [] : sortedEntries(vector).flat();
}
