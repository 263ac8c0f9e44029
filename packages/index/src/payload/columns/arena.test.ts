import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "../../conformance.js";
import { type PlantedIndexBug, plant } from "../../planted.js";
import { H_ARENA_END } from "../../segment/column-layout.js";
import { H_ARENA_NEXT } from "../../segment/layout.js";
import { SegmentReader } from "../../segment/reader.js";
import { Segment } from "../../segment/segment.js";
import { attachTable, createTable } from "../../segment/table-engine.js";

interface ArenaExports {
  arenaBytes(): number;
  takeExtent(bytes: number): number;
  returnExtent(extent: number): void;
  retireExtent(extent: number): void;
  reclaimExtents(): number;
}

interface Extent {
  readonly at: number;
  readonly bytes: number;
}

/** An arena of so many bytes, and a model of who may be in what. */
class ModelledArena {
  readonly segment: Segment;
  readonly arena: ArenaExports;
  readonly #reader: SegmentReader;
  readonly #end: number;
  readonly taken: Extent[] = [];
  /** Retired, with the epoch that was in work then. */
  #retired: { readonly extent: Extent; readonly epoch: number }[] = [];
  readonly pins: { readonly epoch: number; release(): void }[] = [];
  refused = 0;
  reused = 0;
  #highest = 0;

  constructor(bytes: number, bugs: readonly PlantedIndexBug[] = []) {
    plant(bugs);
    const engine = createTable({ capacity: 100, slots: [] });
    this.segment = new Segment(engine);
    this.arena = engine as unknown as ArenaExports;
    this.#end = (engine.u32[H_ARENA_NEXT >>> 2] as number) + bytes;
    engine.u32[H_ARENA_END >>> 2] = this.#end;
    this.#reader = new SegmentReader(attachTable(this.segment.handle().memory, 1));
  }

  take(bytes: number): void {
    const at = this.arena.takeExtent(bytes) >>> 0;
    if (at === 0) {
      this.refused++;
      return;
    }
    assert.equal(at % 16, 0);
    assert.ok(at + bytes <= this.#end, "within the arena");
    // whoever is at an epoch before the one in work then may still be in a retired extent
    const oldest = Math.min(this.segment.epoch, ...this.pins.map(({ epoch }) => epoch));
    this.#retired = this.#retired.filter(({ epoch }) => oldest < epoch);
    for (const other of [...this.taken, ...this.#retired.map(({ extent }) => extent)]) {
      assert.ok(at + bytes <= other.at || other.at + other.bytes <= at, "nobody is in an extent that is given out");
    }
    if (at < this.#highest) this.reused++;
    this.#highest = Math.max(this.#highest, at);
    this.taken.push({ at, bytes });
  }

  give(which: number, isRetired: boolean): void {
    if (this.taken.length === 0) return;
    const [extent] = this.taken.splice(which % this.taken.length, 1) as [Extent];
    if (!isRetired) return this.arena.returnExtent(extent.at);
    this.arena.retireExtent(extent.at);
    this.#retired.push({ extent, epoch: this.segment.epoch + 1 });
  }

  pin(): void {
    this.pins.push(this.#reader.pin());
  }

  release(which: number): void {
    if (this.pins.length > 0) this.pins.splice(which % this.pins.length, 1)[0]?.release();
  }

  publish(): void {
    this.segment.prepare([]);
    this.segment.publish();
  }
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("take" as const),
        bytes: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 9_000 })),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("give" as const), which: fc.nat(1_000), isRetired: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: "publish" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "pin" as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("release" as const), which: fc.nat(10) }) },
  ),
  { minLength: 1, maxLength: 200, size: "max" },
);
type Steps = typeof steps extends fc.Arbitrary<infer All> ? All : never;

function run(arena: ModelledArena, all: Steps): void {
  for (const step of all) {
    if (step.kind === "take") arena.take(step.bytes);
    else if (step.kind === "give") arena.give(step.which, step.isRetired);
    else if (step.kind === "publish") arena.publish();
    else if (step.kind === "pin") arena.pin();
    else arena.release(step.which);
  }
  while (arena.pins.length > 0) arena.release(0);
}

describe("the arena", () => {
  test("gives nothing out that somebody is in, and stays within its bounds", () => {
    let [refused, reused] = [0, 0];
    assertUntil(
      () => ({ refused: [refused, 10], "used again": [reused, 10] }),
      fc.property(steps, (all) => {
        const arena = new ModelledArena(60_000);
        const before = arena.arena.arenaBytes();
        run(arena, all);
        refused += arena.refused;
        reused += arena.reused;
        while (arena.taken.length > 0) arena.give(0, arena.taken.length % 2 === 0);
        arena.publish();
        arena.arena.reclaimExtents();
        assert.equal(arena.arena.arenaBytes(), before, "all of it came back");
      }),
      { numRuns: 40 },
    );
  });

  test("is caught when it does not wait for readers", () => {
    const found = fc.check(
      fc.property(steps, (all) => run(new ModelledArena(60_000, ["extent-reused"]), all)),
      { numRuns: 100, endOnFailure: true, seed: 1 },
    );
    assert.ok(found.failed);
  });

  test("cuts large extents into small ones when nothing fresh is left", () => {
    const arena = new ModelledArena(64_000);
    arena.take(50_000);
    arena.give(0, false);
    for (let i = 0; i < 100; i++) arena.take(400);
    assert.equal(arena.refused, 0);
  });
});
