import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { encodeCheckedHead, readCheckedManifest } from "../checked-image.js";
import { readerOf } from "../checked-image.test-support.js";
import { MurmurationError } from "../errors.js";
import { buildIndex, clusteredVectors, insert, optionsFor } from "./graphs.test-support.js";
import { decodeImage, encodeApart, GRAPH_IMAGE, type GraphManifest } from "./image.js";
import { areParts, type ImagePart, ImageParts, SLAB_SLOTS, SLABS_HELD_MAX } from "./image-parts.js";
import { MemoryRowFile } from "./row-file.js";
import type { RowKeeping } from "./row-images.js";
import { VectorIndex } from "./vector-index.js";

const DIMENSIONS = 6;
const options = optionsFor(DIMENSIONS, { links: 4, efConstruction: 8 });
const COUNT = 2 * SLAB_SLOTS + 100;

const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";

/** Files of an image in parts, by name, as a store keeps them. */
class Files {
  readonly parts = new Map<string, Uint8Array>();
  image = new Uint8Array(0);
  #made = 0;

  /** Returns the bytes of the part that was new. */
  save(index: VectorIndex, held: ImageParts, isWhole = false): number {
    const name = `part-${++this.#made}`;
    const apart = encodeApart(index, "note", held, { name, isWhole });
    assert.ok(apart !== undefined, "it is written in parts");
    const part = new Uint8Array(Buffer.concat(apart.part));
    if (part.length > 0) this.parts.set(name, part);
    this.image = new Uint8Array(Buffer.concat(apart.image));
    apart.written();
    for (const other of this.parts.keys()) if (!apart.parts.includes(other)) this.parts.delete(other);
    return part.length;
  }

  load(keeping?: RowKeeping) {
    return decodeImage(options, readerOf(this.image), keeping, (name) => {
      const part = this.parts.get(name);
      return part && readerOf(part);
    });
  }
}

function vectors(count: number, seed: number): Float32Array[] {
  return clusteredVectors(count, DIMENSIONS, seed);
}

/** A graph, and what knows which of its slots are written. */
function grown(count = COUNT) {
  const { index } = buildIndex(options, vectors(count, 1));
  const held = new ImageParts();
  let sequence = 0;
  const add = (some: number) => {
    for (const vector of vectors(some, 7 + sequence))
      held.touch(insert(index, { origin: 2, sequence: ++sequence }, vector).slot);
  };
  return { index, held, add };
}

/** It is the same graph with the same vectors, and goes on as it does. */
function assertSame(copy: VectorIndex, index: VectorIndex): void {
  assert.equal(copy.digest(), index.digest());
  assert.equal(copy.reader.slotCount, index.reader.slotCount);
  const [, , codes, rows] = index.imageRegions(index.reader.slotCount, 0);
  const [, , copiedCodes, copiedRows] = copy.imageRegions(index.reader.slotCount, 0);
  assert.ok(Buffer.from(codes as Uint8Array).equals(copiedCodes as Uint8Array), "the same codes at every slot");
  assert.ok(Buffer.from(rows as Uint8Array).equals(copiedRows as Uint8Array), "the same rows at every slot");
}

