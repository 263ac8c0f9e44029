import { MurmurationError, parseUsearchFile } from "@murmuration/index";
import type { Fields, Source } from "../source.js";
import { openFile } from "./file-identity.js";
import { withPayloadFile } from "./payload-rows.js";

const CHUNK_BYTES = 64 * 1024 * 1024;
const BLOCK_ROWS = 1_000;
const distances = { dot: "Dot", cosine: "Cosine", euclid: "Euclid" } as const;

/** The vectors of a `.usearch` file under their keys, without its graph: ours is built as they are written. */
export async function openUsearch(path: string, payloadFile: string | undefined): Promise<Source> {
  const file = openFile(path);
  const chunks: Buffer[] = [];
  try {
    for (let at = 0; at < file.bytes; at += CHUNK_BYTES)
      chunks.push(file.read(at, Math.min(CHUNK_BYTES, file.bytes - at)));
  } finally {
    file.close();
  }
  let parsed: ReturnType<typeof parseUsearchFile>;
  try {
    parsed = parseUsearchFile(chunks);
  } catch (error) {
    if (error instanceof MurmurationError)
      throw new MurmurationError(error.code, `${path}: ${error.message}`, error.field);
    throw error;
  }
  const slots = Array.from({ length: parsed.count }, (_, slot) => slot).filter((slot) => !parsed.removed.has(slot));
  // by their keys, as a file of payloads beside it has them
  slots.sort((a, b) => ((parsed.keys[a] as bigint) < (parsed.keys[b] as bigint) ? -1 : 1));
  function* blocks(from: number): Generator<readonly Fields[], void, void> {
    for (let row = from; row < slots.length; row += BLOCK_ROWS) {
      yield slots.slice(row, row + BLOCK_ROWS).map(
        (slot) =>
          new Map<string, unknown>([
            ["key", parsed.keys[slot]],
            ["vector", parsed.vectorAt(slot)],
          ]),
      );
    }
  }
  const of = {
    path,
    format: "usearch",
    identity: file.identity,
    total: slots.length,
    distance: distances[parsed.metric],
    vector: "vector",
    key: "key",
    blocks,
    close: () => undefined,
  };
  return withPayloadFile(of, payloadFile);
}
