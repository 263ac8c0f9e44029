import assert from "node:assert/strict";
import { Columns } from "../payload/columns/columns.js";
import type { Payload } from "../payload/json.js";
import { printPayload } from "../payload/payload-text.js";
import type { PayloadIndexSchema } from "../payload/schema.js";
import type { PayloadReader } from "../payload/store.js";
import type { PointId } from "../point/point-id.js";
import type { RowChange } from "../segment/row-change.js";
import { createSegment, type Segment } from "../segment/segment.js";
import { normalise } from "../vector-index/normalise.js";
import type { VectorIndexOptions } from "../vector-index/options.js";
import type { NodeDot } from "../vector-index/search-types.js";
import { VectorIndex } from "../vector-index/vector-index.js";
import type { CollectionHandle } from "./collection-handle.js";

/** A point as it stands. */
export interface WrittenPoint {
  readonly id: PointId;
  readonly version: number;
  readonly payload: Payload;
  /** As written; for cosine of unit length. */
  readonly vectors: { readonly [name: string]: Float32Array };
  /** Operations that wrote them. */
  readonly dots: { readonly [name: string]: NodeDot };
}

export type Points = ReadonlyMap<PointId, WrittenPoint>;

/** A change of a point. Vectors that are left out stay, if the point is there; an empty one goes. */
export type PointChange =
  | { readonly id: PointId; readonly vectors?: { readonly [name: string]: Float32Array }; readonly payload?: Payload }
  | { readonly id: PointId; readonly isRemoved: true };

interface Placed extends WrittenPoint {
  readonly slots: readonly (number | undefined)[];
  readonly payloadKey: number;
}

/** What a group did to graphs, so that it can be taken back. */
type Undo = () => void;

/** A collection as an engine writes it, with what it holds beside it. */
export class WrittenCollection {
  readonly segment: Segment;
  readonly columns: Columns;
  readonly indexes: readonly VectorIndex[];
  readonly names: readonly string[];
  readonly #payloads = new Map<number, Uint8Array>();
  #points: ReadonlyMap<PointId, Placed> = new Map();
  #sequence = 0;
  /** Dead nodes by space. */
  readonly #dead: Set<string>[];
  /** Graphs of another region, by space: what it plans knows nothing of this one's nodes. */
  readonly #elsewhere: readonly VectorIndex[];

  constructor(spaces: { readonly [name: string]: VectorIndexOptions }, rows = 4_096) {
    this.names = Object.keys(spaces);
    this.indexes = Object.values(spaces).map((options) => new VectorIndex(options));
    this.#dead = this.names.map(() => new Set());
    this.#elsewhere = Object.values(spaces).map((options) => new VectorIndex(options));
    this.segment = createSegment({ capacity: rows, slots: this.indexes.map(({ capacity }) => capacity) });
    this.columns = new Columns(this.segment.engine);
    this.#publish({});
  }

  get points(): Points {
    return this.#points;
  }

  handle(): CollectionHandle {
    const spaces = this.names.map((name, space) => ({ name, graph: (this.indexes[space] as VectorIndex).handle() }));
    return { table: this.segment.handle(), spaces };
  }

  /** Payloads, as any thread on this heap reads them. */
  get payloads(): PayloadReader {
    return {
      bytesOf: (key) => {
        const bytes = this.#payloads.get(key);
        assert.ok(bytes !== undefined, `payload ${key}`);
        return bytes;
      },
    };
  }

  /** The payload under a key is damaged from here on. */
  damagePayload(key: number, bytes: Uint8Array): void {
    this.#payloads.set(key, bytes);
  }

  payloadKeyOf(id: PointId): number {
    return this.#points.get(id)?.payloadKey as number;
  }

