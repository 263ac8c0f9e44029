import type { OpLog } from "../../log/op-log.js";
import { decodeOperation } from "../../operation/codec.js";
import { type PointState, visibleDot, visibleVectorNames } from "../../state/point-state.js";
import type { Shard } from "../../state/shard.js";

/** Are a point's vectors in memory those that the log has? `undefined`: they are equal as far as the log goes back. */
export function vectorsAgreeWithLog(log: OpLog, shard: Shard, state: PointState): boolean | undefined {
  let all: true | undefined = true;
  for (const name of visibleVectorNames(state)) {
    const dot = visibleDot(state, name);
    const slot = dot === undefined ? undefined : shard.graph(name).slotOf(dot);
    if (dot === undefined || slot === undefined) return false;
    const [entry] = log.readOrigin(shard.id, dot.origin, dot.sequence - 1, 1);
    const operation =
      entry?.sequence === dot.sequence ? decodeOperation(shard.id, dot.origin, dot.sequence, entry.bytes) : undefined;
    const logged =
      operation !== undefined && "vectors" in operation
        ? operation.vectors.find((vector) => vector.name === name)
        : undefined;
    if (logged === undefined) all = undefined;
    else if (Buffer.compare(bytesOf(logged.values), bytesOf(shard.graph(name).reader.vectorAt(slot))) !== 0)
      return false;
  }
  return all;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
