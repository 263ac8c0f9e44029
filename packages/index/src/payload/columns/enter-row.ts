import { A_OUT, NULLS, OTHER, SEVERAL, UNHELD_NUMBER, VALUED } from "../../segment/column-layout.js";
import type { Json } from "../json.js";
import type { ColumnEngine } from "./column-engine.js";
import type { ColumnKind, HeldValues, RowSketch } from "./column-kind.js";

/** Writes several different values to memory of their own and returns its address; 0: the memory is full, and nothing is left behind. */
function writeSeveral(engine: ColumnEngine, column: number, kind: ColumnKind, held: HeldValues): number {
  const { u32 } = engine;
  const { count, sequence = [] } = held;
  const values = engine.takeValues(column, count + sequence.length) >>> 0;
  if (values === 0) return 0;
  u32[values >>> 2] = count;
  u32[(values + 4) >>> 2] = sequence.length;
  const first = (values + 8) >>> 2;
  for (let i = 0; i < count; i++) {
    if (held.write(i, engine, column, first + i * kind.cellWords)) continue;
    engine.forgetValues(column, values, i, 0);
    return 0;
  }
  for (const [i, place] of sequence.entries()) {
    u32[first + count + i] = place === undefined ? 0 : (u32[first + place] as number);
  }
  return values;
}

function sketchOf(kind: ColumnKind, values: readonly Json[]): RowSketch {
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
  return { flags, held: kind.held([...distinct]) };
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
  const { flags, held } = kind.sketch?.(values) ?? sketchOf(kind, values);
  if (flags === 0) return true;
  const { count, flags: more, write, sequence } = held;
  if (count <= 1 && sequence === undefined) {
    const { u32 } = engine;
    const at = (engine.area + A_OUT) >>> 2;
    if (count === 1 && !write(0, engine, column, at)) return false;
    const [low, high] = count === 1 ? [u32[at] as number, u32[at + 1] as number] : [0, 0];
    if (engine.enterRow(column, row, flags | more, count, 0, low, high) !== 0) return true;
    engine.forgetValues(column, 0, count, low);
    return false;
  }
  const several = writeSeveral(engine, column, kind, held);
  if (several === 0) return false;
  if (engine.enterRow(column, row, flags | more, count, several, 0, 0) !== 0) return true;
  engine.forgetValues(column, several, count, 0);
  return false;
}
