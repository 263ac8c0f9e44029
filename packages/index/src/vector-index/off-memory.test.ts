import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readerOf } from "../checked-image.test-support.js";
import { MurmurationError } from "../errors.js";
import { RowSet } from "../row-set.js";
import { attachReader } from "./graph-handle.js";
import { ROW_HEAD_BYTES } from "./graph-limits.js";
import type { NodeDot } from "./graph-reader.js";
import { clusteredVectors, optionsFor } from "./graphs.test-support.js";
import { decodeImage, encodeImage, encodeWholeImage } from "./image.js";
import { findRowsInImage } from "./image-rows.js";
import { normalise } from "./normalise.js";
import type { VectorIndexOptions } from "./options.js";
import { MemoryRowFile, type RowStore } from "./row-file.js";
import type { RowKeeping } from "./row-images.js";
import { VectorIndex } from "./vector-index.js";

const DIMENSIONS = 10;
const ROW_BYTES = 12 * 4;
const RECORD_BYTES = ROW_BYTES + ROW_HEAD_BYTES;

function storeIn(file: MemoryRowFile, lost?: RowStore["lost"]): RowStore {
  return { name: "rows", file, ...(lost && { lost }) };
}

const dotOf = (sequence: number): NodeDot => ({ origin: 1, sequence });

function vectorsOf({ metric, dimensions }: VectorIndexOptions, count: number): Float32Array[] {
  return clusteredVectors(count, dimensions, 3).map((vector) => (metric === "cosine" ? normalise(vector) : vector));
}

function grow(index: VectorIndex, vectors: readonly Float32Array[], from = 1): void {
  for (const [i, vector] of vectors.entries()) {
    const dot = dotOf(from + i);
    index.reader.show(index.apply(dot, vector, index.plan(dot, vector)));
  }
}

/** Two graphs of the same vectors: one with its rows in memory, one with them in a file. */
function both(options: VectorIndexOptions, count: number) {
  const vectors = vectorsOf(options, count);
  const file = new MemoryRowFile();
  const inMemory = new VectorIndex(options);
  const inFile = new VectorIndex(options, storeIn(file));
  for (const index of [inMemory, inFile]) grow(index, vectors);
  return { inMemory, inFile, file, vectors };
}

/** Bytes of the memory's region of rows that were written. */
function touchedRows(index: VectorIndex, slots: number): number {
  const [, , , rows, meta] = index.imageRegions(slots, 0) as [unknown, unknown, unknown, Uint8Array, Uint8Array];
  const all = new Uint8Array(rows.buffer, rows.byteOffset, meta.byteOffset - rows.byteOffset);
  let touched = 0;
  for (let at = 0; at < all.length && at < 1 << 22; at++) if (all[at] !== 0) touched++;
  return touched;
}

