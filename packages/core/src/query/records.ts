import { type Payload, type PointId, selectPayload } from "@murmuration/index";
import { type PointState, visibleVectorNames } from "../state/point-state.js";
import type { Shard } from "../state/shard.js";
import type { PointRecord, Selection } from "./request.js";

/** Copies of a point's vectors: all of them, or those named that it has. */
function vectorsOf(
  shard: Shard,
  state: PointState,
  row: number,
  selector: true | readonly string[],
): { [name: string]: Float32Array } {
  const names = visibleVectorNames(state).filter((name) => selector === true || selector.includes(name));
  const vectors: { [name: string]: Float32Array } = {};
  for (const name of names.sort()) {
    const slot = shard.table.slotMap(name)?.slotOf(row);
    if (slot !== undefined) vectors[name] = shard.graph(name).reader.vectorAt(slot);
  }
  return vectors;
}

/** The selected parts of the live point at a row. */
export function recordAt(shard: Shard, row: number, selection: Selection): PointRecord {
  const state = shard.table.at(row);
  const payload: Payload | undefined = selectPayload(state.payload, selection.payload);
  return {
    id: state.id,
    ...(payload === undefined ? {} : { payload }),
    ...(selection.vectors === false ? {} : { vectors: vectorsOf(shard, state, row, selection.vectors) }),
  };
}

/** Points by id, in the order asked for; unknown ids are passed over. */
export function retrieve(shard: Shard, ids: readonly PointId[], selection: Selection): PointRecord[] {
  const records: PointRecord[] = [];
  for (const id of ids) {
    const row = shard.table.rowOf(id);
    if (row !== undefined) records.push(recordAt(shard, row, selection));
  }
  return records;
}
