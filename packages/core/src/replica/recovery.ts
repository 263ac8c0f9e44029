import { decodeImage, MurmurationError, type ReadExactly, VectorIndex } from "@murmuration/index";
import { CatalogueDocument } from "../catalogue/catalogue-document.js";
import type { Collection } from "../catalogue/collection.js";
import { sequenceOf } from "../causality/version-vector.js";
import type { OpLog } from "../log/op-log.js";
import { decodeOperation } from "../operation/codec.js";
import type { Operation } from "../operation/operation.js";
import { decodePointState } from "../state/point-state-codec.js";
import type { Shard } from "../state/shard.js";
import type { WritableShard } from "./plan-points.js";
import {
  handlesOfShards,
  indexOptions,
  newIndexes,
  openShard,
  type ReplicaOptions,
  type ReplicaState,
} from "./replica.js";

/** The shard whose operations make the catalogue. */
export const SYSTEM_SHARD = "system";

/** Newest images of graphs. For each one opened it is told the log position that it stood at, or why it could not be used. */
export interface ImageSource {
  open(shard: string, vector: string): ReadExactly | undefined;
  used(shard: string, vector: string, position: number): void;
  refused(shard: string, vector: string, error: MurmurationError): void;
}

/** A graph and the log position up to which it holds everything. */
interface PlacedIndex {
  readonly index: VectorIndex;
  readonly position: number;
}

/** Note that an image carries: where in the log it stands. */
export function imageNote(position: number): string {
  return String(position);
}

/** Put a replica's state together from its log. */
export function recoverReplica(
  log: OpLog,
  id: number,
  images: ImageSource | undefined,
  from: "projection" | "log",
  onGraphs?: ReplicaOptions["onGraphs"],
): ReplicaState {
  const changes: Uint8Array[] = [];
  for (const entry of log.read(0, { shard: SYSTEM_SHARD })) {
    const operation = decodeOperation(entry.shard, entry.origin, entry.sequence, entry.bytes);
    if (operation.kind === "catalogue") changes.push(operation.change);
  }
  const empty = CatalogueDocument.create(id);
  const document = changes.length === 0 ? empty : empty.apply(...changes);
  const shards = new Map<string, WritableShard>();
  for (const collection of Object.values(document.read().collections)) {
    shards.set(collection.id, from === "log" ? replayShard(log, collection) : recoverGraphs(log, collection, images));
  }
  if (from === "projection") {
    onGraphs?.(id, document.read(), handlesOfShards(shards));
    for (const { shard } of shards.values()) recoverPoints(log, shard);
  }
  return { document, shards, systemSequence: sequenceOf(log.frontier(SYSTEM_SHARD), id) };
}

function* operationsAfter(
  log: OpLog,
  shard: string,
  position: number,
): IterableIterator<{ position: number; operation: Operation }> {
  for (const entry of log.read(position, { shard })) {
    const operation = decodeOperation(entry.shard, entry.origin, entry.sequence, entry.bytes);
    yield { position: entry.position, operation };
  }
}

function replayShard(log: OpLog, collection: Collection): WritableShard {
  const target = openShard(collection, newIndexes(collection));
  for (const { position, operation } of operationsAfter(log, collection.id, 0)) {
    target.shard.apply(operation);
    target.shard.position = position;
  }
  return target;
}

/** Graphs from images and, after them, from the deltas in the log: never an insert made again. */
function recoverGraphs(log: OpLog, collection: Collection, images: ImageSource | undefined): WritableShard {
  const placed = new Map(
    Object.keys(collection.vectors).map((vector) => [
      vector,
      openIndex(collection, vector, images, log.lastPosition()),
    ]),
  );
  const indexes = new Map([...placed].map(([vector, { index }]) => [vector, index]));
  const target = openShard(collection, indexes, log.frontier(collection.id));
  const first = Math.min(...[...placed.values()].map(({ position }) => position));
  if (placed.size > 0) {
    for (const { position, operation } of operationsAfter(log, collection.id, first)) {
      target.shard.position = position;
      target.shard.applyToGraph(operation, (vector) => position > (placed.get(vector)?.position ?? 0));
    }
  }
  return target;
}

/** Points from the projection, over graphs that are complete. */
function recoverPoints(log: OpLog, shard: Shard): void {
  for (const { id, state } of log.points(shard.id)) shard.restorePoint(decodePointState(id, state));
  shard.settleDeadNodes();
}

function openIndex(
  collection: Collection,
  vector: string,
  images: ImageSource | undefined,
  lastPosition: number,
): PlacedIndex {
  const space = collection.vectors[vector];
  if (space === undefined) throw new MurmurationError("corrupt", "a collection without the vector it names");
  const options = indexOptions(space);
  const read = images?.open(collection.id, vector);
  if (read !== undefined) {
    try {
      const { index, note } = decodeImage(options, read);
      const position = Number(note);
      if (!Number.isSafeInteger(position) || position < 0 || position > lastPosition) {
        throw new MurmurationError("corrupt", "the graph image is newer than the log");
      }
      images?.used(collection.id, vector, position);
      return { index, position };
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      images?.refused(collection.id, vector, error);
    }
  }
  return { index: new VectorIndex(options), position: 0 };
}