for (const metric of ["cosine", "dot", "euclid"] as const) {
  describe(`a graph whose rows are in a file (${metric})`, () => {
    const options = optionsFor(DIMENSIONS, { metric, links: 5, efConstruction: 30 });

    test("plans the same links and gives the same answers as one in memory, to the bit", () => {
      const { inMemory, inFile, vectors } = both(options, 900);
      assert.equal(inFile.digest(), inMemory.digest());
      const queries = clusteredVectors(40, DIMENSIONS, 9).map((one) => (metric === "cosine" ? normalise(one) : one));
      fc.assert(
        fc.property(
          fc.record({
            query: fc.constantFrom(...queries, ...vectors.slice(0, 20)),
            limit: fc.integer({ min: 1, max: 300 }),
            exact: fc.boolean(),
            rescore: fc.boolean(),
            oversampling: fc.constantFrom(1, 2, 5),
            efSearch: fc.constantFrom(10, 40, 400),
            allowed: fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 899 }), { minLength: 1 }), { nil: undefined }),
          }),
          ({ query, allowed, ...rest }) => {
            const set = allowed && new RowSet();
            for (const slot of allowed ?? []) set?.add(slot);
            const search = { ...rest, ...(set && { allowed: set }) };
            assert.deepEqual(inFile.reader.search(query, search), inMemory.reader.search(query, search));
          },
        ),
        { numRuns: 150 },
      );
      for (const slot of [0, 63, 64, 899]) assert.deepEqual(inFile.reader.vectorAt(slot), vectors[slot]);
      const many = Float32Array.from(queries.slice(0, 7).flatMap((query) => [...query]));
      assert.deepEqual(inFile.reader.searchExactly(many, 20), inMemory.reader.searchExactly(many, 20));
      assert.deepEqual(
        inFile.reader.distancesTo(
          queries[0] as Float32Array,
          Array.from({ length: 700 }, (_, i) => 899 - i),
        ),
        inMemory.reader.distancesTo(
          queries[0] as Float32Array,
          Array.from({ length: 700 }, (_, i) => 899 - i),
        ),
      );
    });

    test("stitches, repairs and rescues as one in memory, and prunes full lists alike", () => {
      const { inMemory, inFile } = both(options, 400);
      const others = vectorsOf(options, 460).slice(400);
      for (const [i, vector] of others.entries()) {
        const dot = { origin: 2, sequence: i + 1 };
        const delta = inMemory.plan(dot, vector);
        for (const index of [inMemory, inFile]) index.reader.show(index.apply(dot, vector, delta));
      }
      const foreign = others.map((_, i) => ({ origin: 2, sequence: i + 1 }));
      for (let sequence = 1; sequence <= 400; sequence += 7) {
        for (const walk of [true, false]) {
          const plans = [inMemory, inFile].map((index) => index.planStitch(dotOf(sequence), foreign, walk));
          assert.deepEqual(plans[1], plans[0]);
        }
      }
      for (const index of [inMemory, inFile]) {
        for (let sequence = 3; sequence < 300; sequence += 11) {
          const slot = index.slotOf(dotOf(sequence)) as number;
          index.markDead(slot, true);
          index.condemn(slot);
        }
      }
      const { nodes } = inMemory.nodesToRepair(new Set([1, 2]), 0, 500);
      assert.ok(nodes.length > 20);
      for (const node of nodes) {
        assert.deepEqual(inFile.planRepair(node), inMemory.planRepair(node));
        assert.deepEqual(inFile.planRescue(node), inMemory.planRescue(node));
      }
      assert.equal(inFile.digest(), inMemory.digest());
    });

    test("touches no more of the rows' region than its stages", () => {
      const { inFile, inMemory } = both(options, 900);
      inFile.reader.search(new Float32Array(DIMENSIONS).fill(1), { limit: 900, exact: true });
      assert.ok(touchedRows(inMemory, 900) > 900 * DIMENSIONS * 2);
      assert.ok(touchedRows(inFile, 900) <= 64 * RECORD_BYTES);
      assert.ok(inFile.reader.bytesInUse <= inMemory.reader.bytesInUse - 900 * ROW_BYTES);
    });
  });
}

