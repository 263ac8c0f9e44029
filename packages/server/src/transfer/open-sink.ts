import { MurmurationError } from "@murmuration/index";
import type { Sink, SinkOptions } from "./sinks/sink.js";

/** Formats that points are written in; `digest` writes none. */
export const sinkFormats = ["ndjson", "csv", "parquet", "npy", "fvecs", "usearch", "digest"] as const;
export type SinkFormat = (typeof sinkFormats)[number];

const endings: readonly (readonly [RegExp, SinkFormat])[] = [
  [/\.(?:ndjson|jsonl)$/i, "ndjson"],
  [/\.csv$/i, "csv"],
  [/\.parquet$/i, "parquet"],
  [/\.npy$/i, "npy"],
  [/\.fvecs$/i, "fvecs"],
  [/\.usearch$/i, "usearch"],
];

/** The format that a name tells. Throws `bad-request` where it tells none. */
export function sinkFormatOf(output: string, asked: SinkFormat | undefined): SinkFormat {
  const format = asked ?? (output === "-" ? "ndjson" : endings.find(([ending]) => ending.test(output))?.[1]);
  if (format !== undefined) return format;
  throw new MurmurationError(
    "bad-request",
    `${output}: its name does not tell its format: --format ${sinkFormats.join("|")}`,
  );
}

const nowhere: Sink = {
  format: "digest",
  files: [],
  leftOut: [],
  put: () => undefined,
  end: () => undefined,
  abandon: () => undefined,
};

/** Opens where points go; what writes a format is loaded when it is asked for. Throws `bad-request` where the format cannot hold what is asked for. */
export async function openSink(format: SinkFormat, options: SinkOptions): Promise<Sink> {
  switch (format) {
    case "ndjson":
      return (await import("./sinks/ndjson.js")).openNdjsonSink(options);
    case "csv":
      return (await import("./sinks/csv.js")).openCsvSink(options);
    case "parquet":
      return (await import("./sinks/parquet.js")).openParquetSink(options);
    case "npy":
      return (await import("./sinks/npy.js")).openNpySink(options);
    case "fvecs":
      return (await import("./sinks/fvecs.js")).openFvecsSink(options);
    case "usearch":
      return (await import("./sinks/usearch.js")).openUsearchSink(options);
    case "digest":
      return nowhere;
  }
}
