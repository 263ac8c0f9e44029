#!/usr/bin/env node
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { exactNearest } from "./lib/exact-nearest.mjs";
import { cacheFolder } from "./lib/paths.mjs";
import { helpOnRequest, say } from "./lib/terminal.mjs";
import { readWordEmbeddings, source } from "./lib/word-embeddings.mjs";

const HELP = `
Usage: node scripts/make-bench-data.mjs [--help]

Makes the data that the benchmarks run on, once, from the word vectors of an npm package:
of the 101,000 most frequent words every 101st is a query, the other 100,000 are the base; with the exact 100 nearest of
each query by cosine. Writes .cache/bench/{base.f32,query.f32,truth.u32,words.json,manifest.json};
MURMURATION_CACHE names another folder than .cache. A second run does nothing.
`;

const VERSION = 2;
const BASE_COUNT = 100_000;
const QUERY_COUNT = 1_000;
const TRUTH_COUNT = 100;

/** Folder of the benchmark data; makes the data when it is missing or was made by another version of this script. */
export async function makeBenchData() {
  const folder = join(cacheFolder, "bench");
  const manifestPath = join(folder, "manifest.json");
  if (existsSync(manifestPath) && JSON.parse(readFileSync(manifestPath, "utf8")).version === VERSION) return folder;
  mkdirSync(folder, { recursive: true });

  const stride = BASE_COUNT / QUERY_COUNT + 1;
  const ranks = Array.from({ length: BASE_COUNT + QUERY_COUNT }, (_, rank) => rank);
  const isQuery = (rank) => rank % stride === stride - 1;
  const baseRanks = ranks.filter((rank) => !isQuery(rank));
  const queryRanks = ranks.filter(isQuery);
  const { words, vectors } = await readWordEmbeddings(() => [...baseRanks, ...queryRanks]);
  const { dimensions } = source;
  const base = vectors.subarray(0, BASE_COUNT * dimensions);
  const queries = vectors.subarray(BASE_COUNT * dimensions);
  const truth = await exactNearest(base, queries, dimensions, TRUTH_COUNT);

  const write = (name, content) => {
    writeFileSync(join(folder, `${name}.part`), content);
    renameSync(join(folder, `${name}.part`), join(folder, name));
  };
  write("base.f32", new Uint8Array(base.buffer, base.byteOffset, base.byteLength));
  write("query.f32", new Uint8Array(queries.buffer, queries.byteOffset, queries.byteLength));
  write("truth.u32", new Uint8Array(truth.buffer));
  write("words.json", JSON.stringify(baseRanks.map((rank) => words[rank])));
  write(
    "manifest.json",
    `${JSON.stringify(
      {
        version: VERSION,
        source: `${source.package}@${source.version}`,
        metric: "cosine",
        normalised: true,
        byteOrder: "little-endian",
        dimensions,
        baseCount: BASE_COUNT,
        queryCount: QUERY_COUNT,
        truthCount: TRUTH_COUNT,
        queryWords: queryRanks.map((rank) => words[rank]),
      },
      undefined,
      2,
    )}\n`,
  );
  say(`benchmark data is in ${folder}`);
  return folder;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  helpOnRequest(HELP);
  await makeBenchData();
}