describe("an image in parts", () => {
  it("writes what no part holds, and is the graph whatever the parts came to", () => {
    const { index, held, add } = grown();
    const files = new Files();
    const whole = files.save(index, held);
    assertSame(files.load().index, index);
    for (let round = 0; round < 12; round++) {
      add(round === 5 ? 0 : 20);
      // slots whose nodes were purged are used again
      const dots = [3, 4, 5].map((i) => ({ origin: 1, sequence: 100 * round + i }));
      for (const dot of dots) {
        const slot = index.slotOf(dot) as number;
        index.reader.hide(slot);
        index.markDead(slot, true);
      }
      index.purge(dots);
      index.published();
      const written = files.save(index, held);
      if (round === 0) assert.ok(written < whole / 2, `${written} bytes of ${whole}`);
      const { index: copy, parts, note } = files.load();
      assertSame(copy, index);
      assert.equal(note, "note");
      const slabs = parts.reduce((sum, part) => sum + part.slabs.length, 0);
      assert.ok(
        slabs <= 1.5 * Math.ceil(index.reader.slotCount / SLAB_SLOTS),
        "what was written over does not pile up",
      );
    }
  });

  it("goes on from the parts of the image that it was read from", () => {
    const { index, held } = grown();
    const files = new Files();
    const whole = files.save(index, held);
    const { index: copy, parts } = files.load();
    const goesOn = new ImageParts(parts);
    assert.equal(files.save(copy, goesOn), 0, "nothing is new");
    goesOn.touch(insert(copy, { origin: 3, sequence: 1 }, vectors(1, 3)[0] as Float32Array).slot);
    assert.ok(files.save(copy, goesOn) < whole / 10);
    assertSame(files.load().index, copy);
  });

  it("writes all where it is told to, and where rows were changed otherwise", () => {
    const { index, held } = grown();
    const files = new Files();
    const whole = files.save(index, held);
    assert.equal(files.save(index, held, true), whole);
    held.forget();
    assert.equal(files.save(index, held), whole);
    assert.equal(files.parts.size, 1);
  });

  it("holds what it held where a part could not be written", () => {
    const { index, held, add } = grown();
    const files = new Files();
    files.save(index, held);
    add(20);
    const given = encodeApart(index, "", held, { name: "lost", isWhole: false });
    assert.ok((given?.part.length ?? 0) > 0);
    assert.ok(files.save(index, held) > 0, "what was lost is written again");
    assertSame(files.load().index, index);
  });

  it("is not made of a small graph", () => {
    const { index, held } = grown(SLAB_SLOTS - 1);
    assert.equal(encodeApart(index, "", held, { name: "a", isWhole: false }), undefined);
  });

  it("is refused without a part, and with one that is damaged, cut short or another's", () => {
    const { index, held, add } = grown();
    const files = new Files();
    files.save(index, held);
    add(20);
    files.save(index, held);
    assert.equal(files.parts.size, 2);
    for (const [name, part] of [...files.parts]) {
      for (const bad of [undefined, part.subarray(0, part.length - 1), flipped(part), new Uint8Array(part.length)]) {
        if (bad === undefined) files.parts.delete(name);
        else files.parts.set(name, bad);
        assert.throws(() => files.load(), isCorrupt);
      }
      files.parts.set(name, part);
    }
    assertSame(files.load().index, index);
    // whoever has no parts at all, as a checkpoint has none
    assert.throws(() => decodeImage(options, readerOf(files.image)), isCorrupt);
  });

  it("is refused where it does not say which parts hold it", () => {
    const whole = [0, 1, 2].map((slab) => [slab, Math.min(SLAB_SLOTS, COUNT - slab * SLAB_SLOTS), 1]);
    const are = (slabs: unknown, name: unknown = "a") => areParts([{ name, slabs }] as ImagePart[], COUNT);
    assert.ok(are(whole));
    assert.ok(are([[2, 5, 1], ...whole]), "what a later one has in place of an earlier one");
    const bad: readonly unknown[] = [
      7,
      [],
      whole.slice(1),
      [...whole, null],
      [...whole, [3, 1, 1]],
      [...whole, [2, 5, 1]],
      [...whole, [0, SLAB_SLOTS + 1, 0]],
      [...whole, [-1, 1, 0]],
      [...whole, [0.5, 1, 0]],
      [...whole, [2 ** 40, 1, 0]],
    ];
    for (const slabs of bad) assert.ok(!are(slabs), JSON.stringify(slabs));
    for (const name of ["../up", "", 7, "a.b", "x".repeat(65)]) assert.ok(!are(whole, name), String(name));
    for (const parts of [7, null, [null], [7]]) assert.ok(!areParts(parts as never, COUNT));
  });

  it("is read to a file of rows, where they are kept in one from now on", () => {
    const { index, held, add } = grown();
    const files = new Files();
    files.save(index, held);
    add(20);
    files.save(index, held);
    const store = { name: "rows", file: new MemoryRowFile() };
    const { index: copy } = files.load({ isOffMemory: true, create: () => store, open: () => undefined });
    assert.equal(copy.digest(), index.digest());
    for (let slot = 0; slot < index.reader.slotCount; slot++)
      assert.deepEqual(copy.reader.vectorAt(slot), index.reader.vectorAt(slot));
    assert.equal(encodeApart(copy, "", new ImageParts(), { name: "a", isWhole: false }), undefined);
  });

  it("of the largest graph there can be names its parts in a manifest that is read", () => {
    const { capacity } = new VectorIndex(optionsFor(1, { links: 2 }));
    const slabs = Array.from({ length: Math.ceil(capacity / SLAB_SLOTS) }, (_, slab) => slab);
    const part = (some: readonly number[], i: number): ImagePart => ({
      name: randomUUID(),
      slabs: some.map((slab) => [slab, SLAB_SLOTS, 2 ** 32 - 1 - i] as const),
    });
    const parts = [slabs, slabs.slice(slabs.length * (2 - SLABS_HELD_MAX))].map(part);
    const head = encodeCheckedHead(GRAPH_IMAGE, { parts, note: "n".repeat(64 * 1024) }, []);
    assert.deepEqual(readCheckedManifest<GraphManifest>(GRAPH_IMAGE, readerOf(head)).parts, parts);
  });
});

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length >> 1] = (copy[copy.length >> 1] as number) ^ 4;
  return copy;
}
