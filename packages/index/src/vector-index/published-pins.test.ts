import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { attachReader, releaseGraphThread } from "./graph-handle.js";
import { buildIndex, clusteredVectors, insert, optionsFor } from "./graphs.test-support.js";
import { PublishedPins } from "./published-pins.js";
import type { VectorIndex } from "./vector-index.js";

const DIMENSIONS = 4;
const COUNT = 6;

function built() {
  const vectors = clusteredVectors(COUNT + 8, DIMENSIONS, 1);
  const { index } = buildIndex(optionsFor(DIMENSIONS, { metric: "euclid" }), vectors.slice(0, COUNT));
  let sequence = COUNT;
  return {
    index,
    /** A node more; returns its slot. */
    add: () => {
      sequence++;
      return insert(index, { origin: 1, sequence }, vectors[sequence - 1] as Float32Array).slot;
    },
    purge: (slot: number) => purge(index, slot),
  };
}

function purge(index: VectorIndex, slot: number): void {
  index.markDead(slot, true);
  index.condemn(slot);
  assert.equal(index.purge([index.reader.dotAt(slot)]).purged, 1);
}

describe("slots that rows name", () => {
  it("are used again at once where nothing was ever published", () => {
    const { add, purge } = built();
    purge(2);
    assert.equal(add(), 2);
  });

  it("are used again only once rows were published since they were retired", () => {
    const { add, index, purge } = built();
    index.published();
    purge(2);
    assert.equal(add(), COUNT);
    index.published();
    assert.equal(add(), 2);
  });

  it("stay while a reader is there that began before they were retired, the first of several", () => {
    const { add, index, purge } = built();
    index.published();
    const pins = new PublishedPins(index.handle(), 19);
    const first = pins.enter();
    purge(2);
    index.published();
    const second = pins.enter();
    purge(3);
    index.published();
    assert.equal(add(), COUNT);
    first.leave();
    first.leave();
    assert.equal(add(), 2);
    assert.equal(add(), COUNT + 1);
    second.leave();
    assert.equal(add(), 3);
  });

  it("stay from what was published last on, not from now on", () => {
    const { add, index, purge } = built();
    index.published();
    purge(2);
    const hold = new PublishedPins(index.handle(), 1).enter();
    index.published();
    assert.equal(add(), COUNT);
    hold.leave();
    assert.equal(add(), 2);
  });

  it("stay when the thread begins to walk the graph only then", () => {
    const { add, index, purge } = built();
    index.published();
    new PublishedPins(index.handle(), 1).enter();
    attachReader(index.handle(), 1, true);
    purge(2);
    index.published();
    assert.equal(add(), COUNT);
  });

  it("are given up by a thread that has died", () => {
    const { add, index, purge } = built();
    index.published();
    new PublishedPins(index.handle(), 7).enter();
    purge(2);
    index.published();
    assert.equal(add(), COUNT);
    releaseGraphThread(index.handle(), 7);
    assert.equal(add(), 2);
  });
});

describe("changes of what walks read", () => {
  it("are counted, and nothing else is", () => {
    const { add, index, purge } = built();
    const changesOf = (make: () => void) => {
      const before = index.reader.changes;
      make();
      return index.reader.changes - before;
    };
    assert.equal(index.reader.changes, 2 * COUNT);
    assert.equal(changesOf(add), 2);
    assert.equal(
      changesOf(() => index.markDead(1, false)),
      0,
    );
    assert.equal(
      changesOf(() => index.markDead(1, true)),
      2,
    );
    assert.equal(
      changesOf(() => index.markDead(1, false)),
      2,
    );
    // dead, and gone
    assert.equal(
      changesOf(() => purge(1)),
      4,
    );
    assert.equal(
      changesOf(() => index.reader.search(index.reader.vectorAt(3), { limit: 2 })),
      0,
    );
    index.published();
    const hold = new PublishedPins(index.handle(), 2).enter();
    assert.equal(hold.changes, index.reader.changes);
    add();
    assert.equal(index.reader.changes, hold.changes + 2);
  });
});
