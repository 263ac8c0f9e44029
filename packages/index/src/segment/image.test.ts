import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readerOf } from "../checked-image.test-support.js";
import { MurmurationError } from "../errors.js";
import { decodeSegmentImage, encodeSegmentImage } from "./image.js";
import { Modelled, steps } from "./model.test-support.js";

const joined = (pieces: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(pieces));

/** A segment with a history behind it: rows that wait, rows that are free. */
function modelled(): Modelled {
  const made = new Modelled(300, 1);
  for (const all of fc.sample(steps, { numRuns: 8, seed: 3 })) for (const step of all) made.run(step);
  return made;
}

describe("the image of a table", () => {
  test("holds it: what readers see, and all that is to come", () => {
    fc.assert(
      fc.property(
        steps,
        steps,
        fc.constantFrom(40, 300),
        fc.constantFrom(1, 0xffff_fff0),
        (before, after, capacity, epoch) => {
          const made = new Modelled(capacity, epoch);
          for (const step of before) made.run(step);
          const bytes = joined(encodeSegmentImage(made.segment, "at 1:700"));
          const { segment, note } = decodeSegmentImage(made.segment.options, readerOf(bytes));
          assert.equal(note, "at 1:700");
          assert.equal(segment.epoch, made.segment.epoch);
          made.goOnWith(segment);
          made.check();
          for (let i = 0; i < 3; i++) made.run({ kind: "group", changes: [], fails: false });
          assert.equal(segment.use.used, made.pointCount, "nobody is at an epoch: all others are given back");
          for (const step of after) {
            made.run(step);
            made.check();
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test("is refused when a bit of any region is flipped, or it is cut short", () => {
    const { segment } = modelled();
    const pieces = encodeSegmentImage(segment, "note").map((piece) => piece.slice());
    const refused = (bytes: Uint8Array) =>
      assert.throws(
        () => decodeSegmentImage(segment.options, readerOf(bytes)),
        (error) => error instanceof MurmurationError && error.code === "corrupt",
      );
    let flipped = 0;
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      const at = piece.length >> 1;
      piece[at] = (piece[at] as number) ^ 4;
      refused(joined(pieces));
      piece[at] = (piece[at] as number) ^ 4;
      flipped++;
    }
    assert.ok(flipped > 12);
    const whole = joined(pieces);
    for (const length of [0, 7, 20, whole.length >> 1, whole.length - 1]) refused(whole.subarray(0, length));
    decodeSegmentImage(segment.options, readerOf(whole));
  });

  test("is refused for other options", () => {
    const { segment } = modelled();
    const bytes = joined(encodeSegmentImage(segment, ""));
    const { capacity, slots } = segment.options;
    for (const options of [
      { capacity: capacity + 1, slots },
      { capacity, slots: [slots[0] as number] },
    ]) {
      assert.throws(() => decodeSegmentImage(options, readerOf(bytes)), { code: "corrupt" });
    }
  });
});
