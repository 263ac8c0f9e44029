import { assert, MurmurationError } from "../errors.js";
import { reserveMemory } from "../shared-memory.js";
import type { MultiVector, SparseVector } from "../vector/vector.js";
import { lineOf } from "../vector-index/engine.js";
import { vectorIndexLimits } from "../vector-index/options.js";
import type { NodeDot } from "../vector-index/search-types.js";
import { Arena } from "./arena.js";
import type { SlotContents } from "./contents.js";
import { DotDirectory } from "./dots.js";
import { ARENA_AT, at, CAPACITY, CONDEMNED, DEAD, LINKED, SLOTS_MAX, slot } from "./sparse-layout.js";
import { SparseMemory, wordsOfSlot } from "./sparse-memory.js";

/** Retired slots that are made free with each insert, at most: more than can be retired meanwhile, and little work. */
const RECLAIMED_PER_INSERT = 2;

/**
 * The writer of vectors by slot that are not linked to each other. Readers of other threads need no locks: a slot is used again, and what is kept of its
 * vector given back, only when no reader can be at rows that name it (see `PublishedPins`).
 */
export class VectorSlots<Kept extends SparseVector | MultiVector> {
  readonly memory: SparseMemory;
  readonly #arena: Arena;
  readonly #contents: SlotContents<Kept>;
  readonly #what: string;
  readonly #dots: DotDirectory;
  readonly #condemned = new Set<number>();
  #hasRetired = false;
  readonly #skipped: number[] = [];

  /** Without any. `what` they are names them in errors. Throws `capacity` without address space. */
  constructor(what: string, contents: (memory: SparseMemory, arena: Arena) => SlotContents<Kept>) {
    this.#what = what;
    this.memory = new SparseMemory(reserveMemory(what));
    const { u32 } = this.memory;
    u32[at.nextSlot] = 1;
    u32[at.arenaNext] = ARENA_AT;
    u32[at.epoch] = 1;
    Atomics.store(u32, at.published, 1);
    this.#arena = new Arena(u32);
    this.#contents = contents(this.memory, this.#arena);
    this.#dots = new DotDirectory(this.memory);
  }

  /** Before anybody reads it: leave the next slot out, where an image has no vector. */
  skipSlot(): void {
    this.#skipped.push(this.#takeSlot());
  }

