import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const HEADER_BYTES = 20;

/** Real words with their vectors, by falling frequency. */
export interface Words {
  readonly words: readonly string[];
  /** count × dimensions, row by row; each of length 1 within 0.5 %. */
  readonly vectors: Float32Array;
  readonly dimensions: 100;
  readonly count: number;
}

/**
 * Reads the committed 10,000 words (test/fixtures/README.md has the format). `limit` takes only the most frequent.
 * Throws when the file is not of that format.
 */
export function readWords({ limit = Number.POSITIVE_INFINITY }: { readonly limit?: number } = {}): Words {
  const path = fileURLToPath(new URL("../../fixtures/words-10k.bin", import.meta.url));
  const file = readFileSync(path);
  const [version, stored, dimensions, textLength] = [4, 8, 12, 16].map((at) => file.readUInt32LE(at));
  if (file.toString("latin1", 0, 4) !== "MWRD" || version !== 1 || dimensions !== 100) {
    throw new Error(`${path} is not a version 1 file of 100-dimensional words`);
  }
  if (stored === undefined || textLength === undefined) throw new Error(`${path} has no header`);
  const scalesAt = Math.ceil((HEADER_BYTES + textLength) / 4) * 4;
  const codesAt = scalesAt + stored * 4;
  if (file.length !== codesAt + stored * dimensions) throw new Error(`${path} has the wrong length`);
  const count = Math.min(stored, limit);
  const vectors = new Float32Array(count * dimensions);
  for (let row = 0; row < count; row++) {
    const scale = file.readFloatLE(scalesAt + row * 4);
    for (let d = 0; d < dimensions; d++) {
      const at = row * dimensions + d;
      vectors[at] = file.readInt8(codesAt + at) * scale;
    }
  }
  const words = file
    .toString("utf8", HEADER_BYTES, HEADER_BYTES + textLength)
    .split("\n")
    .slice(0, count);
  return { words, vectors, dimensions, count };
}
