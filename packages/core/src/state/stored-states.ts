import { MurmurationError, type PointId } from "@murmuration/index";
import type { OpLog, PointRow } from "../log/op-log.js";
import { refuseMessage } from "../operation/refuse-message.js";
import type { PointState } from "./point-state.js";
import { decodePointRow } from "./point-state-codec.js";

/** Rows that are read at once. */
const PAGE_ROWS = 1_024;

/** The state of a point as it is stored. */
export interface StoredState {
  readonly state: PointState;
  readonly payloadKey: number;
  /** Has anybody asked for its payload? */
  readonly isPayloadRead: () => boolean;
}

type Reads = Pick<OpLog, "point" | "pointPage" | "payload">;

/** The points of a shard that a log keeps. A payload is read where somebody asks for it. */
export class StoredStates {
  readonly #log: Reads;
  readonly #shard: string;

  constructor(log: Reads, shard: string) {
    this.#log = log;
    this.#shard = shard;
  }

  /** Throws `corrupt` for a row that is damaged. */
  of(id: PointId): StoredState | undefined {
    const row = this.#log.point(this.#shard, id);
    return row && this.#decode(row);
  }

  /** Bytes of the payload of a point as the log has it, 0 where it has none; `undefined` where it cannot be read. */
  payloadBytes(id: PointId): number | undefined {
    try {
      const key = this.#log.point(this.#shard, id)?.payloadKey ?? 0;
      return key === 0 ? 0 : this.#log.payload(this.#shard, key)?.length;
    } catch (error) {
      if (error instanceof MurmurationError) return undefined;
      throw error;
    }
  }

  /** All of them, in pages: what is written meanwhile is among them or not. Throws as `of` does. */
  *all(): IterableIterator<PointState> {
    let after: PointId | undefined;
    for (;;) {
      const page = this.#log.pointPage(this.#shard, after, PAGE_ROWS);
      for (const row of page) yield this.#decode(row).state;
      if (page.length < PAGE_ROWS) return;
      after = page.at(-1)?.id;
    }
  }

  #decode(row: PointRow): StoredState {
    let isRead = false;
    const state = decodePointRow(row, () => {
      const { payloadKey: key, id } = row;
      const bytes = this.#log.payload(this.#shard, key);
      if (bytes === undefined) return refuseMessage(`the payload of point ${id} of shard ${this.#shard} is lost`);
      isRead = true;
      return bytes;
    });
    return { state, payloadKey: row.payloadKey, isPayloadRead: () => isRead || row.payloadKey === 0 };
  }
}
