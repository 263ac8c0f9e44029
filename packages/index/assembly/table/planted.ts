import { H_COLUMNS_PLANTED } from "../../src/segment/column-layout";
import { H_PLANTED } from "../../src/segment/layout";

// Bugs that can be planted in rows, in the order of src/planted.ts.
export const PUBLISH_EARLY: u32 = 1;
export const HIDDEN_EARLY: u32 = 2;
export const NO_PINS: u32 = 4;
export const NO_OLDER: u32 = 8;
export const HIDDEN_STAYS: u32 = 16;
export const NO_SLOT_CHECK: u32 = 32;
// The same of columns.
export const STALE_SUMMARY: u32 = 1;
export const OLDER_VALUE: u32 = 2;
export const SETS_STAY: u32 = 4;
export const POSTING_STAYS: u32 = 8;
export const EXTENT_REUSED: u32 = 16;

/** Is this bug of rows planted? PLANTING comes with the compiler's options: in a release build it is 0, and nothing is left of the question. */
@inline export function isPlanted(bug: u32): bool { return PLANTING ? <bool>(load<u32>(H_PLANTED) & bug) : false; }
/** The same of columns. */
@inline export function isPlantedInColumns(bug: u32): bool { return PLANTING ? <bool>(load<u32>(H_COLUMNS_PLANTED) & bug) : false; }
