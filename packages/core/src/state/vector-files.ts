import {
  isDense,
  MurmurationError,
  type NodeDot,
  type RowFile,
  type RowKeeping,
  type RowStore,
  type Vector,
} from "@murmuration/index";
import type { Collection } from "../catalogue/collection.js";
import { nameOfKey, servingKey, settingsOfVector } from "../catalogue/vector-incarnation.js";
import type { OpLog } from "../log/op-log.js";
import { mark } from "../marks.js";
import { decodeOperation } from "../operation/codec.js";
import { vectorOfGraph } from "../operation/graph-key.js";

/** A file of vectors, by a name that no other has had. */
export interface NamedVectorFile {
  readonly name: string;
  readonly file: RowFile;
}

/**
 * Port: files for the f32 vectors of graphs that keep them off memory. They are projections of the log, which has every vector that a point shows:
 * what is damaged or lost in one is written anew from there.
 */
export interface VectorFiles {
  /** An empty file for the vectors of this name of a shard. Throws `storage`. */
  create(shard: string, vector: string): NamedVectorFile;
  /** One of before, or of another thread; `undefined`: it is not there. */
  open(name: string): RowFile | undefined;
}

/**
 * Are the f32 vectors of this name to be kept in a file instead of in memory? `memory` counts where it is given: `cold` and `cached` are what a file
 * is in the cache of the operating system.
 */
export function keepsVectorsOffMemory(collection: Collection, vector: string): boolean {
  // whatever graph it is of, one that is being made too
  const name = nameOfKey(collection, servingKey(collection, vectorOfGraph(vector)));
  if (name === undefined) return false;
  const given = settingsOfVector(collection, "vectors", name);
  const memory = valueIn(given, "memory");
  return memory === undefined ? valueIn(given, "on_disk") === true : memory !== "pinned";
}

function valueIn(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** Where the f32 vectors of one name of a collection are kept; `undefined` without files: in memory. */
export function vectorKeeping(
  log: OpLog,
  files: VectorFiles | undefined,
  collection: Collection,
  vector: string,
): RowKeeping | undefined {
  if (files === undefined) return undefined;
  const lost = (dot: NodeDot) => {
    mark("vector taken from the log");
    const found = vectorInLog(log, collection.id, dot, vector);
    return found !== undefined && isDense(found) ? found : undefined;
  };
  const kept = ({ name, file }: NamedVectorFile): RowStore => ({ name, file, lost });
  return {
    isOffMemory: keepsVectorsOffMemory(collection, vector),
    create: () => kept(files.create(collection.id, vector)),
    open: (name) => {
      const file = files.open(name);
      return file && kept({ name, file });
    },
  };
}

/** The vector that an operation wrote, as it is stored; `undefined`: the log does not have it any more, or not whole. */
export function vectorInLog(
  log: OpLog,
  shard: string,
  { origin, sequence }: NodeDot,
  name: string,
): Vector | undefined {
  try {
    const [entry] = log.readOrigin(shard, origin, sequence - 1, 1, { leavesPayloadsOut: true });
    if (entry?.sequence !== sequence) return undefined;
    const operation = decodeOperation(shard, origin, sequence, entry.bytes);
    return "vectors" in operation
      ? operation.vectors.find((vector) => vectorOfGraph(vector.name) === vectorOfGraph(name))?.values
      : undefined;
  } catch (error) {
    if (error instanceof MurmurationError) return undefined;
    throw error;
  }
}
