import { payloadBytesIn } from "@murmuration/core";
import {
  attachSegmentReader,
  type CollectionHandle,
  ColumnReader,
  finish,
  Meter,
  pointsIn,
  type SegmentReader,
  spaceUse,
} from "@murmuration/index";
import { HTTP_THREAD } from "../threads/thread-places.js";

/** How much is in a shard, as this thread counts it: in the memory that all threads share. */
export class ShardCounts {
  readonly #handle: CollectionHandle;
  #rows: { readonly segment: SegmentReader; readonly columns: ColumnReader } | undefined;

  /** Attaches to nothing before it is asked. */
  constructor(handle: CollectionHandle) {
    this.#handle = handle;
  }

  points(): number {
    return pointsIn(this.#handle.table);
  }

  /** Points that have a value at each of these indexed paths; one whose index readers do not use yet is left out. */
  valued(paths: readonly string[]): { readonly [path: string]: number } {
    const { segment, columns } = this.#attachedRows();
    const { epoch, release } = segment.pin();
    try {
      const counted = (path: string): [string, number][] => {
        const access = columns.accessTo(path, epoch);
        return access === undefined ? [] : [[path, finish(access.presence.rowsIn("valued", new Meter())).size]];
      };
      return Object.fromEntries(paths.flatMap(counted));
    } finally {
      release();
    }
  }

  /** Vectors in all spaces: those that are not dead. */
  vectors(): number {
    return this.#handle.spaces.reduce((sum, { graph }) => {
      const { linked, dead } = spaceUse(graph, HTTP_THREAD);
      return sum + linked - dead;
    }, 0);
  }

  vectorsByName(): { readonly [name: string]: number } {
    return Object.fromEntries(
      this.#handle.spaces.map(({ name, graph }) => {
        const { linked, dead } = spaceUse(graph, HTTP_THREAD);
        return [name, linked - dead];
      }),
    );
  }

  /** Of all points; `undefined` where nobody limits them, or not all of them are counted yet. */
  payloadBytes(): number | undefined {
    const { payloadBytes } = this.#handle;
    return payloadBytes && payloadBytesIn(payloadBytes);
  }

  graphBytes(): number {
    return this.#handle.spaces.reduce((sum, { graph }) => sum + spaceUse(graph, HTTP_THREAD).bytes, 0);
  }

  #attachedRows() {
    if (this.#rows === undefined) {
      const segment = attachSegmentReader(this.#handle.table, HTTP_THREAD);
      this.#rows = { segment, columns: new ColumnReader(segment.engine) };
    }
    return this.#rows;
  }
}
