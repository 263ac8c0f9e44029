import type { PointId, Segment } from "@murmuration/index";
import type { Collection } from "../catalogue/collection.js";
import { isPlanted } from "../planted.js";
import { encodeStoredPayload } from "./point-state-codec.js";
import type { Shard } from "./shard.js";

/** Says that the bytes are not counted, or not all of them yet. */
const UNKNOWN = -1n;

/** Over tables of at most so many rows all is counted at once. */
const ROWS_AT_ONCE = 4_096;

/** Does a collection limit the bytes of its payloads? Nobody else asks for them. */
function hasLimit({ settings }: Collection): boolean {
  const config = settings.strict_mode_config;
  if (typeof config !== "object" || config === null || Array.isArray(config) || !("enabled" in config)) return false;
  return config.enabled === true && typeof config.max_collection_payload_size_bytes !== "undefined";
}

/** What readers of other threads count from this; `undefined`: it is not known. */
export function payloadBytesIn(shared: SharedArrayBuffer): number | undefined {
  const bytes = Atomics.load(new BigInt64Array(shared), 0);
  return bytes === UNKNOWN ? undefined : Number(bytes);
}

/**
 * How many bytes the payloads of a shard's live points take, as the log keeps them, of collections that limit it: counted once, in steps between groups, and with
 * every group from there on. It follows from the points alone.
 */
export class PayloadBytes {
  /** i64: what is known outside. */
  readonly shared = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  readonly #shard: Shard;
  readonly #words = new BigInt64Array(this.shared);
  /** Rows up to this one are counted; `undefined`: nobody asks. */
  #upTo: number | undefined;
  #bytes = 0;
  /** Of the group in work. */
  #added = 0;
  /** Could what was counted of a payload not be read when it went? All is counted again then. */
  #isLost = false;

  constructor(shard: Shard) {
    this.#shard = shard;
    this.#tell();
  }

  /** Before a group: begin to count where the collection asks for it, and cease where it does not. */
  follow(segment: Segment): void {
    const isAsked = hasLimit(this.#shard.collection);
    if (isAsked !== (this.#upTo !== undefined)) {
      this.#upTo = isAsked ? 0 : undefined;
      this.#bytes = 0;
      this.#tell();
    }
    if (segment.reader.rowCount <= ROWS_AT_ONCE) this.goOn(ROWS_AT_ONCE, segment);
  }

  /** `undefined`: not known. */
  get bytes(): number | undefined {
    return payloadBytesIn(this.shared);
  }

  /** What was counted is not to be believed any more: payloads can be read that could not. */
  again(): void {
    if (this.#upTo === undefined) return;
    this.#upTo = 0;
    this.#bytes = 0;
    this.#tell();
  }

  get #isComplete(): boolean {
    return this.#upTo === Number.POSITIVE_INFINITY;
  }

  /** Within a group: the point's row before and after it, 0 for none. What was counted is of the row before, which the log still has. */
  changed(id: PointId, before: number, after: number): void {
    const upTo = this.#upTo;
    if (upTo === undefined) return;
    if (before !== 0 && before <= upTo && !isPlanted("payload-bytes-stay")) this.#added -= this.#storedBytes(id);
    if (after !== 0 && after <= upTo) this.#added += this.#newBytes(id);
  }

  #storedBytes(id: PointId): number {
    const bytes = this.#shard.table.storedPayloadBytes(id);
    this.#isLost ||= bytes === undefined;
    return bytes ?? 0;
  }

  #newBytes(id: PointId): number {
    const { table } = this.#shard;
    const state = table.live(id);
    if (state === undefined || table.payloadKeyOf(id) === 0) return 0;
    return table.isPayloadNew(id) ? encodeStoredPayload(state.payload).length : this.#storedBytes(id);
  }

  published(): void {
    this.#bytes += this.#added;
    this.#added = 0;
    if (this.#isLost) this.again();
    this.#isLost = false;
    this.#tell();
  }

  takenBack(): void {
    this.#added = 0;
    this.#isLost = false;
  }

  /** Between groups: count so many rows more, of what is published. Returns the steps that are left. */
  goOn(steps: number, { reader, epoch }: Segment): number {
    if (this.#upTo === undefined || this.#isComplete || !this.#shard.table.isKept) return steps;
    let row = this.#upTo;
    let left = steps;
    const last = reader.rowCount - 1;
    for (; left > 0 && row < last; left--) {
      row++;
      const id = reader.rows.idAt(row);
      if (reader.rowOf(id, epoch) === row) this.#bytes += this.#shard.table.storedPayloadBytes(id) ?? 0;
    }
    this.#upTo = row < last ? row : Number.POSITIVE_INFINITY;
    this.#tell();
    return left;
  }

  #tell(): void {
    Atomics.store(this.#words, 0, this.#isComplete ? BigInt(this.#bytes) : UNKNOWN);
  }
}
