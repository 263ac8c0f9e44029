import {
  CheckpointReader,
  putStoredCheckpoint,
  type Replica,
  restoreCheckpoint,
  storedCheckpoint,
  writeCheckpoint,
} from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { collectionName } from "./commands.js";
import { CrashSignal, type SimulatedDisk } from "./disk.js";
import type { Random } from "./random.js";

const POINTS_MAX = 3;
const PART_BYTES = 1_500;
const LONG_AGO = { wallMs: 1, counter: 0 };

/**
 * Puts a checkpoint in place of a disk's own that is sound in itself and not what its operations made: some points have lost what they say.
 * Returns by what others know it; `undefined`: there is none to forge but the one that was `forged` last, or the disk does not take it.
 */
export function forgeCheckpoint(
  disk: SimulatedDisk,
  replica: Replica,
  random: Random,
  forged: number | undefined,
): number | undefined {
  const collection = Object.values(replica.catalogue.collections).find(({ name }) => name === collectionName);
  if (collection === undefined || disk.isFull || disk.writesToCrash !== undefined) return undefined;
  const { id } = collection;
  const stored = storedCheckpoint(disk, id);
  if (stored === undefined || stored.transfer === forged) return undefined;
  try {
    const checkpoint = CheckpointReader.open(disk, id, "current");
    const target = restoreCheckpoint(checkpoint, collection);
    const live = [...target.shard.table.states()].filter(({ exists }) => exists);
    const changed = Array.from({ length: Math.min(POINTS_MAX, live.length) }, () => random.pick(live)).map((state) => {
      const stamp = { ...state.stamp, time: LONG_AGO };
      return { ...state, stamp, payload: { forged: true }, payloadStamp: stamp, fieldStamps: {} };
    });
    if (changed.length === 0) return undefined;
    target.shard.reconcilePoints(changed);
    const { time } = checkpoint.manifest;
    return disk.transaction((writer) => {
      const name = writeCheckpoint(writer, target, time, PART_BYTES);
      putStoredCheckpoint(writer, id, { ...stored, ...name });
      return name.transfer;
    });
  } catch (error) {
    // a part has rotted
    if (error instanceof CrashSignal || error instanceof MurmurationError) return undefined;
    throw error;
  }
}
