import assert from "node:assert/strict";
import test from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { readerOf } from "../checked-image.test-support.js";
import { MurmurationError } from "../errors.js";
import { answerBytes, buildIndex, clusteredVectors, insert, optionsFor } from "./graphs.test-support.js";
import { decodeImage, encodeImage } from "./image.js";
import type { VectorIndexOptions } from "./options.js";
import { validateGraph } from "./validate.js";

const DIMENSIONS = 10;
const options = optionsFor(DIMENSIONS, { metric: "euclid", links: 4 });

function built(of: VectorIndexOptions = options, count = 700) {
  const { index } = buildIndex(of, clusteredVectors(count, of.dimensions, 1));
  for (let slot = 0; slot < count; slot += 13) {
    index.markDead(slot, true);
    index.reader.hide(slot);
  }
  const extra = insert(index, { origin: 2, sequence: 1 }, new Float32Array(of.dimensions).fill(1));
  index.revert(extra.slot, extra.delta);
  return index;
}

const joined = (pieces: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(pieces));

test("an image holds the graph: digest, answers, and plans to come", () => {
  for (const changes of [{}, { metric: "cosine" }, { quantization: "none" }, { metric: "manhattan" }] as const) {
    const of = { ...options, ...changes };
    const index = built(of);
    const { index: copy, note } = decodeImage(of, readerOf(joined(encodeImage(index, "at 1:700"))));
    assert.equal(note, "at 1:700");
    assert.equal(copy.digest(), index.digest());
    assert.deepEqual(validateGraph(copy.reader), validateGraph(index.reader));
    assert.equal(copy.reader.visibleCount, 0, "what is visible is its owner's knowledge");
    for (let slot = 0; slot < 700; slot++) if (index.reader.isVisible(slot)) copy.reader.show(slot);
    for (const query of clusteredVectors(740, DIMENSIONS, 1).slice(700)) {
      for (const mode of [{ efSearch: 12 }, { efSearch: 12, rescore: false }, { exact: true }]) {
        const answer = answerBytes(index, index.reader.search(query, { limit: 12, ...mode }));
        assert.equal(answer, answerBytes(copy, copy.reader.search(query, { limit: 12, ...mode })));
      }
    }
    for (const [i, vector] of clusteredVectors(300, DIMENSIONS, 2).entries()) {
      const dot = { origin: 3, sequence: i };
      const [ours, theirs] = [insert(index, dot, vector), insert(copy, dot, vector)];
      assert.deepEqual(ours, theirs);
      assert.deepEqual(index.slotOf(dot), copy.slotOf(dot));
    }
    assert.equal(copy.digest(), index.digest());
  }
});

test("an image of an empty graph is one", () => {
  const { index } = buildIndex(options, []);
  const { index: copy, note } = decodeImage(options, readerOf(joined(encodeImage(index, ""))));
  assert.equal(note, "");
  insert(copy, { origin: 1, sequence: 1 }, new Float32Array(DIMENSIONS));
  assert.equal(copy.reader.linkedCount, 1);
});

function refused(bytes: Uint8Array, of = options): void {
  assert.throws(
    () => decodeImage(of, readerOf(bytes)),
    (error) => error instanceof MurmurationError && error.code === "corrupt",
  );
}

test("a flipped bit in any region is found", () => {
  const pieces = encodeImage(built(options, 100), "note").map((piece) => piece.slice());
  for (const [i, piece] of pieces.entries()) {
    fc.assert(
      fc.property(fc.nat(piece.length * 8 - 1), (bit) => {
        const damaged = piece.slice();
        damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        refused(joined(pieces.with(i, damaged)));
      }),
      { numRuns: 12 },
    );
  }
});

test("an image that is cut short anywhere is found", () => {
  const bytes = joined(encodeImage(built(options, 100), "note"));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), (length) => refused(bytes.subarray(0, length))),
    { numRuns: 40 },
  );
  for (const length of [0, 1, 7, 8, 15, 16, 17, bytes.length - 1]) refused(bytes.subarray(0, length));
});

test("an image of other options or another layout is refused", () => {
  const bytes = joined(encodeImage(built(options, 100), "note"));
  for (const changes of [
    { dimensions: 9 },
    { links: 5 },
    { efConstruction: 99 },
    { metric: "cosine" },
    { quantization: "none" },
  ] as const) {
    refused(bytes, { ...options, ...changes });
  }
  const [head, manifest, ...regions] = encodeImage(built(options, 100), "note");
  assert.ok(head && manifest);
  const rewritten = (change: (manifest: Record<string, unknown>) => void) => {
    const parsed = JSON.parse(new TextDecoder().decode(manifest)) as Record<string, unknown>;
    change(parsed);
    const text = new TextEncoder().encode(JSON.stringify(parsed));
    const newHead = head.slice();
    const view = new DataView(newHead.buffer);
    view.setUint32(8, text.length, true);
    view.setUint32(12, crc32(text), true);
    return joined([newHead, text, ...regions]);
  };
  decodeImage(options, readerOf(rewritten(() => {})));
  refused(rewritten((it) => void (it["layout"] = 999)));
  refused(rewritten((it) => void (it["capacity"] = 5)));
  assert.throws(
    () => decodeImage(options, readerOf(rewritten((it) => void (it["slotCount"] = 2 ** 31)))),
    (error) => error instanceof MurmurationError && error.code === "capacity",
  );
  refused(rewritten((it) => void (it["slotCount"] = 50)));
  refused(rewritten((it) => void (it["upperEnd"] = 2 ** 31)));
  refused(rewritten((it) => void (it["checksums"] = [])));
});

test("bytes that are no image are refused", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => refused(bytes)));
  const magic = new TextEncoder().encode("MURMIMG1");
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => refused(Uint8Array.of(...magic, ...bytes))));
});
