import { assert, MurmurationError } from "@murmuration/index";
import { covers, sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import { type CheckpointManifest, frontierOf, transferOf } from "../../checkpoint/manifest.js";
import { CheckpointReader, restoreForeignCheckpoint } from "../../checkpoint/read-checkpoint.js";
import { putStoredCheckpoint, storedCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import { limits } from "../../limits.js";
import type { LogEntry, ReadOptions } from "../../log/op-log.js";
import { decodeOperation } from "../../operation/codec.js";
import { isPlanted } from "../../planted.js";
import type { Shard } from "../../state/shard.js";
import type { ReplicaStore } from "../commit/store.js";
import { putUnconfirmed } from "./unconfirmed-snapshots.js";

/**
 * Throws for a snapshot that must not be taken over now: `bad-request` when it holds nothing that is missing here, or lacks something that
 * this replica has only in its own checkpoint; `unavailable` when its time has not come (see `limits.clockDriftMsMax`).
 */
export function requireUseful(store: ReplicaStore, manifest: CheckpointManifest, nowMs: number): void {
  const { shard, time } = manifest;
  const frontier = frontierOf(manifest);
  const isQuarantined = store.quarantines.has(shard);
  const held = isQuarantined ? store.log.frontier(shard) : store.causality(shard)?.frontier;
  if (held === undefined) throw new MurmurationError("bad-request", `shard ${shard} is not here`);
  // unless what is held was found damaged
  if (covers(held, frontier) && !store.snapshotsWanted.has(shard)) {
    throw new MurmurationError("bad-request", `the snapshot of shard ${shard} holds nothing that is missing`);
  }
  if (!isQuarantined && storedCheckpoint(store.log, shard) !== undefined) {
    const own = CheckpointReader.open(store.log, shard, "current").manifest;
    // what went into the own checkpoint is in no row that could be put behind the snapshot
    if (!covers(frontier, frontierOf(own))) {
      throw new MurmurationError("bad-request", `the snapshot of shard ${shard} is older than the own checkpoint`);
    }
  }
  if (time.wallMs > nowMs + limits.clockDriftMsMax) {
    throw new MurmurationError("unavailable", `the snapshot of shard ${shard} is ${time.wallMs - nowMs} ms ahead`);
  }
}

/**
 * Take over the incoming checkpoint of a shard: its state, and on top of it the operations that this replica holds and the checkpoint does
 * not, in the order of the log, which is a causal one. All of it in one transaction; when that fails, everything is as before. Throws
 * `corrupt` for a checkpoint that is damaged or is not what it says. Of a quarantined shard, whatever its log still gives is put on top; own
 * operations that it does not give must be held elsewhere (up to the sequence `ownElsewhere`), to be asked for. `unconfirmedFrom`: the replica
 * whose word alone it is.
 */
export function installSnapshot(
  store: ReplicaStore,
  shard: string,
  nowMs: number,
  ownElsewhere = 0,
  unconfirmedFrom?: number,
): void {
  const { log, time } = store;
  assert(store.isDurable(), "what was applied is in the log");
  const isQuarantined = store.quarantines.has(shard);
  const collection = isQuarantined ? store.catalogue.collections[shard] : store.shards.get(shard)?.shard.collection;
  assert(collection !== undefined, "snapshots are installed for shards that are here");
  const reader = CheckpointReader.open(log, shard, "incoming");
  const { manifest } = reader;
  requireUseful(store, manifest, nowMs);
  const frontier = frontierOf(manifest);
  const target = restoreForeignCheckpoint(reader, collection, store.vectorFiles);
  const onDamaged: ReadOptions["onDamaged"] = ({ origin, sequence }, error) => {
    if (!isQuarantined && sequence > sequenceOf(frontier, origin)) throw error;
  };
  const rows = uncoveredRows(log.read(0, { shard, onDamaged }), frontier);
  const kept = isQuarantined ? rows.filter((row) => canApply(target.shard, row)) : rows;
  if (!isQuarantined) for (const row of rows) applyRow(target.shard, row);
  const written = sequenceOf(log.frontier(shard), store.id);
  if (sequenceOf(target.shard.frontier, store.id) < written && ownElsewhere < written) {
    // their names would be given again
    const what = "operations of this replica that its log does not give any more and nobody else holds";
    throw new MurmurationError("bad-request", `the snapshot of shard ${shard} lacks ${what}`);
  }
  time.observe(manifest.time, nowMs);
  const transfer = transferOf(log.checkpointPart(shard, "incoming", 0) as Uint8Array);
  store.replaceShard(target, (writer) => {
    const position = writer.restartShard(shard, frontier);
    putUnconfirmed(writer, shard, unconfirmedFrom);
    writer.promoteCheckpoint(shard);
    let operations = 0;
    for (const sequence of frontier.values()) operations += sequence;
    const parts = 1 + manifest.checksums.length;
    putStoredCheckpoint(writer, shard, { transfer, parts, position, operations, rows: 0 });
    target.shard.position = position;
    if (isPlanted("install-in-memory-alone")) return;
    for (const { origin, sequence, bytes } of kept) {
      target.shard.position = writer.append(shard, origin, sequence, bytes);
    }
  });
}

function applyRow(shard: Shard, { origin, sequence, bytes }: LogEntry): void {
  const operation = decodeOperation(shard.id, origin, sequence, bytes);
  shard.check(operation);
  shard.apply(operation);
}

/** The same for a row of a log that could not be applied: one that cannot be is left out, and what follows it. */
function canApply(shard: Shard, row: LogEntry): boolean {
  try {
    const { dependencies } = decodeOperation(shard.id, row.origin, row.sequence, row.bytes);
    if (!covers(shard.frontier, dependencies)) return false;
    applyRow(shard, row);
    return true;
  } catch (error) {
    if (error instanceof MurmurationError) return false;
    throw error;
  }
}

function uncoveredRows(entries: Iterable<LogEntry>, frontier: VersionVector): LogEntry[] {
  const rows: LogEntry[] = [];
  if (isPlanted("install-forgets-rows")) return rows;
  for (const entry of entries) if (entry.sequence > sequenceOf(frontier, entry.origin)) rows.push(entry);
  return rows;
}
