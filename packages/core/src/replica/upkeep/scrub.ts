import { MurmurationError } from "@murmuration/index";
import { covers } from "../../causality/version-vector.js";
import { frontierOf } from "../../checkpoint/manifest.js";
import { CheckpointReader } from "../../checkpoint/read-checkpoint.js";
import type { OpLog } from "../../log/op-log.js";
import { isPlanted } from "../../planted.js";
import type { Shard } from "../../state/shard.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { ReplicaStore } from "../commit/store.js";
import type { Compactor } from "./compactor.js";

/**
 * Have memory and log hold nothing of shards that nobody can read: freed memory is wiped, the log compacted, payloads that were dropped are deleted, and
 * last the log's medium is scrubbed. In steps, as long as readers hold anything of it. Throws what the log throws.
 */
export function* scrubShards(
  store: ReplicaStore,
  compactor: Compactor,
  targets: ReadonlySet<WritableShard>,
): Generator<void, void, void> {
  const { log, droppedPayloads } = store;
  for (const target of targets) {
    // nothing changes between the last wiping and the checkpoint, which holds images of this memory
    while (!wipe(target)) {
      // rows are given back when readers have gone on to a later epoch
      store.showAgain(target);
      yield;
    }
    if (!isPlanted("erasure-keeps-incoming")) dropIncoming(store, target);
    if (!isPlanted("erasure-keeps-checkpoint")) compactor.compactNow(target);
    store.showAgain(target);
  }
  const dropped = log.lastDrop();
  while (!droppedPayloads.areDeleted(dropped)) {
    for (const target of targets) store.showAgain(target);
    yield;
  }
  if (isPlanted("erasure-leaves-remains")) return;
  for (let isRewritten = false; !log.scrub(isRewritten); isRewritten = true) yield;
}

/** Is nothing left in memory of what nobody can read? */
function wipe({ indexes, rows }: WritableShard): boolean {
  let isWiped = rows.segment.wipe();
  for (const space of indexes.values()) if (!space.wipe()) isWiped = false;
  return isWiped;
}

/** What came of a snapshot that was not taken over: unless it is newer than what is here, it is of no use, and may have what is erased. */
function dropIncoming({ log }: ReplicaStore, { shard }: WritableShard): void {
  if (log.checkpointParts(shard.id, "incoming").length === 0 || isNewer(log, shard)) return;
  log.transaction((writer) => writer.dropCheckpoint(shard.id, "incoming"));
}

function isNewer(log: OpLog, { id, frontier }: Shard): boolean {
  try {
    return covers(frontierOf(CheckpointReader.open(log, id, "incoming").manifest), frontier);
  } catch (error) {
    if (error instanceof MurmurationError && error.code === "corrupt") return false;
    throw error;
  }
}
