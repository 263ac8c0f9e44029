import { assert, MurmurationError } from "@murmuration/index";
import { covers, sequenceOf, type VersionVector } from "../causality/version-vector.js";
import { type CheckpointManifest, frontierOf, transferOf } from "../checkpoint/manifest.js";
import { CheckpointReader, restoreForeignCheckpoint } from "../checkpoint/read-checkpoint.js";
import { putStoredCheckpoint, storedCheckpoint } from "../checkpoint/stored-checkpoint.js";
import { limits } from "../limits.js";
import type { LogEntry } from "../log/op-log.js";
import { decodeOperation } from "../operation/codec.js";
import { planted } from "../planted.js";
import type { ReplicaStore } from "./store.js";

/**
 * Throws for a snapshot that must not be taken over now: `bad-request` when it holds nothing that is missing here, or lacks something that
 * this replica has only in its own checkpoint; `unavailable` when its time has not come (see `limits.clockDriftMsMax`).
 */
export function requireUseful(store: ReplicaStore, manifest: CheckpointManifest, nowMs: number): void {
  const { shard, time } = manifest;
  const frontier = frontierOf(manifest);
  const held = store.causality(shard)?.frontier;
  if (held === undefined) throw new MurmurationError("bad-request", `shard ${shard} is not here`);
  // unless what is held was found damaged
  if (covers(held, frontier) && !store.snapshotsWanted.has(shard)) {
    throw new MurmurationError("bad-request", `the snapshot of shard ${shard} holds nothing that is missing`);
  }
  if (storedCheckpoint(store.log, shard) !== undefined) {
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
 * `corrupt` for a checkpoint that is damaged or is not what it says.
 */
export function installSnapshot(store: ReplicaStore, shard: string, nowMs: number): void {
  const { log, time } = store;
  assert(store.isDurable(), "what was applied is in the log");
  const collection = store.shards.get(shard)?.shard.collection;
  assert(collection !== undefined, "snapshots are installed for shards that are here");
  const reader = CheckpointReader.open(log, shard, "incoming");
  const { manifest } = reader;
  requireUseful(store, manifest, nowMs);
  const frontier = frontierOf(manifest);
  const target = restoreForeignCheckpoint(reader, collection);
  const rows = uncoveredRows(log.read(0, { shard }), frontier);
  for (const { origin, sequence, bytes } of rows) {
    const operation = decodeOperation(shard, origin, sequence, bytes);
    target.shard.check(operation);
    target.shard.apply(operation);
  }
  time.observe(manifest.time, nowMs);
  const transfer = transferOf(log.checkpointPart(shard, "incoming", 0) as Uint8Array);
  store.replaceShard(target, (writer) => {
    const position = writer.restartShard(shard, frontier);
    writer.promoteCheckpoint(shard);
    let operations = 0;
    for (const sequence of frontier.values()) operations += sequence;
    const parts = 1 + manifest.checksums.length;
    putStoredCheckpoint(writer, shard, { transfer, parts, position, operations, rows: 0 });
    target.shard.position = position;
    if (planted.has("install-in-memory-alone")) return;
    for (const { origin, sequence, bytes } of rows) {
      target.shard.position = writer.append(shard, origin, sequence, bytes);
    }
  });
}

function uncoveredRows(entries: Iterable<LogEntry>, frontier: VersionVector): LogEntry[] {
  const rows: LogEntry[] = [];
  if (planted.has("install-forgets-rows")) return rows;
  for (const entry of entries) if (entry.sequence > sequenceOf(frontier, entry.origin)) rows.push(entry);
  return rows;
}
