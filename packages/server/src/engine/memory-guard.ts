import type { Command } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { Heap, HeapUse } from "../threads/heap.js";

/** What can be full: the heap of the thread that writes, the heap of the one that speaks HTTP, or memory by all that grows with data: both heaps and what threads share. */
export type MemoryPart = "engine" | "http" | "data";

const MEBIBYTE = 1024 * 1024;
/**
 * Beyond this share, what would add is refused. A start takes more of a heap than what it comes to: it needs the rest. What data may
 * take is bounded by whoever runs the process, and taken at their word.
 */
const FULL_SHARE: Readonly<Record<MemoryPart, number>> = { engine: 0.7, http: 0.7, data: 1 };
/** Below this share of that it is taken again: apart, so that not every second write is refused. */
const FREE_SHARE = 0.96;
const LOOK_EVERY_MS = 50;
/** What looks full may be what nobody uses any more: that is found out so often at most, */
const COLLECT_EVERY_MS = 2_000;
/** or when the heap has grown by this share of it. */
const COLLECT_GROWTH = 0.05;

/** A body's text, and what it is parsed into, take so many times its bytes. */
const PARSED_SHARE = 8;

const places: Readonly<Record<MemoryPart, number>> = { engine: 0, http: 3, data: 6 };
/** Behind them: what somebody beside the engine holds, in MiB. */
const BESIDE = 9;
const WORDS = 10;
const [USED, LIMIT, FULL] = [0, 1, 2];

/** What guards of two threads tell each other in. */
export function sharedMemoryState(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT));
}

/** What a guard has seen last. */
export interface MemoryUse extends HeapUse {
  readonly isFull: boolean;
}

export function memoryOf(shared: Int32Array, part: MemoryPart): MemoryUse {
  const at = (word: number): number => Atomics.load(shared, places[part] + word);
  return { usedBytes: at(USED) * MEBIBYTE, limitBytes: at(LIMIT) * MEBIBYTE, isFull: at(FULL) === 1 };
}

/** Bytes of shared memory that somebody beside the engine holds for data, a canary's graph: they count with all other data. */
export function noteBeside(shared: Int32Array, bytes: number): void {
  Atomics.store(shared, BESIDE, Math.ceil(bytes / MEBIBYTE));
}

/** What was noted last. */
export function bytesBeside(shared: Int32Array): number {
  return Atomics.load(shared, BESIDE) * MEBIBYTE;
}

/** What has no room for more, in words; `undefined`: everything has. */
export function whyFull(shared: Int32Array): string | undefined {
  for (const part of ["engine", "http", "data"] as const) {
    const { usedBytes, limitBytes, isFull } = memoryOf(shared, part);
    if (!isFull) continue;
    const [used, limit] = [usedBytes, limitBytes].map((bytes) => Math.round(bytes / MEBIBYTE));
    if (part === "data") {
      return (
        `memory: data takes ${used} MiB, and over ${limit} MiB (--memory-limit-mib) nothing is added: ` +
        "delete points, or allow it more"
      );
    }
    const share = Math.round(FULL_SHARE[part] * 100);
    return (
      `memory: the ${part} thread's heap holds ${used} of ${limit} MiB, over ${share} % of it nothing is added: ` +
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

/** Watches the heap of a thread, or all that grows with data, and tells the other threads. */
export class MemoryGuard {
  readonly #shared: Int32Array;
  readonly #at: number;
  readonly #fullShare: number;
  readonly #heap: Heap;
  readonly #nowMs: () => number;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #collectedMs = Number.NEGATIVE_INFINITY;
  #collectedBytes = 0;

  constructor(shared: Int32Array, part: MemoryPart, heap: Heap, nowMs: () => number = () => performance.now()) {
    this.#shared = shared;
    this.#at = places[part];
    this.#fullShare = FULL_SHARE[part];
    this.#heap = heap;
    this.#nowMs = nowMs;
    this.look();
  }

  /** Look, if that was not done just now. Returns why nothing is to be added, if that is so here or where other guards look. */
  look(): string | undefined {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return whyFull(this.#shared);
    this.#lookedMs = nowMs;
    const wasFull = Atomics.load(this.#shared, this.#at + FULL) === 1;
    const share = wasFull ? FREE_SHARE * this.#fullShare : this.#fullShare;
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

  /** Throws `capacity` for a command that adds to memory, when something is full. */
  admit(command: Command): void {
    const full = addsToMemory(command) ? this.look() : undefined;
    if (full !== undefined) throw memoryFull(full);
  }

  #put(word: number, value: number): void {
    Atomics.store(this.#shared, this.#at + word, value);
  }
}

/** Commands that take nothing, or give something back. A switch to another graph gives back too, but makes a second table first. */
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
  "set-member-keys",
  "give-up-graph",
]);

/** Does a command add to what is held in memory? */
export function addsToMemory(command: Command): boolean {
  return command.kind === "point-batch" ? command.commands.some(addsToMemory) : !freeing.has(command.kind);
}

function memoryFull(why: string): MurmurationError {
  return new MurmurationError("capacity", why);
}
