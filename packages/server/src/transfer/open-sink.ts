import { MurmurationError } from "@murmuration/index";
import type { Sink, SinkOptions } from "./sinks/sink.js";

/** Formats that points are written in; `digest` writes none. */
export const sinkFormats = ["ndjson", "digest"] as const;
export type SinkFormat = (typeof sinkFormats)[number];

const endings: readonly (readonly [RegExp, SinkFormat])[] = [[/\.(?:ndjson|jsonl)$/i, "ndjson"]];

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
    case "digest":
      return nowhere;
  }
}
