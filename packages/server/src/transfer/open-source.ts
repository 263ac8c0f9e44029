import { MurmurationError } from "@murmuration/index";
import type { Server } from "./server.js";
import type { Source } from "./source.js";
import type { CellType } from "./sources/csv.js";

/** What points are read from. */
export const sourceFormats = [
  "ndjson",
  "csv",
  "parquet",
  "npy",
  "fvecs",
  "bvecs",
  "ivecs",
  "usearch",
  "qdrant",
  "chroma",
  "postgres",
] as const;
export type SourceFormat = (typeof sourceFormats)[number];

/** What a source is opened with. */
export interface SourceOptions {
  /** `undefined`: as its name says. */
  readonly format?: SourceFormat | undefined;
  /** How a server is asked that points come from. */
  readonly from: Omit<Server, "url">;
  /** Points that it is asked for at a time. */
  readonly pagePoints: number;
  /** The file with ids and payloads of a file that holds vectors alone. */
  readonly payloadFile?: string | undefined;
  /** What cells of columns of a CSV file are, where that is not to be inferred. */
  readonly types?: ReadonlyMap<string, CellType> | undefined;
  /** The table of a database. */
  readonly table?: string | undefined;
}

const endings: readonly (readonly [RegExp, SourceFormat])[] = [
  [/^-$|\.(?:ndjson|jsonl)(?:\.gz)?$/i, "ndjson"],
  [/\.(?:csv|tsv)(?:\.gz)?$/i, "csv"],
  [/\.parquet$/i, "parquet"],
  [/\.npy$/i, "npy"],
  [/\.fvecs$/i, "fvecs"],
  [/\.bvecs$/i, "bvecs"],
  [/\.ivecs$/i, "ivecs"],
  [/\.usearch$/i, "usearch"],
  [/^https?:\/\//i, "qdrant"],
  [/^chromas?:\/\//i, "chroma"],
  [/^postgres(?:ql)?:\/\//i, "postgres"],
];

/** The format that a name tells; `undefined`: none. */
function formatOf(name: string): SourceFormat | undefined {
  return endings.find(([ending]) => ending.test(name))?.[1];
}

const takesPayloadFile: ReadonlySet<SourceFormat | undefined> = new Set(["npy", "fvecs", "bvecs", "ivecs", "usearch"]);

/** An address may hold a password. */
const shownName = (name: string) => (name.includes("://") ? "the address" : name);

/**
 * Opens where points come from; what reads a format is loaded when it is asked for. Throws `bad-request` where the format cannot be told, and what reading its
 * beginning throws.
 */
export async function openSource(name: string, options: SourceOptions): Promise<Source> {
  const { from, pagePoints, payloadFile, types, table } = options;
  const format = options.format ?? formatOf(name);
  if (payloadFile !== undefined && !takesPayloadFile.has(format))
    throw new MurmurationError(
      "bad-request",
      `--payload-file is for formats that hold vectors alone, ${name} has its own`,
    );
  if (types !== undefined && types.size > 0 && format !== "csv")
    throw new MurmurationError("bad-request", `--type is for CSV, ${shownName(name)} has types of its own`);
  switch (format) {
    case "ndjson":
      return (await import("./sources/ndjson.js")).openNdjson(name);
    case "csv":
      return (await import("./sources/csv.js")).openCsv(name, types);
    case "parquet":
      return (await import("./sources/parquet.js")).openParquet(name);
    case "npy":
      return (await import("./sources/npy.js")).openNpy(name, payloadFile);
    case "fvecs":
    case "bvecs":
    case "ivecs":
      return (await import("./sources/fvecs.js")).openFvecs(name, format, payloadFile);
    case "usearch":
      return (await import("./sources/usearch.js")).openUsearch(name, payloadFile);
    case "qdrant":
      return (await import("./sources/qdrant.js")).openQdrant(name, from, pagePoints);
    case "chroma":
      return (await import("./sources/chroma.js")).openChroma(name, from, pagePoints);
    case "postgres":
      return (await import("./sources/postgres.js")).openPostgres(name, table, pagePoints, from);
    case undefined:
      throw new MurmurationError(
        "bad-request",
        `${shownName(name)}: its name does not tell its format: --format ${sourceFormats.join("|")}`,
      );
  }
}
