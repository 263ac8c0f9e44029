import {
  emptyPayloadKey,
  loadSpace,
  MurmurationError,
  type PointId,
  type ReadExactly,
  type Space,
} from "@murmuration/index";
import type { Collection } from "../../catalogue/collection.js";
import { graphKeysOf, servingKey, spaceOfKey } from "../../catalogue/vector-incarnation.js";
import { covers, type VersionVector } from "../../causality/version-vector.js";
import { frontierOf } from "../../checkpoint/manifest.js";
import { CheckpointReader, restoreCheckpoint } from "../../checkpoint/read-checkpoint.js";
import { storedCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import type { OpLog, ReadOptions } from "../../log/op-log.js";
import { decodeOperation } from "../../operation/codec.js";
import type { Operation } from "../../operation/operation.js";
import { refuseMessage } from "../../operation/refuse-message.js";
import { isPlanted } from "../../planted.js";
import { CausalState, type StoredCausalState } from "../../state/causal-state.js";
import { newIndex, newIndexes, openShard, spaceOptions } from "../../state/open-shard.js";
import type { PointState } from "../../state/point-state.js";
import { decodeStoredPoint } from "../../state/point-state-codec.js";
import type { PointTable } from "../../state/point-table.js";
import type { NewTableSeed } from "../../state/read-model.js";
import type { Shard } from "../../state/shard.js";
import { StoredStates } from "../../state/stored-states.js";
import { type VectorFiles, vectorKeeping } from "../../state/vector-files.js";
import type { WritableShard } from "../../state/writable-shard.js";
import { loadTable, noteTouched, type TableImageSource } from "../commit/recover-table.js";
import { recoverCausality } from "../commit/stored-causality.js";

/** What an image of a graph is known by. */
export interface PlacedImage {
  /** Log position that it stands at. */
  readonly position: number;
  /** Names this image and no other; absent in those of before. */
  readonly token: string | undefined;
  /** Name of the file that its f32 rows are in, wherever the graph has them now; absent: they are in it. */
  readonly rows?: string | undefined;
  /** Names of the parts beside it, which hold what of it is written once; absent: there are none. */
  readonly parts?: readonly string[] | undefined;
}

/** Newest images of graphs and tables. For each graph's it is told where it stood, or why it could not be used. */
export interface ImageSource extends TableImageSource {
  open(shard: string, vector: string): ReadExactly | undefined;
  /** A part of such an image; absent: none has any. */
  openPart?(shard: string, name: string): ReadExactly | undefined;
  used(shard: string, vector: string, image: PlacedImage): void;
  refused(shard: string, vector: string, error: MurmurationError): void;
}

/** What graphs are taken from beside the log. */
export interface GraphSources {
  readonly images: ImageSource | undefined;
  readonly vectorFiles: VectorFiles | undefined;
}

/** How far a recovery has come: kept up, so that it can be told when it fails. */
export interface Progress {
  /** Log position of the last operation that was applied. */
  position: number;
}

/** A graph, the log position up to which it holds everything, and who knew what there. */
interface PlacedIndex {
  readonly index: Space;
  readonly position: number;
  /** Of the image that it comes from, if it does. */
  readonly token: string | undefined;
  /** `undefined`: nothing is in it. */
  readonly causality: StoredCausalState | undefined;
}

/** What an image's note says. */
interface ImageNote {
  readonly position: number;
  readonly token?: string | undefined;
  readonly causality: StoredCausalState;
}

/** Note that an image carries: where in the log it stands, its name, and what the operations after it build on. */
export function imageNote({ position, token }: PlacedImage, causality: Pick<CausalState, "toJson">): string {
  const note: ImageNote = { position, token, causality: causality.toJson() };
  return JSON.stringify(note);
}

/** Throws `corrupt` where it does not say who knew what: an operation that is lost right behind the image would not be missed. */
function readImageNote(text: string): ImageNote {
  const note = JSON.parse(text) as Partial<ImageNote>;
  const { position = Number.NaN, token, causality } = note;
  if (causality === undefined)
    throw new MurmurationError("corrupt", "the graph image does not say what its replica knew");
  return { position, token, causality };
}

function* operationsAfter(
  log: OpLog,
  shard: string,
  position: number,
  options: Pick<ReadOptions, "leavesPayloadsOut"> = {},
): IterableIterator<{ position: number; operation: Operation }> {
  for (const entry of log.read(position, { shard, ...options })) {
    const operation = decodeOperation(entry.shard, entry.origin, entry.sequence, entry.bytes);
    yield { position: entry.position, operation };
  }
}

/** A shard's current checkpoint and the log position that it stands at. */
interface PlacedCheckpoint {
  readonly reader: CheckpointReader;
  readonly position: number;
}

/** Throws `corrupt` for a checkpoint that is damaged or newer than the log around it. */
function currentCheckpoint(log: OpLog, shard: string): PlacedCheckpoint | undefined {
  const stored = storedCheckpoint(log, shard);
  if (stored === undefined) return undefined;
  const reader = CheckpointReader.open(log, shard, "current");
  if (stored.position > log.lastPosition() || !covers(log.frontier(shard), frontierOf(reader.manifest))) {
    throw new MurmurationError("corrupt", `the log is older than the checkpoint of shard ${shard} in it`);
  }
  return { reader, position: stored.position };
}

/** Everything from the checkpoint, or the first operation, on. */
export function replayShard(
  log: OpLog,
  collection: Collection,
  files: VectorFiles | undefined,
  progress: Progress,
): WritableShard {
  const checkpoint = currentCheckpoint(log, collection.id);
  const target =
    checkpoint === undefined
      ? openShard(
          collection,
          newIndexes(collection, (vector) => vectorKeeping(log, files, collection, vector)),
          log,
        )
      : restoreCheckpoint(checkpoint.reader, collection, files);
  target.shard.position = checkpoint?.position ?? 0;
  for (const { position, operation } of operationsAfter(log, collection.id, checkpoint?.position ?? 0)) {
    target.shard.check(operation);
    target.shard.apply(operation);
    target.shard.position = position;
    progress.position = position;
  }
  return target;
}

/**
 * Graphs from images or the checkpoint and, after them, from the deltas in the log: never an insert made again; and rows from their image, if it is
 * of the time of those of all graphs, those of points that were touched since being noted. Throws `corrupt` also where
 * operations are missing at the end, as the causality tells that the log keeps beside them.
 */
export function recoverGraphs(
  log: OpLog,
  collection: Collection,
  sources: GraphSources,
  newSeed: NewTableSeed,
  progress: Progress,
): WritableShard {
  const { images } = sources;
  const checkpoint = currentCheckpoint(log, collection.id);
  const placed = new Map(
    graphKeysOf(collection).map((vector) => [vector, openIndex(log, collection, vector, sources, checkpoint)]),
  );
  const indexes = new Map([...placed].map(([vector, { index }]) => [vector, index]));
  const { causality, windows } = recoverCausality(log, collection.id);
  const target = openShard(collection, indexes, log, causality, windows);
  target.shard.position = checkpoint?.position ?? 0;
  const table = loadTable(log, target, placed, images, newSeed) ?? Number.POSITIVE_INFINITY;
  const [oldest] = [...placed.values()].sort((a, b) => a.position - b.position);
  if (oldest !== undefined) {
    const followed = new CausalState(oldest.causality);
    // graphs have nothing of payloads
    const behind = operationsAfter(log, collection.id, oldest.position, { leavesPayloadsOut: true });
    for (const { position, operation } of behind) {
      target.shard.position = position;
      progress.position = position;
      const past = followed.advance(operation);
      if (position > table) noteTouched(target, operation);
      if (isPlanted("recovery-from-checkpoint-alone") && checkpoint !== undefined) continue;
      if (operation.kind === "edges" && isPlanted("edges-lost-in-recovery")) continue;
      const lags = (vector: string) => position > (placed.get(vector)?.position ?? 0);
      target.shard.checkOnGraph(operation, past, lags);
      target.shard.applyToGraph(operation, past, lags);
    }
    if (!isFrontier(followed.frontier, causality.frontier)) {
      throw new MurmurationError("corrupt", `the log does not end with the operations that shard ${collection.id} has`);
    }
  }
  return target;
}

/**
 * Points from the projection, over graphs that are complete, and their rows. Where these come from an image, the stored points are looked at and
 * only those decoded that changed since. Throws `corrupt` for a projection that is not what the log would make.
 */
export function recoverPoints(log: OpLog, { shard, rows }: WritableShard, newSeed: NewTableSeed): void {
  if (!isFrontier(log.frontier(shard.id), shard.frontier)) {
    throw new MurmurationError("corrupt", `the frontiers that the log keeps of shard ${shard.id} differ`);
  }
  const { table } = shard;
  table.keepIn(new StoredStates(log, shard.id));
  if (rows.isLoaded) {
    const stored = log.verifyPoints(shard.id);
    rows.fill(newSeed, {
      look: (id) => {
        const state = table.live(id);
        if (state !== undefined) shard.showPoint(state);
      },
    });
    if (rows.count > stored)
      refuseMessage(`shard ${shard.id} has ${stored} points in the log, and ${rows.count} in its rows`);
    table.count(stored, stored - rows.count);
    rows.showVectors();
    showAsServed(shard);
  } else {
    let tombstones = 0;
    let points = 0;
    rows.open(newSeed);
    let isLost = false;
    const onLostPayload = () => {
      isLost = true;
    };
    for (const stored of log.points(shard.id, { onLostPayload })) {
      // of one whose payload is lost, whoever asks for that is told so
      const state = isLost ? requireState(table, stored.id) : decodeStoredPoint(stored);
      shard.showPoint(state);
      points++;
      if (!state.exists) {
        tombstones++;
        isLost = false;
        continue;
      }
      if (!isLost) table.keep({ state, payloadKey: stored.payload?.key ?? emptyPayloadKey, isPayloadRead: () => true });
      isLost = false;
      rows.note(state.id);
      if (rows.fillNoted()) table.keepNone();
    }
    table.count(points, tombstones);
    rows.fill(newSeed, { isBegun: true });
    table.keepNone();
  }
  // whatever is no visible version is dead
  for (const graph of shard.graphs.values()) {
    for (let slot = 0, end = graph.reader.slotCount; slot < end; slot++) {
      if (graph.reader.nodeAt(slot).linked) graph.markDead(slot, !graph.reader.isVisible(slot));
    }
  }
}

/** Rows name slots of graphs that serve: in one that is being made, the same nodes are shown. */
function showAsServed({ collection, graphs }: Shard): void {
  for (const [vector, { key }] of Object.entries(collection.graphs?.building ?? {})) {
    const [served, building] = [graphs.get(servingKey(collection, vector)), graphs.get(key)];
    if (served === undefined || building === undefined) continue;
    for (let slot = 0, end = building.reader.slotCount; slot < end; slot++) {
      if (!building.reader.nodeAt(slot).linked) continue;
      const there = served.slotOf(building.reader.dotAt(slot));
      if (there !== undefined && served.reader.isVisible(there)) building.reader.show(slot);
    }
  }
}

function requireState(table: PointTable, id: PointId): PointState {
  return table.state(id) ?? refuseMessage(`point ${id} is not in the log any more`);
}

function openIndex(
  log: OpLog,
  collection: Collection,
  vector: string,
  { images, vectorFiles }: GraphSources,
  checkpoint: PlacedCheckpoint | undefined,
): PlacedIndex {
  const space = spaceOfKey(collection, vector);
  if (space === undefined) throw new MurmurationError("corrupt", "a collection without the vector it names");
  const options = spaceOptions(space);
  const keeping = vectorKeeping(log, vectorFiles, collection, vector);
  const read = images?.open(collection.id, vector);
  if (read !== undefined) {
    try {
      const openPart = (name: string) => images?.openPart?.(collection.id, name);
      const { space: index, note, rows, parts } = loadSpace(options, read, keeping, openPart);
      const { position, token, causality } = readImageNote(note);
      if (!Number.isSafeInteger(position) || position < 0 || position > log.lastPosition()) {
        throw new MurmurationError("corrupt", "the graph image is newer than the log");
      }
      if (position < (checkpoint?.position ?? 0)) {
        throw new MurmurationError("corrupt", "the graph image is older than the log's checkpoint");
      }
      images?.used(collection.id, vector, { position, token, rows, parts });
      return { index, position, token, causality };
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      images?.refused(collection.id, vector, error);
    }
  }
  if (checkpoint === undefined)
    return { index: newIndex(space, keeping), position: 0, token: undefined, causality: undefined };
  const { reader, position } = checkpoint;
  return {
    index: reader.index(collection, vector, vectorFiles),
    position,
    token: undefined,
    causality: reader.manifest.causality,
  };
}

/** Are these the same frontiers? */
export function isFrontier(a: VersionVector, b: VersionVector): boolean {
  return covers(a, b) && covers(b, a);
}
