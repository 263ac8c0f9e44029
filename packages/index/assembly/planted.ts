import { H } from "./layout";

// Bugs that can be planted in the graph, in the order of src/planted.ts.
export const LOWEST_SLOTS: u32 = 1;
export const REMOVE_WINS: u32 = 2;
export const PURGE_FORGETS_DEAD: u32 = 4;
export const ADD_FORGETS_TAG: u32 = 8;
export const ENTRY_STAYS: u32 = 16;
export const LINKS_TO_DEAD: u32 = 32;

/** Is this bug planted? PLANTING comes with the compiler's options: in a release build it is 0, and nothing is left of the question. */
@inline export function isPlanted(bug: u32): bool { return PLANTING ? <bool>(load<u32>(H.PLANTED) & bug) : false; }
