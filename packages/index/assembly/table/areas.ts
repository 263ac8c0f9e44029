// What a thread asks columns with and finds the answer in: an area of its own, before the end of the memory.
import { MEMORY_END, THREADS_MAX } from "../../src/segment/layout";
import { AREA_BYTES } from "../../src/segment/column-layout";
import { thread } from "./regions";

export let area: usize;
/** The area of this thread. Called once its number is known. */
export function deriveArea(): void { area = MEMORY_END - (<usize>thread + 1) * AREA_BYTES; }
/** Where the areas of all threads begin. */
export function areasStart(): usize { return MEMORY_END - <usize>THREADS_MAX * AREA_BYTES; }
