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

/** Puts segments into files in a folder, each checked by its hash. Returns their paths, in order. Throws `corrupt` for one that is lost or changed, naming it, and what the store throws. */
export async function fetchSegments(
  store: ObjectStore,
  segments: readonly LogSegment[],
  codec: PartCodec,
  folder: string,
): Promise<string[]> {
  const fetched = inOrder(segments, LANES, async (segment) => {
    const key = segmentKey(segment);
    const path = join(folder, `${segment.from}.segment`);
    try {
      const stored = await store.get(key, codec.storedBytesMax(PART_BYTES_MAX));
      await writeFile(path, codec.open(segment.hash, stored, PART_BYTES_MAX, { atMost: true }));
    } catch (error) {
      const isGone = error instanceof MurmurationError && (error.code === "not-found" || error.code === "corrupt");
      if (!isGone) throw fileError(error, path);
      const why = error.code === "not-found" ? "is lost" : "is changed: it is not what it is named by";
      throw new MurmurationError("corrupt", `${store.place}/${key}: a segment of the log ${why}`, undefined, error);
    }
    return path;
  });
  const paths: string[] = [];
  for await (const path of fetched) paths.push(path);
  return paths;
}

/** What segments in files hold, one in memory at a time. */
export function segmentsInFiles(segments: readonly LogSegment[], paths: readonly string[]): HeldLog {
  return {
    *read(after) {
      let last = after;
      for (const [i, { to }] of segments.entries()) {
        if (to <= last) continue;
        const path = paths[i] as string;
        for (const entry of decodeEntries(withFileErrors(path, () => readFileSync(path)))) {
          if (entry.position <= last) continue;
          last = entry.position;
          yield entry;
        }
      }
    },
  };
}