  /** When an image is read: slots that were left out may be used. */
  freeSkipped(): void {
    for (const of of this.#skipped.splice(0)) this.#free(of);
  }

  slotOf(dot: NodeDot): number | undefined {
    return this.#dots.slotOf(dot);
  }

  /** Throws `capacity` when so many more vectors with so many values together are not sure to fit. */
  requireRoomFor(count: number, values: number): void {
    const { memory } = this;
    const isFull = memory.slotCount + count > SLOTS_MAX && memory.u32[at.freeSlot] === 0;
    const hasPlace = CAPACITY - memory.linkedCount >= count && !isFull;
    if (hasPlace && this.#contents.wordsFor(count, values) <= this.#arena.room) return;
    throw new MurmurationError("capacity", `the memory of the ${this.#what} is full`);
  }

  /** Throws what `insert` would throw, and changes nothing: `corrupt` for a vector that is there, or none; `capacity`. */
  checkInsert(dot: NodeDot, vector: Kept): void {
    const what = `${this.#what} ${dot.origin}:${dot.sequence}`;
    if (this.slotOf(dot) !== undefined) throw new MurmurationError("corrupt", `${what}: it is there already`);
    this.#contents.check(vector, what);
    this.requireRoomFor(1, vector.values.length);
  }

  /** The vector of an operation that `checkInsert` has passed; returns its slot. */
  insert(dot: NodeDot, vector: Kept): number {
    const { u32 } = this.memory;
    this.#reclaim(RECLAIMED_PER_INSERT);
    const of = this.#takeSlot();
    const words = wordsOfSlot(of);
    const { block, count } = this.#contents.write(of, vector);
    u32[words + slot.origin] = dot.origin;
    u32[words + slot.sequenceLow] = dot.sequence >>> 0;
    u32[words + slot.sequenceHigh] = Math.floor(dot.sequence / 2 ** 32);
    u32[words + slot.flags] = LINKED;
    u32[words + slot.block] = block;
    u32[words + slot.count] = count;
    this.#dots.add(dot, of);
    Atomics.add(u32, at.linkedCount, 1);
    return of;
  }

  /** Take an insert back which no rows that were published name. */
  revert(of: number): void {
    this.#unlink(of);
    this.#free(of);
  }

  markDead(of: number, dead: boolean): void {
    const { u32 } = this.memory;
    const words = wordsOfSlot(of) + slot.flags;
    const flags = u32[words] as number;
    if (((flags & DEAD) !== 0) === dead) return;
    u32[words] = dead ? flags | DEAD : flags & ~DEAD;
    Atomics.add(u32, at.deadCount, dead ? 1 : -1);
  }

  condemn(of: number): void {
    const { u32 } = this.memory;
    u32[wordsOfSlot(of) + slot.flags] = (u32[wordsOfSlot(of) + slot.flags] as number) | CONDEMNED;
    this.#condemned.add(of);
  }

  purgeable(origins: ReadonlySet<number>, limit: number): NodeDot[] {
    const dots: NodeDot[] = [];
    for (const of of this.#condemned) {
      if (dots.length === limit) break;
      const dot = this.memory.dotAt(of);
      if (origins.has(dot.origin)) dots.push(dot);
    }
    return dots;
  }

  /** Forget vectors for good; those that are not here are passed over. */
  purge(dots: readonly NodeDot[]): void {
    for (const dot of dots) {
      const of = this.slotOf(dot);
      if (of === undefined) continue;
      this.#unlink(of);
      this.#retire(of);
    }
  }

  get epoch(): number {
    return this.memory.u32[at.epoch] as number;
  }

  /** Rows were published: those that name slots which were retired before are read by nobody who enters from here on. */
  published(): void {
    const { u32 } = this.memory;
    if (!this.#hasRetired) return;
    this.#hasRetired = false;
    u32[at.epoch] = this.epoch + 1;
    Atomics.store(u32, at.published, this.epoch);
  }

  /** Free what was retired, and leave nothing of it in memory. False: readers may still be at some of it. */
  wipe(): boolean {
    this.#reclaim(Number.POSITIVE_INFINITY);
    this.#arena.wipe();
    return (this.memory.u32[at.retiredHead] as number) === 0;
  }

  #takeSlot(): number {
    const { u32 } = this.memory;
    const free = u32[at.freeSlot] as number;
    if (free !== 0) {
      u32[at.freeSlot] = u32[wordsOfSlot(free) + slot.next] as number;
      return free;
    }
    const of = u32[at.nextSlot] as number;
    if (of === SLOTS_MAX) throw new MurmurationError("capacity", `the memory of the ${this.#what} is full`);
    Atomics.store(u32, at.nextSlot, of + 1);
    return of;
  }

  /** It is no vector any more; what it was stays for those who read it. */
  #unlink(of: number): void {
    const { u32 } = this.memory;
    const words = wordsOfSlot(of);
    assert(((u32[words + slot.flags] as number) & LINKED) !== 0, "a vector stands at the slot");
    this.markDead(of, false);
    this.#dots.delete(this.memory.dotAt(of));
    this.#condemned.delete(of);
    u32[words + slot.flags] = 0;
    Atomics.sub(u32, at.linkedCount, 1);
  }

  #retire(of: number): void {
    const { u32 } = this.memory;
    const words = wordsOfSlot(of);
    u32[words + slot.retiredAt] = this.epoch;
    u32[words + slot.next] = 0;
    const tail = u32[at.retiredTail] as number;
    if (tail === 0) u32[at.retiredHead] = of;
    else u32[wordsOfSlot(tail) + slot.next] = of;
    u32[at.retiredTail] = of;
    this.#hasRetired = true;
  }

  /** Make retired slots free, as many as this, that no reader can come to any more. */
  #reclaim(most: number): void {
    const { u32 } = this.memory;
    let head = u32[at.retiredHead] as number;
    if (head === 0) return;
    const oldest = this.#oldestPin();
    for (let done = 0; head !== 0 && done < most; done++) {
      if ((u32[wordsOfSlot(head) + slot.retiredAt] as number) >= oldest) break;
      const next = u32[wordsOfSlot(head) + slot.next] as number;
      this.#free(head);
      head = next;
    }
    u32[at.retiredHead] = head;
    if (head === 0) u32[at.retiredTail] = 0;
  }

  /** The oldest epoch that is pinned, or that of the last publish. */
  #oldestPin(): number {
    const { u32 } = this.memory;
    let oldest = u32[at.published] as number;
    for (let thread = 1; thread < vectorIndexLimits.threadsMax; thread++) {
      const pinned = Atomics.load(u32, lineOf(thread) + 2);
      if (pinned !== 0) oldest = Math.min(oldest, pinned);
    }
    return oldest;
  }

  #free(of: number): void {
    const { u32 } = this.memory;
    const words = wordsOfSlot(of);
    const count = u32[words + slot.count] as number;
    if (count > 0) this.#contents.free(u32[words + slot.block] as number, count);
    u32.fill(0, words, words + slot.next);
    u32[words + slot.next] = u32[at.freeSlot] as number;
    u32[at.freeSlot] = of;
  }
}
