import type { PointId } from "@murmuration/index";
import { compareStamps } from "../../causality/hybrid-clock.js";
import { CheckpointReader } from "../../checkpoint/read-checkpoint.js";
import { storedCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import type { LogEntry, OpLog } from "../../log/op-log.js";
import { decodeOperation } from "../../operation/codec.js";
import { applyToPoints } from "../../state/apply-to-points.js";
import type { PointState } from "../../state/point-state.js";

/** The points that are wanted, as operations make them one after the other. */
class Followed {
  readonly states = new Map<PointId, PointState>();
  /** Of which a payload was lost with the operation that had it, so that it is not known what they have. */
  readonly #unknown = new Set<PointId>();
  readonly #ids: ReadonlySet<PointId>;

  constructor(ids: ReadonlySet<PointId>) {
    this.#ids = ids;
  }

  apply({ shard, origin, sequence, bytes }: LogEntry, { isPayloadLost }: { readonly isPayloadLost: boolean }): void {
    const operation = decodeOperation(shard, origin, sequence, bytes);
    const stamp = { time: operation.time, origin };
    const put = (id: PointId, next: PointState | undefined) => {
      if (!this.#ids.has(id)) return;
      if (next === undefined) this.states.delete(id);
      else this.states.set(id, next);
      const isWhole = next === undefined || compareStamps(next.payloadStamp, stamp) === 0;
      if (!isWhole) return;
      if (isPayloadLost) this.#unknown.add(id);
      else if (next === undefined || Object.keys(next.fieldStamps).length === 0) this.#unknown.delete(id);
    };
    applyToPoints(operation, { stamp, sequence }, { state: (id) => this.states.get(id), put });
  }

  known(): ReadonlyMap<PointId, PointState> {
    for (const id of this.#unknown) this.states.delete(id);
    return this.states;
  }
}

/**
 * What a shard's checkpoint and the operations behind it make of some points, a step at a time; `undefined` where the log was compacted meanwhile.
 * Points of which a payload is lost, with the operation that had it, are not among them. Throws `corrupt` where anything else is damaged.
 */
export function* statesOfOperations(
  log: OpLog,
  shard: string,
  ids: ReadonlySet<PointId>,
): Generator<void, ReadonlyMap<PointId, PointState> | undefined> {
  const begun = storedCheckpoint(log, shard);
  const followed = new Followed(ids);
  if (begun !== undefined) {
    for (const state of CheckpointReader.open(log, shard, "current").states()) {
      if (ids.has(state.id)) followed.states.set(state.id, state);
      yield;
    }
  }
  const onDamaged = ({ position }: Omit<LogEntry, "bytes">) => {
    const [rest] = log.read(position - 1, { shard, limit: 1, leavesPayloadsOut: true });
    if (rest !== undefined) followed.apply(rest, { isPayloadLost: true });
  };
  for (const entry of log.read(begun?.position ?? 0, { shard, onDamaged })) {
    followed.apply(entry, { isPayloadLost: false });
    yield;
  }
  return storedCheckpoint(log, shard)?.position === begun?.position ? followed.known() : undefined;
}