describe("rows in a file", () => {
  const options = optionsFor(DIMENSIONS, { links: 5, efConstruction: 30 });
  const query = normalise(new Float32Array(DIMENSIONS).fill(1));
  const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";

  test("are read by other threads' places from a file that these open themselves", () => {
    const { inFile, inMemory, file } = both(options, 300);
    const handle = inFile.handle();
    assert.equal(handle.rows, "rows");
    assert.throws(() => attachReader(handle, 1), { code: "internal" });
    const reader = attachReader(handle, 1, false, (name) => (name === "rows" ? file : assert.fail(name)));
    for (let slot = 0; slot < 300; slot++) reader.show(slot);
    assert.deepEqual(reader.search(query, { limit: 30 }), inMemory.reader.search(query, { limit: 30 }));
  });

  test("are believed only where they are their node's and whole", () => {
    const { inFile, file } = both(options, 100);
    const record = new Uint8Array(RECORD_BYTES);
    const harms: (() => void)[] = [
      // another slot's row
      () => {
        file.read(record, 8 * RECORD_BYTES);
        file.write(record, 7 * RECORD_BYTES);
      },
      // one bit
      () => file.write(Uint8Array.of(0x55), 7 * RECORD_BYTES + ROW_HEAD_BYTES + 5),
      // nothing: never written
      () => file.write(new Uint8Array(RECORD_BYTES), 7 * RECORD_BYTES),
    ];
    const before = new Uint8Array(RECORD_BYTES);
    file.read(before, 7 * RECORD_BYTES);
    for (const harm of harms) {
      harm();
      assert.throws(() => inFile.reader.vectorAt(7), isCorrupt);
      assert.throws(() => inFile.reader.vectorAt(7), /vector 1:8 is damaged or lost/);
      assert.throws(() => inFile.reader.search(query, { limit: 100, exact: true }), isCorrupt);
      // what does not need it goes on
      assert.equal(inFile.reader.vectorAt(8).length, DIMENSIONS);
      file.write(before, 7 * RECORD_BYTES);
      assert.equal(inFile.reader.search(query, { limit: 100, exact: true }).slots.length, 100);
    }
  });

  test("that end early are not taken for what was read there before", () => {
    const { inFile, inMemory } = both(options, 40);
    const short = { read: (target: Uint8Array, at: number) => file.read(target.subarray(0, 20), at) };
    const { file } = both(options, 40);
    const reader = attachReader(inFile.handle(), 2, false, () => short);
    assert.throws(() => reader.vectorAt(3), isCorrupt);
    assert.equal(inMemory.digest(), inFile.digest());
  });

  test("that are lost come from elsewhere, and are in the file again", () => {
    const vectors = vectorsOf(options, 60);
    const file = new MemoryRowFile();
    const asked: NodeDot[] = [];
    const store = storeIn(file, (dot) => {
      asked.push(dot);
      return vectors[dot.sequence - 1];
    });
    const index = new VectorIndex(options, store);
    grow(index, vectors);
    file.write(new Uint8Array(3 * RECORD_BYTES), 20 * RECORD_BYTES);
    assert.equal(index.reader.search(query, { limit: 60, exact: true }).slots.length, 60);
    assert.deepEqual(asked, [dotOf(21), dotOf(22), dotOf(23)]);
    assert.deepEqual(index.reader.vectorAt(21), vectors[21]);
    assert.equal(asked.length, 3);
  });

  test("that cannot be written are found lost, and the insert stands", () => {
    const vectors = vectorsOf(options, 10);
    const file = new MemoryRowFile();
    let fails = false;
    const failing = {
      read: (target: Uint8Array, at: number) => file.read(target, at),
      write: (bytes: Uint8Array, at: number) => {
        if (fails) throw new MurmurationError("storage", "no space left");
        file.write(bytes, at);
      },
      flush: () => undefined,
    };
    const index = new VectorIndex(options, { name: "rows", file: failing });
    grow(index, vectors.slice(0, 9));
    fails = true;
    grow(index, vectors.slice(9), 10);
    assert.equal(index.reader.linkedCount, 10);
    assert.throws(() => index.reader.vectorAt(9), isCorrupt);
  });

  describe("and images", () => {
    function keepingIn(files: Map<string, MemoryRowFile>, isOffMemory: boolean, lost?: RowStore["lost"]): RowKeeping {
      const of = (name: string, file: MemoryRowFile): RowStore => ({ name, file, ...(lost && { lost }) });
      return {
        isOffMemory,
        create: () => {
          const name = `made ${files.size}`;
          const file = new MemoryRowFile();
          files.set(name, file);
          return of(name, file);
        },
        open: (name) => {
          const file = files.get(name);
          return file && of(name, file);
        },
      };
    }

    const goesOn = (loaded: VectorIndex, expected: VectorIndex) => {
      assert.equal(loaded.digest(), expected.digest());
      for (let slot = 0; slot < expected.reader.slotCount; slot++) {
        if (!expected.reader.nodeAt(slot).linked || expected.reader.nodeAt(slot).dead) continue;
        assert.deepEqual(loaded.reader.vectorAt(slot), expected.reader.vectorAt(slot));
      }
    };

    test("of either kind are loaded to either kind", () => {
      const { inMemory, inFile, file } = both(options, 300);
      const files = new Map([["rows", file]]);
      const images: (() => Iterable<Uint8Array>)[] = [
        () => encodeImage(inMemory, "n"),
        () => encodeImage(inFile, "n"),
        () => encodeWholeImage(inMemory, "n"),
        () => encodeWholeImage(inFile, "n"),
      ];
      for (const image of images) {
        for (const isOffMemory of [false, true]) {
          const { index, note } = decodeImage(options, readerOf(image()), keepingIn(files, isOffMemory));
          assert.equal(note, "n");
          assert.equal(index.rows !== undefined, isOffMemory);
          goesOn(index, inMemory);
        }
      }
      assert.deepEqual(Buffer.concat([...images[3]!()]), Buffer.concat([...images[2]!()]));
      const sizes = images.map((image) => Buffer.concat([...image()]).length);
      assert.ok((sizes[1] as number) < (sizes[0] as number) - 300 * ROW_BYTES + 200);
    });

    test("without their file, or with what a live node's row has lost, are refused", () => {
      const { inFile, inMemory, file, vectors } = both(options, 50);
      const image = encodeImage(inFile, "").map((piece) => piece.slice());
      assert.throws(() => decodeImage(options, readerOf(image)), isCorrupt);
      assert.throws(() => decodeImage(options, readerOf(image), keepingIn(new Map(), true)), isCorrupt);
      file.write(new Uint8Array(8), 4 * RECORD_BYTES);
      const files = new Map([["rows", file]]);
      // to a file, it is found when it is asked for
      assert.throws(() => decodeImage(options, readerOf(image), keepingIn(files, false)), isCorrupt);
      const lost = (dot: NodeDot) => vectors[dot.sequence - 1];
      goesOn(decodeImage(options, readerOf(image), keepingIn(files, false, lost)).index, inMemory);
      assert.throws(() => [...encodeWholeImage(inFile, "")], isCorrupt);
    });

    test("that are whole give single vectors without being put together", () => {
      for (const metric of ["cosine", "euclid", "manhattan"] as const) {
        const { inFile, vectors } = both({ ...options, metric }, 90);
        const bytes = Buffer.concat([...encodeWholeImage(inFile, "a note")]);
        const from = (offset: number) => readerOf([bytes.subarray(offset)]);
        const found = new Map<number, Float32Array>();
        const wanted = [dotOf(1), dotOf(64), dotOf(90), dotOf(91), { origin: 2, sequence: 3 }];
        const work = findRowsInImage(from, wanted, ({ sequence }, vector) => void found.set(sequence, vector));
        while (work.next().done !== true) {}
        const expected = [1, 64, 90].map((sequence) => [sequence, vectors[sequence - 1]] as const);
        assert.deepEqual([...found], expected);
        const short = (offset: number) => readerOf([bytes.subarray(offset, bytes.length / 2)]);
        assert.throws(() => [...findRowsInImage(short, [dotOf(91)], assert.fail)], isCorrupt);
      }
      const beside = Buffer.concat(encodeImage(both(options, 5).inFile, ""));
      assert.throws(
        () => [...findRowsInImage((offset) => readerOf([beside.subarray(offset)]), [dotOf(1)], assert.fail)],
        isCorrupt,
      );
    });

    test("stand although a dead node's slot was used again after they were made", () => {
      const { inFile, file, vectors } = both(options, 50);
      const image = encodeImage(inFile, "").map((piece) => piece.slice());
      inFile.markDead(4, true);
      inFile.condemn(4);
      inFile.purge([dotOf(5)]);
      inFile.published();
      grow(inFile, [vectors[9] as Float32Array], 51);
      const used = inFile.slotOf(dotOf(51));
      assert.equal(used, 4, "the slot of the purged one");
      // killed, and started from the image: the node is there again, and its row is not
      const { index } = decodeImage(options, readerOf(image), keepingIn(new Map([["rows", file]]), true));
      assert.throws(() => index.reader.vectorAt(4), isCorrupt);
      index.markDead(4, true);
      index.reader.hide(4);
      for (const slot of Array(50).keys()) if (slot !== 4) index.reader.show(slot);
      grow(index, [vectors[9] as Float32Array], 51);
      assert.equal(index.reader.search(query, { limit: 50, exact: true }).slots.length, 50);
      assert.ok([...encodeWholeImage(index, "")].length > 3);
    });
  });
});
