import { printJson, type Vector } from "@murmuration/index";
import { stringify } from "csv-stringify/sync";
import { printId, printVector } from "../../read/print-points.js";
import type { CarriedPoint } from "../carried-point.js";
import { columnOfVector } from "../layout.js";
import { OutputFile } from "./output-file.js";
import type { Sink, SinkOptions } from "./sink.js";

/** A table: the id, a column for each vector and one for the payload, both as JSON. */
export function openCsvSink({ output, shapes, withPayload }: SinkOptions): Sink {
  const names = [...shapes.keys()];
  const file = new OutputFile(output);
  const put = (rows: readonly (readonly string[])[]) => file.write(stringify(rows as string[][]));
  const textOf = (vector: Vector | undefined) => (vector === undefined ? "" : printVector(vector));
  put([["id", ...names.map(columnOfVector), ...(withPayload ? ["payload"] : [])]]);
  return {
    format: "csv",
    files: [output],
    leftOut: ["the collection's configuration and payload indexes"],
    put: (points: readonly CarriedPoint[]) =>
      put(
        points.map(({ id, vectors, payload }) => [
          printId(id).replaceAll('"', ""),
          ...names.map((name) => textOf(vectors[name])),
          ...(withPayload ? [printJson(payload)] : []),
        ]),
      ),
    end: () => file.end(),
    abandon: () => file.abandon(),
  };
}
