import { MurmurationError } from "../errors.js";
import { boolIndex, keywordIndex } from "./equality-index.js";
import type { Payload } from "./json.js";
import { floatIndex, integerIndex } from "./number-index.js";
import { type JsonPath, parsePath, valuesAt } from "./path.js";
import type { PayloadIndex } from "./payload-index.js";
import type { PayloadIndexSchema } from "./schema.js";

interface IndexedPath {
  readonly path: JsonPath;
  readonly schema: PayloadIndexSchema;
  readonly index: PayloadIndex;
}

/**
 * An empty payload index of this schema, on the heap of one thread: what columns are compared with. Throws `unsupported` for a kind that only
 * columns have.
 */
export function createPayloadIndex(schema: PayloadIndexSchema): PayloadIndex {
  switch (schema.kind) {
    case "keyword":
      return keywordIndex();
    case "integer":
      return integerIndex(schema);
    case "float":
      return floatIndex();
    case "bool":
      return boolIndex();
    default:
      throw new MurmurationError("unsupported", `there is no index of kind ${schema.kind} on the heap`);
  }
}

/** The payload indexes of one collection, at most one a path, kept up to date together. */
export class PayloadIndexes {
  readonly #indexed = new Map<string, IndexedPath>();

  /**
   * Makes an index and enters `points` (row and payload of each live point) into it. An index that stands on the path
   * is replaced. Throws `format` for a bad path.
   */
  create(path: string, schema: PayloadIndexSchema, points: Iterable<readonly [number, Payload]> = []): void {
    this.change([[path, schema]], [], points);
  }

  /** Makes indexes as `create` does and drops others: all of it, or nothing when it throws. `points` may be iterated several times. */
  change(
    created: Iterable<readonly [path: string, schema: PayloadIndexSchema]>,
    dropped: Iterable<string>,
    points: Iterable<readonly [number, Payload]>,
  ): void {
    const made = new Map<string, IndexedPath>();
    for (const [path, schema] of created) {
      const parsed = parsePath(path, "field_name");
      const index = createPayloadIndex(schema);
      for (const [row, payload] of points) index.add(row, valuesAt(payload, parsed));
      made.set(path, { path: parsed, schema, index });
    }
    for (const path of dropped) this.drop(path);
    for (const [path, indexed] of made) this.#indexed.set(path, indexed);
  }

  /** Drops the index on this path; answers whether there was one. */
  drop(path: string): boolean {
    return this.#indexed.delete(path);
  }

  get(path: string): PayloadIndex | undefined {
    return this.#indexed.get(path)?.index;
  }

  schemaOf(path: string): PayloadIndexSchema | undefined {
    return this.#indexed.get(path)?.schema;
  }

  paths(): string[] {
    return [...this.#indexed.keys()];
  }

  /** Enters a point that no index has. */
  addPoint(row: number, payload: Payload): void {
    for (const { path, index } of this.#indexed.values()) index.add(row, valuesAt(payload, path));
  }

  /** Takes a point out. `payload` is the one it was entered with. */
  removePoint(row: number, payload: Payload): void {
    for (const { path, index } of this.#indexed.values()) index.remove(row, valuesAt(payload, path));
  }
}
