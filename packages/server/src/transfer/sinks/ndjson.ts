import { printJson } from "@murmuration/index";
import { printCarried } from "../carried-point.js";
import { OutputFile } from "./output-file.js";
import type { Sink, SinkOptions } from "./sink.js";

/** Points of the dialect, one each line; in front of them the collection that they are of. Holds everything. */
export function openNdjsonSink({ output, collection, isHeaderWanted }: SinkOptions): Sink {
  const file = new OutputFile(output);
  if (isHeaderWanted) file.write(`${printJson({ murmur_export: 1, collection })}\n`);
  return {
    format: "ndjson",
    files: [output],
    leftOut: isHeaderWanted ? [] : ["the collection's configuration"],
    put: (points) => file.write(points.map((point) => `${printCarried(point)}\n`).join("")),
    end: () => file.end(),
    abandon: () => file.abandon(),
  };
}
