import { MurmurationError } from "@murmuration/index";
import type { Catalogue, Collection } from "./collection.js";

/** Catalogues are immutable, so their collections by name are found once. */
const collectionsByName = new WeakMap<Catalogue, ReadonlyMap<string, Collection>>();

function byName(catalogue: Catalogue): ReadonlyMap<string, Collection> {
  const known = collectionsByName.get(catalogue);
  if (known !== undefined) return known;
  const made = new Map<string, Collection>();
  for (const collection of Object.values(catalogue.collections)) {
    const other = made.get(collection.name);
    if (other === undefined || collection.id < other.id) made.set(collection.name, collection);
  }
  collectionsByName.set(catalogue, made);
  return made;
}

export function collectionDoesNotExist(name: string): MurmurationError {
  return new MurmurationError("not-found", `Collection \`${name}\` doesn't exist!`);
}

/**
 * The collection of this very name; aliases are not followed. When replicas made collections of one name at the same time, all of
 * them exist, and the one with the lowest id owns the name; deleting it hands the name to the next.
 */
export function collectionNamed(catalogue: Catalogue, name: string): Collection | undefined {
  return byName(catalogue).get(name);
}

function findCollection(catalogue: Catalogue, name: string): Collection | undefined {
  const id = Object.hasOwn(catalogue.aliases, name) ? catalogue.aliases[name] : undefined;
  return collectionNamed(catalogue, name) ?? (id === undefined ? undefined : catalogue.collections[id]);
}

/** Is there a collection of this name or alias? */
export function hasCollection(catalogue: Catalogue, name: string): boolean {
  return findCollection(catalogue, name) !== undefined;
}

/** The collection of this name or, if there is none, of this alias. Throws `not-found`. */
export function resolveCollection(catalogue: Catalogue, name: string): Collection {
  const collection = findCollection(catalogue, name);
  if (collection === undefined) throw collectionDoesNotExist(name);
  return collection;
}

/** The collections that own their names, by name. */
export function visibleCollections(catalogue: Catalogue): Collection[] {
  return [...byName(catalogue).values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
