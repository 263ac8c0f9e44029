import type { PointId } from "@murmuration/index";
import { CheckpointReader } from "../../checkpoint/read-checkpoint.js";
import { storedCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import type { OpLog } from "../../log/op-log.js";
import { decodeOperation } from "../../operation/codec.js";
import { applyToPoints } from "../../state/apply-to-points.js";
import type { PointState } from "../../state/point-state.js";

/**
 * What a shard's checkpoint and the operations behind it make of some points, a step at a time; `undefined` where the log was compacted meanwhile.
 * Throws `corrupt` where one of them is damaged.
 */
export function* statesOfOperations(
  log: OpLog,
  shard: string,
  ids: ReadonlySet<PointId>,
): Generator<void, ReadonlyMap<PointId, PointState> | undefined> {
  const begun = storedCheckpoint(log, shard);
  const states = new Map<PointId, PointState>();
  if (begun !== undefined) {
    for (const state of CheckpointReader.open(log, shard, "current").states()) {
      if (ids.has(state.id)) states.set(state.id, state);
      yield;
    }
  }
  for (const entry of log.read(begun?.position ?? 0, { shard })) {
    const operation = decodeOperation(entry.shard, entry.origin, entry.sequence, entry.bytes);
    const { time, origin, sequence } = operation;
    applyToPoints(
      operation,
      { stamp: { time, origin }, sequence },
      {
        state: (id) => states.get(id),
        put: (id, next) => {
          if (!ids.has(id)) return;
          if (next === undefined) states.delete(id);
          else states.set(id, next);
        },
      },
    );
    yield;
  }
  return storedCheckpoint(log, shard)?.position === begun?.position ? states : undefined;
}
