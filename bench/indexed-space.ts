import { CollectionReader, createLargestSegment, type Segment, type Space, type Vector } from "@murmuration/index";
import { cpuSeconds } from "./harness.js";

/** A space and the table of its points, in this process and without payloads: point i has the vector that was inserted as the i-th. */
export class IndexedSpace {
  readonly #space: Space;
  readonly #segment: Segment;
  #points = 0;
  #cpuSeconds = 0;

  constructor(space: Space) {
    this.#space = space;
    this.#segment = createLargestSegment({ slots: [space.capacity], seed: [1, 2] });
  }

  /** Processor time of inserting, in seconds. */
  get cpuSeconds(): number {
    return this.#cpuSeconds;
  }

  /** Inserts vectors as one group. */
  insert(vectors: readonly Vector[]): void {
    const start = cpuSeconds();
    const rows = vectors.map((vector) => {
      const id = this.#points++;
      const slot = this.#space.insert({ origin: 1, sequence: id + 1 }, vector, new Uint8Array(0), new Map());
      const stamp = { wallMs: 1, counter: 0, origin: 1 };
      return { kind: "put", id, payloadKey: 0, stamp, version: 1, slots: [slot] } as const;
    });
    this.#segment.prepare(rows);
    this.#segment.publish();
    this.#space.published();
    this.#cpuSeconds += cpuSeconds() - start;
  }

  /** A reader of all that was inserted; the vector's name is the empty one. */
  reader(): CollectionReader {
    const handle = { table: this.#segment.handle(), spaces: [{ name: "", graph: this.#space.handle() }] };
    return new CollectionReader(handle, 1, { bytesOf: () => new Uint8Array(0) });
  }
}
