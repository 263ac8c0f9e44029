import { MurmurationError } from "@murmuration/index";
import { emptyVersionVector, type VersionVector } from "../../causality/version-vector.js";
import { putStoredCheckpoint, type StoredCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import { writeCheckpoint } from "../../checkpoint/write-checkpoint.js";
import { limits } from "../../limits.js";
import type { KeptOperations } from "../../log/op-log.js";
import { mark } from "../../marks.js";
import { isPlanted } from "../../planted.js";
import { visibleDot, visibleVectorNames } from "../../state/point-state.js";
import type { Shard } from "../../state/shard.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { ReplicaStore } from "../commit/store.js";
import type { PeeringForUpkeep } from "./cluster-options.js";

/** Bounds of checkpoints, where they are not those of `limits`. */
export interface CompactionOptions {
  /** Rows that may go at which a log is compacted. */
  readonly rowsMin?: number;
  /** And how many they must be for each live one; default 1. */
  readonly rowsPerLive?: number;
  readonly partBytes?: number;
}

/** What compaction has done since the replica opened. */
export interface CompactionStatus {
  readonly checkpoints: number;
  readonly droppedRows: number;
  /** Why the last one failed, if it did. */
  readonly failure: string | undefined;
}

/** What the log holds of a shard, kept up without counting. */
interface Counted {
  readonly operations: number;
  readonly rows: number;
}

/**
 * Keeps the log of each shard in proportion to what is in the shard (docs/files.md, compaction): when many rows may go, the state is
 * written as a checkpoint and they are dropped, in one transaction. What may go is what every member holds and no point shows.
 */
export class Compactor {
  readonly #store: ReplicaStore;
  readonly #peering: PeeringForUpkeep | undefined;
  readonly #rowsMin: number;
  readonly #rowsPerLive: number;
  readonly #partBytes: number;
  /** As of its current checkpoint, or of when the replica opened. */
  readonly #counted = new Map<string, { readonly target: WritableShard; readonly start: Counted }>();
  #checkpoints = 0;
  #droppedRows = 0;
  #failure: string | undefined;
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(store: ReplicaStore, peering: PeeringForUpkeep | undefined, options: CompactionOptions) {
    this.#store = store;
    this.#peering = peering;
    this.#rowsMin = options.rowsMin ?? limits.compactionRowsMin;
    this.#rowsPerLive = options.rowsPerLive ?? 1;
    this.#partBytes = options.partBytes ?? limits.checkpointPartBytes;
  }

  /** Compacts at most one shard. A log that refuses is left as it is, and asked again later. */
  tick(nowMs: number): void {
    if (nowMs < this.#retryAtMs || !this.#store.isDurable()) return;
    for (const id of this.#counted.keys()) if (!this.#store.shards.has(id)) this.#counted.delete(id);
    for (const target of this.#store.shards.values()) {
      const stable = this.#peering?.stable(target.shard.id) ?? target.shard.frontier;
      if (!this.#isDue(target, stable)) continue;
      try {
        this.#compact(target, stable);
        this.#failure = undefined;
      } catch (error) {
        if (!(error instanceof MurmurationError)) throw error;
        this.#failure = error.message;
        this.#retryAtMs = nowMs + limits.compactionRetryMs;
      }
      return;
    }
  }

  /** Compacts a shard whether or not it is worth it. Everything is durable. Throws what the log throws. */
  compactNow(target: WritableShard): void {
    this.#compact(target, this.#peering?.stable(target.shard.id) ?? target.shard.frontier);
  }

  status(): CompactionStatus {
    return { checkpoints: this.#checkpoints, droppedRows: this.#droppedRows, failure: this.#failure };
  }

  #isDue(target: WritableShard, stable: VersionVector): boolean {
    const { shard } = target;
    // what was mended would be lost with a recovery from the log, and who wants a snapshot waits for one
    if (this.#store.checkpointsWanted.has(shard.id)) return true;
    if (!this.#isChecked(shard.id)) return false;
    const start = this.#startOf(target);
    const operations = countOf(shard.frontier);
    const rows = start.rows + operations - start.operations;
    let live = 0;
    for (const { reader } of shard.graphs.values()) live += reader.visibleCount;
    const mayGo = rows - (operations - countOf(stable)) - live;
    return mayGo >= Math.max(this.#rowsMin, this.#rowsPerLive * live);
  }

  /** Do points show all that they did before the start? A row that was lost is mended, and then shows an operation that must be here. */
  #isChecked(shard: string): boolean {
    return this.#peering?.isChecked(shard) ?? true;
  }

  #startOf(target: WritableShard): Counted {
    const { shard } = target;
    const known = this.#counted.get(shard.id);
    if (known?.target === target) return known.start;
    const { log } = this.#store;
    const start = { operations: countOf(shard.frontier), rows: log.operationCount(shard.id) };
    this.#counted.set(shard.id, { target, start });
    return start;
  }

  #compact(target: WritableShard, stable: VersionVector): void {
    const { log, time } = this.#store;
    const { shard } = target;
    const position = log.lastPosition();
    const mayGo = this.#isChecked(shard.id) ? stable : emptyVersionVector;
    const upTo = isPlanted("compacts-unstable") ? shard.frontier : mayGo;
    const kept = isPlanted("compacts-live") ? new Map() : shownOperations(shard);
    const before = log.operationCount(shard.id);
    const { stored, dropped } = log.transaction((writer) => {
      const name = writeCheckpoint(writer, target, time.last, this.#partBytes);
      const dropped = writer.dropOperations(shard.id, position, upTo, kept);
      const operations = countOf(shard.frontier);
      const stored: StoredCheckpoint = { ...name, position, operations, rows: before - dropped };
      putStoredCheckpoint(writer, shard.id, stored);
      return { stored, dropped };
    });
    this.#counted.set(shard.id, { target, start: stored });
    this.#store.checkpointsWanted.delete(shard.id);
    this.#checkpoints += 1;
    this.#droppedRows += dropped;
    mark("log compacted");
  }
}

/** How many operations a frontier holds. */
function countOf(frontier: VersionVector): number {
  let count = 0;
  for (const sequence of frontier.values()) count += sequence;
  return count;
}

/** The operations that inserted the versions which points show: their vectors stand in the log as long as anybody can read them. */
function shownOperations(shard: Shard): KeptOperations {
  const shown = new Map<number, Set<number>>();
  for (const state of shard.table.states()) {
    for (const name of visibleVectorNames(state)) {
      if (shard.shownGraph(name) === undefined) continue;
      const dot = visibleDot(state, name);
      if (dot === undefined) continue;
      const ofOrigin = shown.get(dot.origin);
      if (ofOrigin === undefined) shown.set(dot.origin, new Set([dot.sequence]));
      else ofOrigin.add(dot.sequence);
    }
  }
  return shown;
}