  /**
   * A group of changes, published; or, when it fails, prepared and taken back. `allEntries`: see `Segment.publish`. `isForeign`: vectors
   * come from another region, which has seen only its own.
   */
  write(changes: readonly PointChange[], { fails = false, allEntries = false, isForeign = false } = {}): void {
    const points = new Map(this.#points);
    const undo: Undo[] = [];
    const rows: RowChange[] = [];
    const payloads: (Payload | undefined)[] = [];
    for (const change of changes) {
      const before = points.get(change.id);
      if ("isRemoved" in change) {
        for (const [space, slot] of (before?.slots ?? []).entries()) this.#setDead(space, slot, true, undo);
        points.delete(change.id);
        rows.push({ kind: "remove", id: change.id });
        payloads.push(undefined);
        continue;
      }
      const after = this.#placed(change, before, isForeign, undo);
      points.set(change.id, after);
      const { id, payloadKey, version, slots } = after;
      rows.push({ kind: "put", id, payloadKey, version, slots, stamp: { wallMs: version, counter: 0, origin: 1 } });
      payloads.push(after.payload);
    }
    const prepared = this.segment.prepare(rows);
    for (const [i, payload] of payloads.entries()) {
      if (payload !== undefined) this.columns.enter(prepared[i] as number, payload);
    }
    if (fails) {
      for (const take of undo.reverse()) take();
      this.segment.takeBack();
      this.columns.takenBack();
      return;
    }
    this.#points = points;
    this.#publish({ allEntries });
  }

  #publish(options: { readonly allEntries?: boolean }): void {
    if (!this.segment.isInGroup) this.segment.prepare([]);
    this.segment.publish(options);
    this.columns.published();
    for (const index of this.indexes) index.published();
  }

  /** A column over all points, shown with a group of its own. */
  createColumn(path: string, schema: PayloadIndexSchema): void {
    const column = this.columns.create(path, schema);
    const byKey = new Map([...this.#points.values()].map(({ payloadKey, payload }) => [payloadKey, payload]));
    const { rows } = this.segment.reader;
    for (const _ of this.columns.build(column, (row) => byKey.get(rows.payloadKeyAt(row)) as Payload));
    this.segment.prepare([]);
    this.columns.show(column);
    this.#publish({});
  }

  /** Drop dead nodes that nothing leads to for good; returns how many there were. Their slots wait for readers. */
  purge(): number {
    let purged = 0;
    for (const [space, index] of this.indexes.entries()) {
      const dots = [...(this.#dead[space] as Set<string>)].map(dotFrom);
      for (const dot of dots) index.condemn(index.slotOf(dot) as number);
      purged += index.purge(dots).purged;
      this.#dead[space]?.clear();
    }
    return purged;
  }

  #placed(
    change: Exclude<PointChange, { isRemoved: true }>,
    before: Placed | undefined,
    isForeign: boolean,
    undo: Undo[],
  ): Placed {
    const sequence = ++this.#sequence;
    const vectors: { [name: string]: Float32Array } = { ...before?.vectors };
    const dots: { [name: string]: NodeDot } = { ...before?.dots };
    const slots = [...(before?.slots ?? this.names.map(() => undefined))];
    for (const [name, given] of Object.entries(change.vectors ?? {})) {
      const space = this.names.indexOf(name);
      const index = this.indexes[space] as VectorIndex;
      this.#setDead(space, slots[space], true, undo);
      delete vectors[name];
      delete dots[name];
      slots[space] = undefined;
      if (given.length === 0) continue;
      const vector = index.options.metric === "cosine" ? normalise(given) : given;
      const dot = { origin: isForeign ? 2 : 1, sequence };
      const planner = isForeign ? (this.#elsewhere[space] as VectorIndex) : index;
      const delta = planner.plan(dot, vector);
      if (isForeign) planner.apply(dot, vector, delta);
      const slot = index.apply(dot, vector, delta);
      index.reader.show(slot);
      undo.push(() => index.revert(slot, delta));
      vectors[name] = vector;
      dots[name] = dot;
      slots[space] = slot;
    }
    const payload = change.payload ?? before?.payload ?? {};
    const isKept = before !== undefined && change.payload === undefined;
    const payloadKey = isKept ? before.payloadKey : Object.keys(payload).length === 0 ? 0 : sequence;
    if (payloadKey === sequence) this.#payloads.set(sequence, new TextEncoder().encode(printPayload(payload)));
    return { id: change.id, version: sequence, payload, vectors, dots, slots, payloadKey };
  }

  #setDead(space: number, slot: number | undefined, dead: boolean, undo: Undo[]): void {
    if (slot === undefined) return;
    const index = this.indexes[space] as VectorIndex;
    const dot = textOf(index.reader.dotAt(slot));
    index.markDead(slot, dead);
    if (dead) {
      index.reader.hide(slot);
      this.#dead[space]?.add(dot);
    } else {
      index.reader.show(slot);
      this.#dead[space]?.delete(dot);
    }
    if (dead) undo.push(() => this.#setDead(space, slot, false, []));
  }
}

function textOf({ origin, sequence }: NodeDot): string {
  return `${origin}:${sequence}`;
}

function dotFrom(text: string): NodeDot {
  const [origin, sequence] = text.split(":").map(Number) as [number, number];
  return { origin, sequence };
}
