import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread, resourceLimits } from "node:worker_threads";

export interface HeapUse {
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/** The heap of a thread. */
export interface Heap {
  readonly read: () => HeapUse;
  /** Free what nobody uses any more. */
  readonly collect: () => void;
}

const MEBIBYTE = 1024 * 1024;
/** What node takes where it is not told otherwise. */
const SEMI_SPACE_MEBIBYTES_DEFAULT = 64;
/** The young generation is three half-spaces. */
const SEMI_SPACES = 3;

/** Spaces of what is young, and of what is not on this heap at all. */
const notOld: ReadonlySet<string> = new Set(["new_space", "new_large_object_space", "read_only_space"]);

/** Most bytes of this thread's young generation. */
function youngBytesMax(): number {
  const { maxYoungGenerationSizeMb } = resourceLimits;
  if (!isMainThread && maxYoungGenerationSizeMb !== undefined) return maxYoungGenerationSizeMb * MEBIBYTE;
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].join(" ");
  const given = /--max[-_]semi[-_]space[-_]size[= ](\d+)/.exec(options)?.[1];
  return SEMI_SPACES * Number(given ?? SEMI_SPACE_MEBIBYTES_DEFAULT) * MEBIBYTE;
}

/** This thread's heap, of which the old generation counts: whatever lives long is there, and it is its end that ends the process. */
export function heapOfThisThread(): Heap {
  const young = youngBytesMax();
  const read = (): HeapUse => {
    const used = getHeapSpaceStatistics().reduce(
      (sum, { space_name, space_used_size }) => sum + (notOld.has(space_name) ? 0 : space_used_size),
      0,
    );
    const limit = getHeapStatistics().heap_size_limit;
    return { usedBytes: used, limitBytes: Math.max(limit - young, limit / 4) };
  };
  // so seldom that a context is made for each
  const collect = () => {
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
  };
  return { read, collect };
}
