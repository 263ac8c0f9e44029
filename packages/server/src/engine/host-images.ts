import type { Replica, WritableShard } from "@murmuration/core";
import { type Json, MurmurationError } from "@murmuration/index";
import type { EngineResources } from "./engine-resources.js";
import { lackedBy, rowFileOf, saveImages } from "./image-store.js";

/** Images are due earlier, when so many parts of the operations came that they are due after, and of the points they are of, */
const EARLY_PART = 10;
const POINTS_PART = 16;
/** and so many times as long has passed as writing the last ones took: what it costs is a bounded part of the time, whatever the disk. */
const TIMES_WRITTEN = 100;

/** What looks after the images needs. */
export interface HostImagesOptions {
  readonly replica: Replica;
  readonly images: EngineResources["images"];
  readonly vectors: EngineResources["vectors"];
  /** Images are due when so many operations came after the last ones, and earlier where they cost little. */
  readonly every: number;
  /** Has the disk take what was applied; false: it did not. */
  readonly sync: () => boolean;
  readonly tell: (level: "info" | "warn", message: string, details: Json) => void;
  /** Milliseconds since anything; default: those of the process. */
  readonly nowMs?: () => number;
}

/** The images of the graphs that an engine hosts. */
export class HostImages {
  readonly #options: HostImagesOptions;
  readonly #nowMs: () => number;
  /** Log position up to which they were looked after. */
  #position: number;
  /** When images were written last, and how long it took. */
  #last = { endedMs: Number.NEGATIVE_INFINITY, tookMs: 0 };
  /** When all were written anew last. */
  #anew: { readonly round: string; readonly written: number } | undefined;

  /** Of a replica that has just been opened with them. */
  constructor(options: HostImagesOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    options.images.closeAll();
    this.#sweep();
    // what a start had to apply anew, the next one should not have to
    this.#position = options.replica.position() - lackedBy(options.images, options.replica);
  }

  get areDue(): boolean {
    const { replica, every } = this.#options;
    const operations = replica.position() - this.#position;
    if (operations >= every) return true;
    if (operations < every / EARLY_PART) return false;
    const { endedMs, tookMs } = this.#last;
    if (this.#nowMs() - endedMs < tookMs * TIMES_WRITTEN) return false;
    let points = 0;
    for (const { shard } of replica.writableShards()) if (shard.position > this.#position) points += shard.table.size;
    return operations >= points / POINTS_PART;
  }

  /** Write the images that lack an operation. One that cannot be written costs only time at the next start. */
  save(): void {
    const { replica, images, sync, tell } = this.#options;
    // an image of what the log does not hold would be one of another history after a crash
    if (!replica.isDurable() || !sync()) return;
    const position = replica.position();
    const began = this.#nowMs();
    try {
      const written = saveImages(images, replica, position);
      this.#sweep();
      if (written > 0)
        tell("info", "graph images written", { written, position, ms: Math.round(this.#nowMs() - began) });
    } catch (error) {
      tell("warn", "graph images could not be written", { why: (error as Error).message });
    }
    this.#position = position;
    const endedMs = this.#nowMs();
    this.#last = { endedMs, tookMs: endedMs - began };
  }

  /** Write all images, once for each round. Returns how many that were. Throws what the file system throws, and `storage` where the log refuses. */
  writeAnew(round: string): number {
    if (this.#anew?.round === round) return this.#anew.written;
    const { replica, images, sync } = this.#options;
    if (!replica.isDurable() || !sync()) throw new MurmurationError("storage", "the log does not take what was done");
    const position = replica.position();
    const written = saveImages(images, replica, position, { all: true });
    this.#sweep();
    this.#position = position;
    this.#anew = { round, written };
    return written;
  }

  #sweep(): void {
    const { replica, images, vectors } = this.#options;
    const shards = new Set(Object.keys(replica.catalogue.collections));
    const graphs = Array.from(replica.writableShards(), ({ shard, indexes }) => [shard.id, indexes.keys()] as const);
    images.sweep(shards, new Map(graphs));
    // also those of the images that the next start may take: a graph is in memory, or has another file, before its next image is there
    const files = ({ shard, indexes }: WritableShard) =>
      Array.from(indexes, ([vector, one]) => [rowFileOf(one), images.rowFile(shard.id, vector)])
        .flat()
        .filter((file) => file !== undefined);
    vectors.sweep(shards, new Map(Array.from(replica.writableShards(), (one) => [one.shard.id, new Set(files(one))])));
  }
}
