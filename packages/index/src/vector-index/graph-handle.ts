import { assert } from "../errors.js";
import { attachEngine, type GraphMemory, header } from "./engine.js";
import { GraphReader } from "./graph-reader.js";
import { type VectorIndexOptions, vectorIndexLimits } from "./options.js";

/** What another thread needs to read this graph. Can be posted to it. */
export interface GraphHandle {
  readonly memory: GraphMemory;
  readonly options: VectorIndexOptions;
}

/** A reader in another thread than the writer's; `thread` from 1 to `vectorIndexLimits.threadsMax` − 1, one per reader. */
export function attachReader(handle: GraphHandle, thread: number): GraphReader {
  assert(thread >= 1 && thread < vectorIndexLimits.threadsMax, "thread 0 is the writer's");
  return new GraphReader(attachEngine(handle.memory, handle.options, thread), handle.options);
}

/** A thread that has died is in no walk and keeps no slots. For its supervisor: the thread must not run when this is called. */
export function releaseGraphThread({ memory }: GraphHandle, thread: number): void {
  const u32 = new Uint32Array(memory.buffer);
  const line = (header.readers + thread * 64) >> 2;
  Atomics.store(u32, line, 0);
  Atomics.store(u32, line + 2, 0);
}
