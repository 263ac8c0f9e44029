#!/usr/bin/env node
import { mkdirSync, writeFileSync } from "node:fs";
import { inRoot } from "./lib/paths.mjs";
import { helpOnRequest, say } from "./lib/terminal.mjs";
import { readWordEmbeddings, source } from "./lib/word-embeddings.mjs";

const HELP = `
Usage: node scripts/make-fixture.mjs [--help]

Makes test/fixtures/words-10k.bin: the 10,000 most frequent words of an npm package of word vectors, as int8 with a scale
per vector. The file is committed; the same package version gives the same bytes. Format: test/fixtures/README.md.
`;

const MAGIC = "MWRD";
const VERSION = 1;
const COUNT = 10_000;
const HEADER_BYTES = 20;
const CODE_MAX = 127;

helpOnRequest(HELP);
const { dimensions } = source;
const { words, vectors } = await readWordEmbeddings(() => Array.from({ length: COUNT }, (_, rank) => rank));

const text = Buffer.from(words.slice(0, COUNT).join("\n"), "utf8");
const scalesAt = Math.ceil((HEADER_BYTES + text.length) / 4) * 4;
const codesAt = scalesAt + COUNT * 4;
const file = Buffer.alloc(codesAt + COUNT * dimensions);
file.write(MAGIC, 0, "latin1");
[VERSION, COUNT, dimensions, text.length].forEach((value, i) => {
  file.writeUInt32LE(value, 4 + i * 4);
});
text.copy(file, HEADER_BYTES);
for (let row = 0; row < COUNT; row++) {
  const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions);
  const largest = vector.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const scale = Math.fround(largest / CODE_MAX);
  file.writeFloatLE(scale, scalesAt + row * 4);
  vector.forEach((value, d) => {
    file.writeInt8(Math.round(value / scale), codesAt + row * dimensions + d);
  });
}
mkdirSync(inRoot("test/fixtures"), { recursive: true });
writeFileSync(inRoot("test/fixtures/words-10k.bin"), file);
say(`test/fixtures/words-10k.bin: ${file.length} bytes`);
