import { assert, emptyPayloadKey, type PayloadIndexSchema, type PointId, parsePath } from "@murmuration/index";
import type { PointState } from "./point-state.js";
import type { StoredState, StoredStates } from "./stored-states.js";

/** What a table of points asks of the shard that it is of. */
export interface TableOptions {
  /** Gives a key for a payload that comes into the table, none twice. */
  readonly newPayloadKey: () => number;
}

/** States that were read last, so many of them. */
const KEPT_MAX = 1_024;

/**
 * The points of a shard: states by id, tombstones included. Where a log keeps them (`keepIn`), only those are held here that it does not have
 * yet, and a few that were asked for last; else all of them. Rows and payload indexes are the `ReadModel`'s.
 */
export class PointTable {
  readonly #options: TableOptions;
  /** All; or those that the log does not have like this yet, `undefined` for one that is gone. */
  readonly #states = new Map<PointId, PointState | undefined>();
  /** Of those of them that have one; not of empty payloads. */
  readonly #payloadKeys = new Map<PointId, number>();
  /** Keys that were given since what was put here was written. */
  readonly #newKeys = new Set<number>();
  readonly #schemas = new Map<string, PayloadIndexSchema>();
  #stored: StoredStates | undefined;
  #hasRow: ((id: PointId) => boolean) | undefined;
  /** As the log has them, the one asked for last at the end; `undefined`: it has none. An insert asks for its point several times. */
  readonly #kept = new Map<PointId, StoredState | undefined>();
  #live = 0;
  #deleted = 0;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** Live points. */
  get size(): number {
    return this.#live;
  }

  /** Tombstones. */
  get tombstones(): number {
    return this.#deleted;
  }

  /** From here on the log keeps the points, and it has them as they are here. */
  keepIn(stored: StoredStates): void {
    this.#stored = stored;
    this.keepNone();
    this.written();
  }

  /** From here on every live point that the log has is one of which this is true: what is new need not be looked for there. */
  knowRows(hasRow: (id: PointId) => boolean): void {
    this.#hasRow = hasRow;
  }

  /** Does the log keep the points? */
  get isKept(): boolean {
    return this.#stored !== undefined;
  }

  /** Bytes of the payload that the log has of a point, 0 for none; `undefined` for one that cannot be read. */
  storedPayloadBytes(id: PointId): number | undefined {
    return this.#stored?.payloadBytes(id);
  }

  /** So many points, and of them so many tombstones, are kept in the log and were never put here. */
  count(points: number, tombstones: number): void {
    assert(points >= tombstones && tombstones >= 0, "tombstones are points");
    this.#live = points - tombstones;
    this.#deleted = tombstones;
  }

  /** Have a state at hand that the log has, until `keepNone`. */
  keep(stored: StoredState): void {
    this.#kept.set(stored.state.id, stored);
  }

  keepNone(): void {
    this.#kept.clear();
  }

  /** The log has what was put here. */
  written(): void {
    this.#newKeys.clear();
    if (this.#stored === undefined) return;
    this.#states.clear();
    this.#payloadKeys.clear();
  }

  /** The point's state, a tombstone's too. Throws `corrupt` where what the log has of it is damaged. */
  state(id: PointId): PointState | undefined {
    const state = this.#states.get(id);
    if (state !== undefined || this.#stored === undefined || this.#states.has(id)) return state;
    return this.#storedOf(id)?.state;
  }

  /** As the log has it. */
  #storedOf(id: PointId): StoredState | undefined {
    if (this.#kept.has(id)) return this.#kept.get(id);
    // a point without a row is deleted, or has never been
    if (this.#deleted === 0 && this.#hasRow?.(id) === false) return undefined;
    const stored = this.#stored?.of(id);
    this.#kept.set(id, stored);
    if (this.#kept.size > KEPT_MAX) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return stored;
  }

  /** The point's state when it exists. */
  live(id: PointId): PointState | undefined {
    const state = this.state(id);
    return state?.exists === true ? state : undefined;
  }

  /**
   * Names the payload that a point has now, tombstones too, on this replica alone: another one with every other payload, the same while only
   * vectors change. 0 for an empty payload, and for a point that is not here.
   */
  payloadKeyOf(id: PointId): number {
    const key = this.#payloadKeys.get(id);
    if (key !== undefined || this.#stored === undefined || this.#states.has(id)) return key ?? emptyPayloadKey;
    return this.#storedOf(id)?.payloadKey ?? emptyPayloadKey;
  }

  /** All states, tombstones included. What changes while they are gone through is among them or not, or twice. Throws as `state` does. */
  *states(): IterableIterator<PointState> {
    for (const state of this.#stored?.all() ?? []) if (!this.#states.has(state.id)) yield state;
    for (const state of this.#states.values()) if (state !== undefined) yield state;
  }

  /** Put a state in place of the one before; `undefined` forgets the point. `payloadKey`: of a payload that has one already. */
  put(id: PointId, next: PointState | undefined, payloadKey?: number): void {
    const previous = this.state(id);
    const key = payloadKey ?? this.#keyFor(id, previous, next);
    if (next === undefined && this.#stored === undefined) this.#states.delete(id);
    else this.#states.set(id, next);
    if (key === emptyPayloadKey) this.#payloadKeys.delete(id);
    else this.#payloadKeys.set(id, key);
    // what it was may be given up with the commit of what it is
    this.#kept.delete(id);
    this.#live += Number(next?.exists === true) - Number(previous?.exists === true);
    this.#deleted += Number(next?.exists === false) - Number(previous?.exists === false);
  }

  #keyFor(id: PointId, previous: PointState | undefined, next: PointState | undefined): number {
    if (next === undefined) return emptyPayloadKey;
    // a payload that nobody has read is in no other state
    const mayBeSame = previous !== undefined && this.#kept.get(id)?.isPayloadRead() !== false;
    if (mayBeSame && next.payload === previous.payload) return this.payloadKeyOf(id);
    if (Object.keys(next.payload).length === 0) return emptyPayloadKey;
    const key = this.#options.newPayloadKey();
    this.#newKeys.add(key);
    return key;
  }

  /** Is the point's payload one that the log does not have? */
  isPayloadNew(id: PointId): boolean {
    return this.#newKeys.has(this.payloadKeyOf(id));
  }

  // ---- payload indexes

  indexPaths(): string[] {
    return [...this.#schemas.keys()];
  }

  /** Have payload indexes from here on, and others no more: all of it, or nothing when it throws (`format` for a bad path). */
  changeIndexes(
    created: readonly (readonly [path: string, schema: PayloadIndexSchema])[],
    dropped: readonly string[],
  ): void {
    for (const [path] of created) parsePath(path, "field_name");
    for (const path of dropped) this.#schemas.delete(path);
    for (const [path, schema] of created) this.#schemas.set(path, schema);
  }
}
