import type { Collection } from "@murmuration/core";
import type { JsonObject } from "@murmuration/index";
import type { Reading } from "./read/reading.js";
import { unindexedField } from "./strict/filter-fields.js";
import { filtersIn } from "./strict/filters-in.js";

/** A read that took longer, and asked about a path without index, is an issue. */
export const slowReadMs = 300;
const ISSUES_MAX = 1_000;

interface Issue {
  readonly id: string;
  readonly description: string;
  readonly solution: JsonObject;
  readonly timestamp: string;
  readonly related_collection: string;
}

/** What somebody should look at: paths that slow reads filter by and that have no payload index. Kept until it is cleared, or the process ends. */
export class Issues {
  readonly #byId = new Map<string, Issue>();
  readonly #collectionOf: (name: string) => Collection | undefined;

  constructor(collectionOf: (name: string) => Collection | undefined) {
    this.#collectionOf = collectionOf;
  }

  /** A read of this collection took so long. */
  noteRead(name: string, reading: Reading, tookMs: number): void {
    if (tookMs < slowReadMs) return;
    const collection = this.#collectionOf(name);
    if (collection === undefined) return;
    for (const filter of filtersIn(reading)) {
      const field = unindexedField(filter, collection);
      if (field !== undefined) this.#note(collection.name, field.key, field.kinds);
    }
  }

  /** Those whose collection is there and has not got the index meanwhile. */
  list(): readonly Issue[] {
    return [...this.#byId.values()].filter(({ id, related_collection: name }) => {
      const collection = this.#collectionOf(name);
      return collection !== undefined && !Object.hasOwn(collection.payloadIndexes, id.slice(name.length + 1));
    });
  }

  clear(): void {
    this.#byId.clear();
  }

  #note(collection: string, key: string, kinds: readonly string[]): void {
    const id = `${collection}/${key}`;
    if (this.#byId.has(id) || this.#byId.size >= ISSUES_MAX) return;
    const [schema] = kinds;
    this.#byId.set(id, {
      id,
      description: `Unindexed field '${key}' is slowing down queries in collection '${collection}'`,
      solution: {
        immediate: {
          message: `Create an index on field '${key}' of one of the following types: ${kinds.join(", ")}`,
          action: {
            method: "PUT",
            uri: `/collections/${encodeURIComponent(collection)}/index`,
            headers: { "content-type": "application/json" },
            body: { field_name: key, field_schema: schema ?? "keyword" },
          },
        },
      },
      timestamp: new Date().toISOString(),
      related_collection: collection,
    });
  }
}
