import { MurmurationError, type NodeDot, type Space } from "@murmuration/index";
import { CheckpointReader } from "../../checkpoint/read-checkpoint.js";
import { storedCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import { limits } from "../../limits.js";
import type { ReplicaStore } from "./store.js";

/**
 * Looks through the vectors that a shard keeps off memory: a reader has come upon one that is damaged or lost. Where the writer reads one that is, it
 * has it written anew from the log.
 */
export class MendedVectors {
  readonly #store: ReplicaStore;
  /** What is under way, by shard. */
  readonly #work = new Map<string, Iterator<void>>();

  constructor(store: ReplicaStore) {
    this.#store = store;
  }

  /** Look through a shard in the ticks that follow. */
  lookThrough(shard: string): void {
    const indexes = this.#store.shards.get(shard)?.indexes ?? new Map<string, Space>();
    const isAny = [...indexes.values()].some(({ mendedInFile }) => mendedInFile !== undefined);
    if (isAny && !this.#work.has(shard)) this.#work.set(shard, this.#lookAtAll(shard, indexes));
  }

  /** Look at some. */
  tick(): void {
    const [next] = this.#work;
    if (next === undefined) return;
    const [shard, work] = next;
    for (let steps = 0; steps < limits.vectorsLookedAtPerTick; steps++) {
      if (work.next().done !== true) continue;
      this.#work.delete(shard);
      return;
    }
  }

  *#lookAtAll(shard: string, indexes: ReadonlyMap<string, Space>): Generator<void, void> {
    for (const [vector, index] of indexes) {
      const { reader, mendedInFile: before } = index;
      if (before === undefined) continue;
      const lost: NodeDot[] = [];
      for (let slot = 0; slot < reader.slotCount; slot++) {
        if (this.#store.shards.get(shard)?.indexes !== indexes) return;
        if (!reader.isVisible(slot)) continue;
        if (!isReadable(reader, slot)) lost.push(reader.dotAt(slot));
        yield;
      }
      const taken = lost.length === 0 ? 0 : yield* this.#takeFromCheckpoint(shard, vector, index, lost);
      this.#tell(shard, vector, (index.mendedInFile ?? before) - before, lost.length - taken);
    }
  }

  /** A shard that was taken over from another replica has its earlier vectors nowhere else. Returns how many. */
  *#takeFromCheckpoint(shard: string, vector: string, index: Space, lost: readonly NodeDot[]): Generator<void, number> {
    const { log } = this.#store;
    let taken = 0;
    try {
      if (storedCheckpoint(log, shard) === undefined) return 0;
      const checkpoint = CheckpointReader.open(log, shard, "current");
      yield* checkpoint.findVectors(vector, lost, (dot, values) => {
        index.mendInFile(dot, values);
        taken++;
      });
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      this.#store.noteFault(`vectors of shard ${shard} cannot be read from its checkpoint`, error);
    }
    return taken;
  }

  #tell(shard: string, vector: string, mended: number, lost: number): void {
    const what = `vectors "${vector}" of shard ${shard} were damaged in their file`;
    if (mended > 0) this.#store.noteFault(`${what}, and are written anew`, `${mended} of them`);
    if (lost > 0) this.#store.noteFault(`${what}, and the log has them no more`, `${lost} of them`);
  }
}

function isReadable(reader: Space["reader"], slot: number): boolean {
  try {
    reader.vectorAt(slot);
    return true;
  } catch (error) {
    if (error instanceof MurmurationError) return false;
    throw error;
  }
}
