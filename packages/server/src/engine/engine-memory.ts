import type { Command, WritableShard } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { Heap } from "../threads/heap.js";
import { bytesBeside, MemoryGuard, memoryOf } from "./memory-guard.js";
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

/** So many points are written at a time whatever the heap says: what makes room must be possible. */
const FEW_POINTS = 1_000;
/** What a point takes of the heap while it is changed, beside so many times what is stored of it: before and after, until the group is durable. */
const POINT_BYTES = 1_024;
const STORED_TIMES = 2;
/** A write may fill the heap up to this share. */
const WRITE_SHARE = 0.9;
const MEBIBYTE = 1024 * 1024;

/** Points that a command changes, which it does not bring itself. */
function selectedBy(command: Command): number {
  if (command.kind === "point-batch") {
    return command.commands.reduce((sum, one, i) => {
      const found = command.found?.[i];
      return sum + (found === undefined ? selectedBy(one) : found.ids.size + found.doubtful.size);
    }, 0);
  }
  return "target" in command && "ids" in command.target ? command.target.ids.length : 0;
}

/** The memory that the engine's thread looks after: its heap, and all that grows with data. */
export class EngineMemory {
  readonly #heap: MemoryGuard;
  readonly #data: MemoryGuard;
  readonly #ofThread: Heap;
  readonly #shards: () => Iterable<WritableShard>;
  readonly #storedBytes: () => number;

  /** `logBytes`: what the log takes, says how large points are. */
  constructor(
    { memory, memoryLimitBytes }: Pick<EngineStart, "memory" | "memoryLimitBytes">,
    { heap, logBytes }: { readonly heap: Heap; readonly logBytes: () => number },
    shards: () => Iterable<WritableShard>,
  ) {
    this.#ofThread = heap;
    this.#shards = shards;
    this.#storedBytes = logBytes;
    const heaps = () => memoryOf(memory, "engine").usedBytes + memoryOf(memory, "http").usedBytes;
    const read = () => ({
      usedBytes: heaps() + heldBytes(shards()) + bytesBeside(memory),
      limitBytes: memoryLimitBytes,
    });
    this.#heap = new MemoryGuard(memory, "engine", heap);
    this.#data = new MemoryGuard(memory, "data", { read, collect: heap.collect });
  }

  /** Look, heaps first: what they hold is part of all. Returns why nothing is to be added, if that is so. */
  look(): string | undefined {
    this.#heap.look();
    return this.#data.look();
  }

  /**
   * Throws `capacity` for a command that adds to memory, when something is full, and for one that changes more points than the heap has room for
   * while it does: no write may end the process.
   */
  admit(command: Command): void {
    this.look();
    this.#heap.admit(command);
    const selected = selectedBy(command);
    if (selected <= FEW_POINTS) return;
    let most = this.#mostPoints();
    if (selected > most) {
      this.#ofThread.collect();
      most = this.#mostPoints();
    }
    if (selected <= most) return;
    const limit = Math.round(this.#ofThread.read().limitBytes / MEBIBYTE);
    const message = `memory: a write of ${selected} points does not fit the engine thread's heap of ${limit} MiB: at most ${most} of them at a time`;
    throw new MurmurationError("capacity", message);
  }

  /** Points that can be changed at a time now. */
  #mostPoints(): number {
    const { usedBytes, limitBytes } = this.#ofThread.read();
    let points = 0;
    for (const { shard } of this.#shards()) points += shard.table.size;
    const bytes = POINT_BYTES + (STORED_TIMES * this.#storedBytes()) / Math.max(1, points);
    return Math.max(FEW_POINTS, Math.floor((WRITE_SHARE * limitBytes - usedBytes) / bytes));
  }
}
