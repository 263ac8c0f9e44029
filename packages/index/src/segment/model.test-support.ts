import assert from "node:assert/strict";
import fc from "fast-check";
import { MurmurationError } from "../errors.js";
import { type PlantedIndexBug, plant } from "../planted.js";
import { comparePointIds, type PointId } from "../point/point-id.js";
import type { EpochPin } from "./epochs.js";
import { attachSegmentReader, rowsPerCallMax, type SegmentReader } from "./reader.js";
import type { RowChange, RowPut } from "./row-change.js";
import { createSegment, type Segment } from "./segment.js";

// The model of a segment: for each epoch, the points that are visible at it. A version is a put as it was made.

/** One change, drawn without knowing the state that it meets. */
export type Sketch =
  | { readonly kind: "vectors" | "payload"; readonly id: number; readonly spaces: number }
  | { readonly kind: "remove"; readonly id: number };

export type Step =
  | { readonly kind: "group"; readonly changes: readonly Sketch[]; readonly fails: boolean }
  | { readonly kind: "pin"; readonly reader: number }
  | { readonly kind: "release"; readonly which: number };

const SPACES = 2;
const SLOTS = 400;
/** Ids of the model, in their order: small and large integers, UUIDs. */
export const modelIds: readonly PointId[] = [
  ...Array.from({ length: 24 }, (_, i) => i * 3),
  2 ** 40 + 1,
  2n ** 63n,
  2n ** 64n - 1n,
  "00000000-0000-0000-0000-000000000000",
  "00000000-0000-0000-0000-000000000003",
  "7f000000-0000-0000-0000-0000000000ff",
  "80000000-0000-0000-0000-000000000001",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
];

const sketches: fc.Arbitrary<Sketch> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("vectors" as const, "payload" as const),
      id: fc.nat(modelIds.length - 1),
      spaces: fc.integer({ min: 0, max: 2 ** SPACES - 1 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("remove" as const), id: fc.nat(modelIds.length - 1) }) },
);
/** Steps of a writer and readers. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("group" as const),
        changes: fc.array(sketches, { maxLength: 12, size: "max" }),
        fails: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("pin" as const), reader: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("release" as const), which: fc.nat(5) }) },
  ),
  { minLength: 1, maxLength: 60, size: "max" },
);

type Points = ReadonlyMap<PointId, RowPut>;
interface Held {
  readonly reader: SegmentReader;
  readonly pin: EpochPin;
  readonly points: Points;
}

/** A segment beside its model. */
export class Modelled {
  segment: Segment;
  #readers: readonly SegmentReader[];
  readonly #held: Held[] = [];
  #points: Points = new Map();
  /** Slots by space that no row has that anybody could see. */
  readonly #freeSlots: number[][];
  /** Slots of rows that were hidden at an epoch: free once everybody has passed it. */
  #waiting: { readonly space: number; readonly slot: number; readonly epoch: number }[] = [];
  #writes = 0;
  #allEntries = false;
  /** Groups that the table had no room for. */
  refused = 0;

  constructor(capacity: number, firstEpoch: number, bugs: readonly PlantedIndexBug[] = []) {
    plant(bugs);
    this.segment = createSegment({ capacity, slots: Array(SPACES).fill(SLOTS) }, firstEpoch);
    this.#freeSlots = Array.from({ length: SPACES }, () => Array.from({ length: SLOTS }, (_, i) => i));
    this.#readers = readersOf(this.segment);
  }

  /** Another segment that holds the same takes the place of this one; nobody is at any epoch of it yet. */
  goOnWith(segment: Segment): void {
    this.segment = segment;
    this.#readers = readersOf(segment);
    this.#held.length = 0;
  }

  get pointCount(): number {
    return this.#points.size;
  }

  run(step: Step): void {
    if (step.kind === "group") this.#group(step.changes, step.fails);
    else if (step.kind === "pin") this.#pin(step.reader);
    else if (step.kind === "release") this.#release(step.which);
  }

