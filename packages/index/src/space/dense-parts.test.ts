import assert from "node:assert/strict";
import { test } from "node:test";
import { readerOf } from "../checked-image.test-support.js";
import { SLAB_SLOTS } from "../vector-index/image-parts.js";
import { createSpace, loadSpace, type Space, type SpaceOptions } from "./open.js";

const options: SpaceOptions = {
  kind: "dense",
  dimensions: 4,
  metric: "euclid",
  links: 4,
  efConstruction: 8,
  quantization: "int8",
};

function insert(space: Space, origin: number, sequence: number): number {
  const dot = { origin, sequence };
  const vector = Float32Array.of(origin, sequence, sequence % 7, 1);
  return space.insert(dot, vector, space.plan(dot, vector), new Map());
}

test("an image in parts has what stands at slots that were used again, and nothing of before where that was wiped", () => {
  const space = createSpace(options);
  for (let sequence = 1; sequence <= 2 * SLAB_SLOTS; sequence++) insert(space, 1, sequence);
  const parts = new Map<string, Uint8Array[]>();
  /** Bytes of the part that is new. */
  const save = (name: string): { readonly bytes: number; readonly load: () => Space } => {
    const apart = space.imageApart("", { name, isWhole: false });
    const image = apart?.image.map((piece) => piece.slice());
    parts.set(name, apart?.part.map((piece) => piece.slice()) ?? []);
    apart?.written();
    const open = (one: string) => readerOf(parts.get(one) ?? []);
    return {
      bytes: Buffer.concat(parts.get(name) ?? []).length,
      load: () => loadSpace(options, readerOf(image ?? []), undefined, open).space,
    };
  };
  const whole = save("a").bytes;
  assert.equal(save("b").bytes, 0);

  const purged = { origin: 1, sequence: 9 };
  const slot = space.slotOf(purged) as number;
  space.markDead(slot, true);
  space.purge([purged]);
  for (let turn = 0; turn < 3; turn++) space.published();
  assert.equal(insert(space, 2, 1), slot, "the slot is used again");
  const second = save("c");
  assert.equal(second.bytes, whole / 2, "its slab, and no other");
  const loaded = second.load();
  assert.equal(loaded.digest(), space.digest());
  assert.deepEqual(loaded.reader.vectorAt(slot), space.reader.vectorAt(slot));

  assert.ok(space.wipe());
  assert.equal(save("d").bytes, whole, "what was wiped is in no part of before that is used on");
});
