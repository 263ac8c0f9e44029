import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MurmurationError } from "@murmuration/index";
import { inOrder, LANES, type ObjectStore } from "../object-store/mod.js";
import { fileError, withFileErrors } from "./files.js";
import { decodeEntries, type LogSegment, segmentAt, segmentKey, segmentsOf } from "./log-segment.js";
import type { HeldLog } from "./moment.js";
import type { PartCodec } from "./part-codec.js";
import { PART_BYTES_MAX } from "./row-parts.js";

/** The segments of all replicas' logs in a store, by their positions. Throws what the store throws. */
export async function listSegments(store: ObjectStore): Promise<LogSegment[]> {
  const segments: LogSegment[] = [];
  for await (const { key } of store.list(segmentsOf())) {
    const segment = segmentAt(key);
    if (segment !== undefined) segments.push(segment);
  }
  return segments.sort((a, b) => a.from - b.from || a.to - b.to);
}

/** A segment in a file, as it is stored, and what opens it. */
interface Fetched {
  readonly segment: LogSegment;
  readonly path: string;
  readonly codec: PartCodec;
}

/**
 * Puts segments as they are stored, encrypted where they are, into files in a folder, each opened by one of the codecs and checked by its hash. Returns what they hold, for as long as the files
 * are there. Throws `corrupt` for one that is lost or changed, naming it, and what the store throws.
 */
export async function fetchSegments(
  store: ObjectStore,
  segments: readonly LogSegment[],
  codecs: readonly [PartCodec, ...PartCodec[]],
  folder: string,
): Promise<HeldLog> {
  let number = 0;
  const fetched = inOrder(segments, LANES, async (segment): Promise<Fetched> => {
    const key = segmentKey(segment);
    // not by positions: several may have the same
    const path = join(folder, `${++number}.segment`);
    try {
      const stored = await store.get(key, codecs[0].storedBytesMax(PART_BYTES_MAX));
      const codec = codecOf(codecs, segment, stored);
      await writeFile(path, stored);
      return { segment, path, codec };
    } catch (error) {
      const isGone = error instanceof MurmurationError && (error.code === "not-found" || error.code === "corrupt");
      if (!isGone) throw fileError(error, path);
      const why = error.code === "not-found" ? "is lost" : "is changed: it is not what it is named by";
      throw new MurmurationError("corrupt", `${store.place}/${key}: a segment of the log ${why}`, undefined, error);
    }
  });
  const all: Fetched[] = [];
  for await (const one of fetched) all.push(one);
  return heldIn(all);
}

/** The codec that opens a segment. Throws `corrupt` where none does. */
function codecOf(codecs: readonly [PartCodec, ...PartCodec[]], { hash }: LogSegment, stored: Uint8Array): PartCodec {
  for (const [i, codec] of codecs.entries()) {
    try {
      codec.open(hash, stored, PART_BYTES_MAX, { atMost: true });
      return codec;
    } catch (error) {
      if (i === codecs.length - 1) throw error;
    }
  }
  return codecs[0];
}

/** What segments in files hold, one opened in memory at a time. */
function heldIn(fetched: readonly Fetched[]): HeldLog {
  return {
    *read(after) {
      let last = after;
      for (const { segment, path, codec } of fetched) {
        if (segment.to <= last) continue;
        const stored = withFileErrors(path, () => readFileSync(path));
        for (const entry of decodeEntries(codec.open(segment.hash, stored, PART_BYTES_MAX, { atMost: true }))) {
          if (entry.position <= last) continue;
          last = entry.position;
          yield entry;
        }
      }
    },
  };
}
