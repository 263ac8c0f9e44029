import type { AliasAction, CatalogueCommand } from "./catalogue-command.js";
import type { CatalogueDocument } from "./catalogue-document.js";
import type { Catalogue, Settings, VectorSpace } from "./collection.js";

export const space: VectorSpace = { size: 4, distance: "Cosine", links: 16, efConstruction: 100, quantization: "int8" };
export const create = (name: string): CatalogueCommand => ({
  kind: "create-collection",
  name,
  vectors: { "": space },
  settings: {},
});
export const remove = (name: string): CatalogueCommand => ({ kind: "delete-collection", name });
export const aliases = (...actions: AliasAction[]): CatalogueCommand => ({ kind: "change-aliases", actions });
export const alias = (name: string, collection: string): AliasAction => ({
  kind: "create-alias",
  alias: name,
  collection,
});
export const update = (collection: string, settings: Settings): CatalogueCommand => ({
  kind: "update-collection",
  collection,
  settings,
});
export const index = (collection: string, path: string): CatalogueCommand => ({
  kind: "create-payload-index",
  collection,
  path,
  schema: { kind: "keyword" },
});

export const addVector = (collection: string, name: string, size = 4): CatalogueCommand => ({
  kind: "add-vector",
  collection,
  name,
  space: { size, distance: "Dot", links: 16, efConstruction: 100, quantization: "int8" },
  given: {},
});
export const dropVector = (collection: string, name: string): CatalogueCommand => ({
  kind: "drop-vector",
  collection,
  name,
});

export const beginGraph = (collection: string, vector: string, by: number, links = 8): CatalogueCommand => ({
  kind: "begin-graph",
  collection,
  vector,
  links,
  efConstruction: 32,
  by,
});

export const erasing = (collection: string, askedMs = 5): CatalogueCommand => ({
  kind: "begin-erasure",
  collection,
  points: 2,
  by: "key",
  through: [
    [3, 9],
    [1, 7],
  ],
  askedMs,
});
export const erased = (replica: number, ...erasures: string[]): CatalogueCommand => ({
  kind: "confirm-erasures",
  erasures,
  done: { images: 1 },
  replica,
  atMs: 6,
});

/** Plans and applies one command after another; ids are given in order: 1-1, 1-2 … unless named. */
export function run(
  document: CatalogueDocument,
  ...commands: (CatalogueCommand | readonly [CatalogueCommand, string])[]
): CatalogueDocument {
  let current = document;
  for (const item of commands) {
    const [command, id] = "kind" in item ? [item, `1-${Object.keys(current.read().collections).length + 1}`] : item;
    const change = current.plan(command, id);
    if (change !== undefined) current = current.apply(change);
  }
  return current;
}

/** The same without frozen objects and without maps that have no prototype. */
export const plain = (catalogue: Catalogue): unknown => structuredClone(catalogue);
