import { type Json, printJson, type Vector } from "@murmuration/index";
import type { SchemaElement } from "hyparquet";
import { ByteWriter, type ColumnSource, ParquetWriter } from "hyparquet-writer";
import { printId, printVector } from "../../read/print-points.js";
import type { CarriedPoint } from "../carried-point.js";
import { columnOfVector } from "../layout.js";
import { parquetGroupRows } from "../transfer-limits.js";
import { OutputFile } from "./output-file.js";
import type { Sink, SinkOptions } from "./sink.js";

/** A dense vector is a list of floats; others are JSON, as the dialect has them. */
function schemaOf({ shapes, withPayload }: SinkOptions): SchemaElement[] {
  const columns: SchemaElement[][] = [
    [{ name: "id", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" }],
  ];
  for (const [name, { kind }] of shapes) {
    const column = columnOfVector(name);
    columns.push(
      kind === "dense"
        ? [
            { name: column, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
            { name: "list", repetition_type: "REPEATED", num_children: 1 },
            { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
          ]
        : [{ name: column, type: "BYTE_ARRAY", logical_type: { type: "JSON" }, repetition_type: "OPTIONAL" }],
    );
  }
  if (withPayload)
    columns.push([
      { name: "payload", type: "BYTE_ARRAY", logical_type: { type: "JSON" }, repetition_type: "REQUIRED" },
    ]);
  return [{ name: "root", num_children: columns.length }, ...columns.flat()];
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

function cellOf(vector: Vector | undefined): unknown {
  if (vector === undefined) return undefined;
  return vector instanceof Float32Array ? Array.from(vector) : bytesOf(printVector(vector));
}

/** A Parquet file, packed by snappy, with the collection in its metadata. Holds everything. */
export function openParquetSink(options: SinkOptions): Sink {
  const { output, shapes, withPayload, collection, isHeaderWanted } = options;
  const names = [...shapes.keys()];
  const file = new OutputFile(output);
  const buffer = new ByteWriter();
  const kvMetadata = isHeaderWanted ? [{ key: "murmur_export", value: printJson(collection as unknown as Json) }] : [];
  const writer = new ParquetWriter({
    writer: buffer,
    schema: schemaOf(options),
    statistics: false,
    kvMetadata,
    createdBy: "murmuration",
  });
  let waiting: CarriedPoint[] = [];
  const flush = () => {
    file.write(new Uint8Array(buffer.buffer, 0, buffer.index));
    buffer.index = 0;
  };
  const writeGroup = () => {
    if (waiting.length === 0) return;
    const columnData: ColumnSource[] = [
      { name: "id", data: waiting.map(({ id }) => printId(id).replaceAll('"', "")) },
      ...names.map((name) => ({
        name: columnOfVector(name),
        data: waiting.map(({ vectors }) => cellOf(vectors[name])),
      })),
      ...(withPayload ? [{ name: "payload", data: waiting.map(({ payload }) => bytesOf(printJson(payload))) }] : []),
    ];
    writer.write({ columnData, rowGroupSize: parquetGroupRows });
    waiting = [];
    flush();
  };
  return {
    format: "parquet",
    files: [output],
    leftOut: isHeaderWanted ? [] : ["the collection's configuration"],
    put: (points) => {
      for (const point of points) {
        waiting.push(point);
        if (waiting.length === parquetGroupRows) writeGroup();
      }
    },
    end: () => {
      writeGroup();
      writer.finish();
      flush();
      file.end();
    },
    abandon: () => file.abandon(),
  };
}
