import type { Command } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { Heap, HeapUse } from "../threads/heap.js";

/** Both threads hold the points: the one that writes them, and the one that answers. */
export type MemoryThread = "engine" | "http";

const MEBIBYTE = 1024 * 1024;
/** Beyond this share of a heap, what would add to it is refused. A start takes more than what it comes to: it needs the rest. */
const FULL_SHARE = 0.7;
/** Below this share it is taken again: apart, so that not every second write is refused. */
const FREE_SHARE = 0.67;
const LOOK_EVERY_MS = 50;
/** What looks full may be what nobody uses any more: that is found out so often at most, */
const COLLECT_EVERY_MS = 2_000;
/** or when the heap has grown by this share of it. */
const COLLECT_GROWTH = 0.05;

/** A body's text, and what it is parsed into, take so many times its bytes. */
const PARSED_SHARE = 8;

const places: Readonly<Record<MemoryThread, number>> = { engine: 0, http: 3 };
const WORDS = 6;
const [USED, LIMIT, FULL] = [0, 1, 2];

/** What guards of two threads tell each other in. */
export function sharedMemoryState(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT));
}

/** What a thread's guard has seen last. */
export interface ThreadMemory extends HeapUse {
  readonly isFull: boolean;
}

export function memoryOf(shared: Int32Array, thread: MemoryThread): ThreadMemory {
  const at = (word: number): number => Atomics.load(shared, places[thread] + word);
  return { usedBytes: at(USED) * MEBIBYTE, limitBytes: at(LIMIT) * MEBIBYTE, isFull: at(FULL) === 1 };
}

/** Which of the threads has no room for more, in words; `undefined`: both have. */
export function whyFull(shared: Int32Array): string | undefined {
  for (const thread of ["engine", "http"] as const) {
    const { usedBytes, limitBytes, isFull } = memoryOf(shared, thread);
    if (!isFull) continue;
    const [used, limit] = [usedBytes, limitBytes].map((bytes) => Math.round(bytes / MEBIBYTE));
    const share = Math.round(FULL_SHARE * 100);
    return (
      `memory: the ${thread} thread's heap holds ${used} of ${limit} MiB, over ${share} % of it nothing is added: ` +
      "delete points, or start with a larger heap (NODE_OPTIONS=--max-old-space-size=MiB)"
    );
  }
  return undefined;
}

/** Throws `capacity` when a heap has no room for what a body of so many bytes becomes. */
export function requireRoomFor({ usedBytes, limitBytes }: HeapUse, bodyBytes: number): void {
  if (usedBytes + bodyBytes * PARSED_SHARE <= limitBytes) return;
  const [body, used, limit] = [bodyBytes, usedBytes, limitBytes].map((bytes) => Math.round(bytes / MEBIBYTE));
  throw memoryFull(
    `memory: a body of ${body} MiB does not fit beside the ${used} of ${limit} MiB that the http thread's heap holds`,
  );
}

/** Watches the heap of a thread, and tells the other one. */
export class MemoryGuard {
  readonly #shared: Int32Array;
  readonly #at: number;
  readonly #heap: Heap;
  readonly #nowMs: () => number;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #collectedMs = Number.NEGATIVE_INFINITY;
  #collectedBytes = 0;

  constructor(shared: Int32Array, thread: MemoryThread, heap: Heap, nowMs: () => number = () => performance.now()) {
    this.#shared = shared;
    this.#at = places[thread];
    this.#heap = heap;
    this.#nowMs = nowMs;
    this.look();
  }

  /** Look at the heap, if that was not done just now. Returns why nothing is to be added in either thread, if that is so. */
  look(): string | undefined {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return whyFull(this.#shared);
    this.#lookedMs = nowMs;
    const wasFull = Atomics.load(this.#shared, this.#at + FULL) === 1;
    const share = wasFull ? FREE_SHARE : FULL_SHARE;
    let use = this.#heap.read();
    const grown = use.usedBytes - this.#collectedBytes > COLLECT_GROWTH * use.limitBytes;
    if (use.usedBytes >= share * use.limitBytes && (grown || nowMs - this.#collectedMs >= COLLECT_EVERY_MS)) {
      this.#heap.collect();
      this.#collectedMs = nowMs;
      use = this.#heap.read();
      this.#collectedBytes = use.usedBytes;
    }
    this.#put(USED, Math.round(use.usedBytes / MEBIBYTE));
    this.#put(LIMIT, Math.round(use.limitBytes / MEBIBYTE));
    this.#put(FULL, use.usedBytes >= share * use.limitBytes ? 1 : 0);
    return whyFull(this.#shared);
  }

  /** Throws `capacity` for a command that adds to what both threads hold, when either is full. */
  admit(command: Command): void {
    const full = addsToMemory(command) ? this.look() : undefined;
    if (full !== undefined) throw memoryFull(full);
  }

  #put(word: number, value: number): void {
    Atomics.store(this.#shared, this.#at + word, value);
  }
}

/** Commands that take nothing, or give something back. */
const freeing: ReadonlySet<Command["kind"]> = new Set<Command["kind"]>([
  "delete-points",
  "delete-payload",
  "clear-payload",
  "delete-vectors",
  "delete-collection",
  "delete-payload-index",
  "change-aliases",
  "evict-member",
  "join-member",
]);

/** Does a command add to what both threads hold in memory? */
export function addsToMemory(command: Command): boolean {
  return command.kind === "point-batch" ? command.commands.some(addsToMemory) : !freeing.has(command.kind);
}

function memoryFull(why: string): MurmurationError {
  return new MurmurationError("capacity", why);
}
