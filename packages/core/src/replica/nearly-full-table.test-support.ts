import assert from "node:assert/strict";
import type { Replica } from "./replica.js";

/** Words of the table's memory (index/src/segment/layout.ts and column-layout.ts): its rows, and where its arena is used and ends. */
const [CAPACITY_AT, NEXT_ROW_AT, ARENA_NEXT_AT, ARENA_END_AT] = [1028 >>> 2, 1152 >>> 2, 1192 >>> 2, 4108 >>> 2];

/** The table of a replica's only collection, which can be full, and be as it was. */
export class NearlyFullTable {
  readonly #words: Uint32Array;
  readonly #before = new Map<number, number>();

  constructor(replica: Replica) {
    const [target] = replica.writableShards();
    assert.ok(target);
    this.#words = target.rows.segment.engine.u32;
  }

  /** No row but those that were given back, and at most `more`. */
  leaveRows(more: number): void {
    this.#set(CAPACITY_AT, (this.#words[NEXT_ROW_AT] as number) + more);
  }

  /** No memory for columns and postings but what was given back, and at most so many bytes more. */
  leaveArena(bytes: number): void {
    this.#set(ARENA_END_AT, (this.#words[ARENA_NEXT_AT] as number) + bytes);
  }

  makeRoom(): void {
    for (const [at, word] of this.#before) this.#words[at] = word;
    this.#before.clear();
  }

  #set(at: number, word: number): void {
    if (!this.#before.has(at)) this.#before.set(at, this.#words[at] as number);
    this.#words[at] = word;
  }
}
