import { A_OUT, NULLS, OTHER, SEVERAL, UNHELD_NUMBER, VALUED } from "../../segment/column-layout.js";
import type { Json } from "../json.js";
import type { ColumnEngine } from "./column-engine.js";
import type { ColumnKind } from "./column-kind.js";

/** Writes several different values to memory of their own and returns its address; 0: the memory is full, and nothing is left behind. */
function writeSeveral(engine: ColumnEngine, column: number, kind: ColumnKind, keys: readonly unknown[]): number {
  const held = kind.held(keys);
  const values = engine.takeValues(column, held.count) >>> 0;
  if (values === 0) return 0;
  const first = (values + 8) >>> 2;
  for (let i = 0; i < held.count; i++) {
    if (held.write(i, engine, column, first + i * kind.cellWords)) continue;
    engine.forgetValues(column, values, i, 0);
    return 0;
  }
  return values;
}

/**
 * Enters a row that a column does not have, with all of its values at the path (as of `valuesAt`). False: the memory is full, and the column
 * is as it was.
 */
export function enterRow(
  engine: ColumnEngine,
  column: number,
  kind: ColumnKind,
  row: number,
  values: readonly Json[],
): boolean {
  let flags = 0;
  const distinct = new Set<unknown>();
  for (const value of values) {
    const key = kind.keyOf(value);
    if (key !== undefined) distinct.add(key);
    else if (value === null) flags |= 1 << NULLS;
    else {
      flags |= 1 << OTHER;
      if (typeof value === "number" || typeof value === "bigint") flags |= 1 << UNHELD_NUMBER;
    }
  }
  if (distinct.size > 0) flags |= 1 << VALUED;
  if (distinct.size > 1) flags |= 1 << SEVERAL;
  if (flags === 0) return true;
  const keys = [...distinct];
  const { count, flags: more, write } = kind.held(keys);
  if (count <= 1) {
    const { u32 } = engine;
    const at = (engine.area + A_OUT) >>> 2;
    if (count === 1 && !write(0, engine, column, at)) return false;
    const [low, high] = count === 1 ? [u32[at] as number, u32[at + 1] as number] : [0, 0];
    if (engine.enterRow(column, row, flags | more, count, 0, low, high) !== 0) return true;
    engine.forgetValues(column, 0, count, low);
    return false;
  }
  const several = writeSeveral(engine, column, kind, keys);
  if (several === 0) return false;
  if (engine.enterRow(column, row, flags | more, count, several, 0, 0) !== 0) return true;
  engine.forgetValues(column, several, count, 0);
  return false;
}
