import { MurmurationError } from "@murmuration/index";
import type { Server } from "./server.js";
import type { Source } from "./source.js";

/** Formats of files that points are read from. */
export const sourceFormats = ["ndjson", "qdrant"] as const;
export type SourceFormat = (typeof sourceFormats)[number];

/** What a source is opened with. */
export interface SourceOptions {
  /** `undefined`: as its name says. */
  readonly format?: SourceFormat | undefined;
  /** How a server is asked that points come from. */
  readonly from: Omit<Server, "url">;
  /** Points that it is asked for at a time. */
  readonly pagePoints: number;
}

const endings: readonly (readonly [RegExp, SourceFormat])[] = [
  [/^-$|\.(?:ndjson|jsonl)(?:\.gz)?$/i, "ndjson"],
  [/^https?:\/\//i, "qdrant"],
];

/** The format that a name tells; `undefined`: none. */
function formatOf(name: string): SourceFormat | undefined {
  return endings.find(([ending]) => ending.test(name))?.[1];
}

/**
 * Opens where points come from; what reads a format is loaded when it is asked for. Throws `bad-request` where the format cannot be told, and what reading its
 * beginning throws.
 */
export async function openSource(name: string, { format, from, pagePoints }: SourceOptions): Promise<Source> {
  const chosen = format ?? formatOf(name);
  switch (chosen) {
    case "ndjson":
      return (await import("./sources/ndjson.js")).openNdjson(name);
    case "qdrant":
      return (await import("./sources/qdrant.js")).openQdrant(name, from, pagePoints);
    default:
      throw new MurmurationError(
        "bad-request",
        `${name}: its name does not tell its format: --format ${sourceFormats.join("|")}`,
      );
  }
}
