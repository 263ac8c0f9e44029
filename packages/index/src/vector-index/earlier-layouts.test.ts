import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { crc32, gunzipSync } from "node:zlib";
import fc from "fast-check";
import { readerOf } from "../checked-image.test-support.js";
import { assertUntil } from "../conformance.js";
import { MurmurationError } from "../errors.js";
import { clusteredVectors, insert } from "./graphs.test-support.js";
import { decodeImage } from "./image.js";
import type { VectorIndexOptions } from "./options.js";
import { validateGraph } from "./validate.js";

// Images of layout 4, as a version before left them behind (test/fixtures/README.md).
const FIXTURE = join(import.meta.dirname, "../../../../test/fixtures/data-folder-4");
const images = readdirSync(FIXTURE)
  .filter((name) => name.includes(".image"))
  .map((name) => ({ name, bytes: new Uint8Array(gunzipSync(readFileSync(join(FIXTURE, name)))) }));

interface Manifest {
  readonly layout: number;
  readonly options: VectorIndexOptions;
  readonly capacity: number;
  readonly slotCount: number;
  readonly upperEnd: number;
  readonly checksums: readonly number[];
}

const HEAD_BYTES = 16;
function manifestOf(bytes: Uint8Array): { readonly manifest: Manifest; readonly regionsAt: number } {
  const regionsAt = HEAD_BYTES + new DataView(bytes.buffer).getUint32(8, true);
  return { manifest: JSON.parse(new TextDecoder().decode(bytes.subarray(HEAD_BYTES, regionsAt))), regionsAt };
}

describe("images of layout 4", () => {
  test("are there, with and without codes and upper lists", () => {
    const manifests = images.map(({ bytes }) => manifestOf(bytes).manifest);
    assert.deepEqual(new Set(manifests.map(({ layout }) => layout)), new Set([4]));
    assert.deepEqual(new Set(manifests.map(({ options }) => options.metric)).size, 4);
  });

  for (const { name, bytes } of images) {
    test(`${name} is the graph that it was, and grows`, () => {
      const { options, slotCount } = manifestOf(bytes).manifest;
      const { index } = decodeImage(options, readerOf(bytes));
      const report = validateGraph(index.reader);
      assert.deepEqual(report.violations, []);
      assert.equal(index.reader.slotCount, slotCount);
      assert.ok(index.reader.linkedCount > 0);
      for (const [i, vector] of clusteredVectors(400, options.dimensions, 3).entries())
        insert(index, { origin: 9, sequence: i + 1 }, vector);
      assert.deepEqual(validateGraph(index.reader).violations, []);
      assert.equal(index.reader.linkedCount, report.nodes + 400);
    });
  }

  test("with addresses that lead elsewhere are refused, and none takes forever", () => {
    const largest = images.toSorted((a, b) => b.bytes.byteLength - a.bytes.byteLength)[0] as (typeof images)[number];
    const { manifest, regionsAt } = manifestOf(largest.bytes);
    const header = largest.bytes.slice(regionsAt, regionsAt + 512);
    let refused = 0;
    // words of the header that are addresses: ends, chains of free and retired blocks, the table of tags
    const words = fc.constantFrom(1096, 1140, 1144, 1148, 1168, 1192, 1196, 1280, 1284, 1300);
    assertUntil(
      () => ({ refused: [refused, 20] }),
      fc.property(words, fc.nat(0xffffffff), (place, value) => {
        const changed = header.slice();
        new DataView(changed.buffer).setUint32(place - 1024, value, true);
        const checksums = manifest.checksums.with(0, crc32(changed));
        const text = new TextEncoder().encode(JSON.stringify({ ...manifest, checksums }));
        const head = largest.bytes.slice(0, HEAD_BYTES);
        new DataView(head.buffer).setUint32(8, text.length, true);
        new DataView(head.buffer).setUint32(12, crc32(text), true);
        const image = Buffer.concat([head, text, changed, largest.bytes.subarray(regionsAt + 512)]);
        try {
          decodeImage(manifest.options, readerOf(new Uint8Array(image)));
        } catch (error) {
          assert.ok(error instanceof MurmurationError && error.code === "corrupt", String(error));
          refused++;
        }
      }),
      { numRuns: 60 },
    );
  });
});
