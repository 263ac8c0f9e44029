import { type Dot, isOrigin, isSequence } from "../causality/dot.js";

const COLLECTION_ID = /^([1-9]\d{0,7})-([1-9]\d{0,12})$/;

/** The id of the collection that this operation of the catalogue makes: nobody else ever gives it. It names the collection's shard too. */
export function collectionIdOf({ origin, sequence }: Dot): string {
  return `${origin}-${sequence}`;
}

/** Can this be the id of a collection: what `collectionIdOf` makes of a dot? */
export function isCollectionId(id: unknown): id is string {
  const parts = typeof id === "string" ? COLLECTION_ID.exec(id) : null;
  return parts !== null && isOrigin(Number(parts[1])) && isSequence(Number(parts[2]));
}
