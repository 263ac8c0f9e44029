import { assert, MurmurationError } from "../errors.js";
import type { SharedMemory } from "../shared-memory.js";
import { attachEngine, type GraphMemory, lineOf } from "./engine.js";
import { GraphReader } from "./graph-reader.js";
import { type VectorIndexOptions, vectorIndexLimits } from "./options.js";
import type { RowFileReader } from "./row-file.js";

/** What another thread needs to read this graph. Can be posted to it. */
export interface GraphHandle {
  readonly memory: GraphMemory;
  readonly options: VectorIndexOptions;
  /** Name of the file that its f32 rows are in; absent: they are in its memory. */
  readonly rows?: string;
}

/** Opens the files that rows are in, by their names, for a thread that reads them. Throws `storage`. */
export type OpenRowFile = (name: string) => RowFileReader;

/**
 * A reader in another thread than the writer's; `thread` from 1 to `vectorIndexLimits.threadsMax` − 1, one per reader. `hasPinned`: the
 * thread has pinned an epoch there already (`PublishedPins`). `openRows`: for graphs whose rows are in files.
 */
export function attachReader(
  handle: GraphHandle,
  thread: number,
  hasPinned = false,
  openRows?: OpenRowFile,
): GraphReader {
  requireThread(thread);
  const { memory, options, rows } = handle;
  if (rows === undefined) return new GraphReader(attachEngine(memory, options, thread, hasPinned), options);
  if (openRows === undefined) throw new MurmurationError("internal", "no files of vectors are opened here");
  return new GraphReader(
    attachEngine(memory, options, thread, hasPinned, { name: rows, file: openRows(rows) }),
    options,
  );
}

/** Throws for a number that is no other thread's than the writer's. */
export function requireThread(thread: number): void {
  assert(thread >= 1 && thread < vectorIndexLimits.threadsMax, "thread 0 is the writer's");
}

/** A thread that has died is in no walk and keeps no slots. For its supervisor: the thread must not run when this is called. */
export function releaseGraphThread({ memory }: { readonly memory: SharedMemory }, thread: number): void {
  const u32 = new Uint32Array(memory.buffer);
  const line = lineOf(thread);
  Atomics.store(u32, line, 0);
  Atomics.store(u32, line + 2, 0);
}