  end(): void {
    while (this.#held.length > 0) this.#release(0);
  }

  /** Everything that a reader can ask, at every epoch that one is at. */
  check(): void {
    for (const { reader, pin, points } of this.#held) checkReader(reader, pin.epoch, points);
    const reader = this.segment.reader;
    const pin = reader.pin();
    checkReader(reader, pin.epoch, this.#points);
    pin.release();
  }

  #group(sketched: readonly Sketch[], fails: boolean): void {
    const points = new Map(this.#points);
    const hidden: RowPut[] = [];
    const taken: [number, number][] = [];
    const changes: RowChange[] = [];
    for (const sketch of sketched) {
      const id = modelIds[sketch.id] as PointId;
      const before = points.get(id);
      if (before !== undefined) hidden.push(before);
      if (sketch.kind === "remove") {
        changes.push({ kind: "remove", id });
        points.delete(id);
        continue;
      }
      const put = this.#made(id, sketch, before, taken);
      changes.push(put);
      points.set(id, put);
    }
    try {
      this.segment.prepare(changes);
    } catch (error) {
      assert.ok(error instanceof MurmurationError && error.code === "capacity", String(error));
      this.refused++;
      for (const [space, slot] of taken) this.#freeSlots[space]?.push(slot);
      return;
    }
    this.check();
    if (fails) {
      this.segment.takeBack();
      for (const [space, slot] of taken) this.#freeSlots[space]?.push(slot);
      return;
    }
    const allEntries = [true, false, undefined][this.#writes % 3];
    const epoch = this.segment.publish(allEntries === undefined ? {} : { allEntries });
    if (allEntries !== undefined) this.#allEntries = allEntries;
    this.#points = points;
    const kept = new Set([...points.values()].flatMap(({ slots }) => slots.map((slot, space) => `${space}:${slot}`)));
    for (const { slots } of hidden) {
      for (const [space, slot] of slots.entries()) {
        if (slot !== undefined && !kept.has(`${space}:${slot}`)) this.#waiting.push({ space, slot, epoch });
      }
    }
    const isFree = (epoch: number) => this.segment.isPassed(epoch);
    for (const { space, slot, epoch } of this.#waiting) {
      if (isFree(epoch) && !this.#freeSlots[space]?.includes(slot)) this.#freeSlots[space]?.unshift(slot);
    }
    this.#waiting = this.#waiting.filter(({ epoch }) => !isFree(epoch));
  }

  #made(
    id: PointId,
    sketch: Sketch & { spaces: number },
    before: RowPut | undefined,
    taken: [number, number][],
  ): RowPut {
    const write = ++this.#writes;
    const slots = Array.from({ length: SPACES }, (_, space) => {
      if (sketch.kind === "payload" && before !== undefined) return before.slots[space];
      if (((sketch.spaces >> space) & 1) === 0) return undefined;
      const slot = this.#freeSlots[space]?.shift() as number;
      taken.push([space, slot]);
      return slot;
    });
    const stamp = { wallMs: 2 ** 48 - write, counter: write & 0xffff, origin: 2 ** 24 - write };
    return { kind: "put", id, payloadKey: Number.MAX_SAFE_INTEGER - write, stamp, version: 2 ** 40 - write, slots };
  }

  #pin(which: number): void {
    const reader = this.#readers[which] as SegmentReader;
    const pin = reader.pin();
    assert.equal(reader.allEntries(pin.epoch), this.#allEntries);
    this.#held.push({ reader, pin, points: this.#points });
  }

  #release(which: number): void {
    const [held] = this.#held.splice(which % Math.max(1, this.#held.length), 1);
    held?.pin.release();
  }
}

function readersOf(segment: Segment): SegmentReader[] {
  const handle = segment.handle();
  return [segment.reader, attachSegmentReader(handle, 1), attachSegmentReader(handle, 63)];
}

function checkReader(reader: SegmentReader, epoch: number, points: Points): void {
  const { rows } = reader;
  const atSlots = Array.from({ length: SPACES }, () => new Map<number, RowPut>());
  for (const id of modelIds) {
    const put = points.get(id);
    const row = reader.rowOf(id, epoch);
    assert.equal(row !== undefined, put !== undefined, `${id} at ${epoch}`);
    if (row === undefined || put === undefined) continue;
    const slots = Array.from({ length: SPACES }, (_, space) => rows.slotAt(row, space));
    const [payloadKey, stamp, version] = [rows.payloadKeyAt(row), rows.stampAt(row), rows.versionAt(row)];
    assert.deepEqual({ kind: "put", id: rows.idAt(row), payloadKey, stamp, version, slots }, put);
    for (const [space, slot] of put.slots.entries()) if (slot !== undefined) atSlots[space]?.set(slot, put);
  }
  for (const [space, map] of atSlots.entries()) {
    const all = reader.rowsAtSlots(
      space,
      Uint32Array.from({ length: SLOTS }, (_, slot) => slot),
      epoch,
    );
    for (const [slot, row] of all.entries()) {
      assert.equal(
        row === 0 ? undefined : rows.payloadKeyAt(row),
        map.get(slot)?.payloadKey,
        `slot ${slot} at ${epoch}`,
      );
    }
  }
  // all rows that there could be: each point's is the only one that is visible
  const visible = reader.visibleAmong(
    Uint32Array.from({ length: rowsPerCallMax }, (_, row) => row).subarray(0, reader.rowCount),
    epoch,
  );
  assert.equal(visible.filter((row) => row !== 0).length, points.size);
  const sorted = [...points.keys()].sort(comparePointIds);
  assert.deepEqual(allIds(reader, epoch), sorted);
  for (const from of modelIds.slice(3, 30)) {
    const { rows: page, next } = reader.scroll(from, 2, epoch);
    const rest = sorted.filter((id) => comparePointIds(id, from) >= 0);
    assert.deepEqual(
      [...page].map((row) => rows.idAt(row)),
      rest.slice(0, 2),
    );
    assert.ok(next !== undefined || rest.length <= 2);
  }
  assert.equal(reader.count(epoch), points.size);
  assert.equal(reader.countByLooking(epoch), points.size);
}

/** All ids that a reader scrolls through, in pages. */
export function allIds(reader: SegmentReader, epoch: number, limit = 7): PointId[] {
  const ids: PointId[] = [];
  for (let from: PointId | undefined, isFirst = true; isFirst || from !== undefined; isFirst = false) {
    const { rows, next } = reader.scroll(from, limit, epoch);
    for (const row of rows) ids.push(reader.rows.idAt(row));
    from = next;
  }
  return ids;
}
