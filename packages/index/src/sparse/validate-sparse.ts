import type { GraphReport, GraphViolation } from "../vector-index/validate.js";
import { at, BLOCK_WORDS, list, slot } from "./sparse-layout.js";
import { type SparseMemory, wordsOfSlot } from "./sparse-memory.js";

const violationsMax = 100;

/**
 * Check every rule of an inverted index: each value of a vector stands in the postings of its index, under its slot; and nothing else does but what
 * retired slots had, for readers of older epochs. On the writer's thread.
 */
export function validateSparse(memory: SparseMemory): GraphReport {
  const { u32 } = memory;
  const violations: GraphViolation[] = [];
  const report = (of: number, detail: string) => {
    if (violations.length < violationsMax) violations.push({ rule: "posting", slot: of, level: 0, detail });
  };
  const retired = new Set<number>();
  for (let of = u32[at.retiredHead] as number; of !== 0; of = u32[wordsOfSlot(of) + slot.next] as number)
    retired.add(of);
  let [nodes, dead, values] = [0, 0, 0];
  for (let of = 1; of < memory.slotCount; of++) {
    const { linked, dead: isDead } = memory.nodeAt(of);
    if (!linked && !retired.has(of)) continue;
    if (linked) nodes++;
    if (isDead) dead++;
    const block = u32[wordsOfSlot(of) + slot.block] as number;
    const count = u32[wordsOfSlot(of) + slot.count] as number;
    values += count;
    for (let i = 0; i < count; i++) {
      const place = u32[block + count + i] as number;
      if (u32[place] !== of) report(of, `the value of index ${u32[block + i]} is another vector's`);
    }
  }
  let posted = 0;
  for (const of of listsOf(memory)) {
    let used = 0;
    for (let block = memory.firstBlock(of); block !== 0; block = memory.nextBlock(block)) {
      for (let place = block + BLOCK_WORDS; place < memory.endOfBlock(block); place += 2) {
        const owner = u32[place] as number;
        if (owner === 0) continue;
        used++;
        if (placeIn(memory, owner, u32[of + list.index] as number) !== place)
          report(owner, `a posting of index ${u32[of + list.index]} is of no value of it`);
      }
    }
    if (used !== u32[of + list.used])
      report(0, `the postings of index ${u32[of + list.index]} are counted as ${u32[of + list.used]}, and are ${used}`);
    posted += used;
  }
  if (posted !== values || posted !== memory.postingCount)
    report(0, `${posted} postings, counted as ${memory.postingCount}, of ${values} values`);
  if (nodes !== memory.linkedCount || dead !== memory.deadCount) {
    report(0, `${nodes} vectors, ${dead} of them dead, are counted as ${memory.linkedCount} and ${memory.deadCount}`);
  }
  return {
    nodes,
    dead,
    unreachable: 0,
    averageDegree: nodes === 0 ? 0 : values / nodes,
    levels: nodes === 0 ? [] : [nodes],
    violations,
  };
}

function* listsOf({ u32 }: SparseMemory): IterableIterator<number> {
  const table = u32[at.dictionary] as number;
  if (table === 0) return;
  for (let i = 0; i < 2 ** (u32[table] as number); i++) {
    const of = u32[table + 1 + i] as number;
    if (of !== 0) yield of;
  }
}

/** The place of a slot's value for an index; `undefined`: it has none. */
function placeIn({ u32 }: SparseMemory, of: number, index: number): number | undefined {
  const block = u32[wordsOfSlot(of) + slot.block] as number;
  const count = u32[wordsOfSlot(of) + slot.count] as number;
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((u32[block + middle] as number) < index) low = middle + 1;
    else high = middle;
  }
  return low < count && u32[block + low] === index ? u32[block + count + low] : undefined;
}
