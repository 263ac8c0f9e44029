import type { Command, WritableShard } from "@murmuration/core";
import type { Heap } from "../threads/heap.js";
import { MemoryGuard, memoryOf } from "./memory-guard.js";
import type { EngineStart } from "./messages.js";

/**
 * Bytes that points hold of the memories that threads share: nodes of graphs, rows, columns and postings, and payloads that are kept there. What was
 * purged stands free inside of those memories for the next points, and does not count.
 */
function heldBytes(shards: Iterable<WritableShard>): number {
  let bytes = 0;
  for (const { indexes, rows } of shards) {
    for (const { reader } of indexes.values()) {
      const { slotCount, linkedCount, bytesInUse } = reader;
      if (slotCount > 0) bytes += (bytesInUse * linkedCount) / slotCount;
    }
    bytes += rows.segment.use.bytes + (rows.payloads?.memory.use.used ?? 0);
  }
  return bytes;
}

/** The memory that the engine's thread looks after: its heap, and all that grows with data. */
export class EngineMemory {
  readonly #heap: MemoryGuard;
  readonly #data: MemoryGuard;

  constructor(
    { memory, memoryLimitBytes }: Pick<EngineStart, "memory" | "memoryLimitBytes">,
    heap: Heap,
    shards: () => Iterable<WritableShard>,
  ) {
    const heaps = () => memoryOf(memory, "engine").usedBytes + memoryOf(memory, "http").usedBytes;
    const read = () => ({ usedBytes: heaps() + heldBytes(shards()), limitBytes: memoryLimitBytes });
    this.#heap = new MemoryGuard(memory, "engine", heap);
    this.#data = new MemoryGuard(memory, "data", { read, collect: heap.collect });
  }

  /** Look, heaps first: what they hold is part of all. Returns why nothing is to be added, if that is so. */
  look(): string | undefined {
    this.#heap.look();
    return this.#data.look();
  }

  /** Throws `capacity` for a command that adds to memory, when something is full. */
  admit(command: Command): void {
    this.look();
    this.#heap.admit(command);
  }
}
