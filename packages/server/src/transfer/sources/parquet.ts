import { type Json, MurmurationError, textFromUtf8 } from "@murmuration/index";
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parseJson } from "../../http/json.js";
import { bodyOfHeader, type CollectionBody } from "../collection-body.js";
import type { Fields, Row, Source } from "../source.js";
import { columnsMax, parquetGroupBytesMax, parquetGroupCellsMax } from "../transfer-limits.js";
import { jsonOfValue } from "../value-to-json.js";
import { type OpenFile, openFile } from "./file-identity.js";

/** Key of the file's metadata under which `murmur export` keeps the collection that the points are of. */
export const metadataKey = "murmur_export";

/** JSON of a column, which is parsed where its row is: a broken one makes that row a wrong one. */
class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What hyparquet would make of bytes without a look: text that is none is refused, JSON keeps its integers, times are as the dialect writes them. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && textFromUtf8(bytes, "a column of text"),
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && new JsonText(textFromUtf8(bytes, "a column of JSON")),
  geometryFromBytes: (bytes: Uint8Array | undefined) => bytes,
  geographyFromBytes: (bytes: Uint8Array | undefined) => bytes,
};

function bufferOf(file: OpenFile): AsyncBuffer {
  return {
    byteLength: file.bytes,
    slice: (start, end = file.bytes) => {
      const bytes = file.read(start, end - start);
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    },
  };
}

function corrupt(path: string, error: unknown): MurmurationError {
  if (error instanceof MurmurationError)
    return new MurmurationError(error.code, `${path}: ${error.message}`, error.field);
  return new MurmurationError("corrupt", `${path} cannot be read: ${(error as Error).message}`);
}

function namesOf(path: string, metadata: FileMetaData): readonly string[] {
  const names: string[] = [];
  const { schema } = metadata;
  const root = schema[0];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (schema[at]?.num_children ?? 0); child++) next = skip(next);
    return next;
  };
  for (let at = 1, left = root?.num_children ?? 0; left > 0; left--, at = skip(at)) names.push(schema[at]?.name ?? "");
  if (names.length > columnsMax)
    throw new MurmurationError("format", `${path} has ${names.length} columns, the limit is ${columnsMax}`);
  if (names.includes("__proto__"))
    throw new MurmurationError("format", `${path} has a column __proto__, which is no key of a payload`);
  return names;
}

function collectionOf(path: string, metadata: FileMetaData): CollectionBody | undefined {
  const text = metadata.key_value_metadata?.find(({ key }) => key === metadataKey)?.value;
  if (text === undefined) return undefined;
  try {
    return bodyOfHeader(parseJson(text) as Json);
  } catch (error) {
    throw corrupt(path, error);
  }
}

/** Throws `capacity` for a group of rows that says it is larger than is unpacked. */
function checkGroup(path: string, group: FileMetaData["row_groups"][number], columns: number): void {
  const bytes = group.columns.reduce((sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0n), 0);
  const rows = Number(group.num_rows);
  // every row has a value in every column, be it that of nothing
  const values = group.columns.map(({ meta_data }) => Number(meta_data?.num_values ?? 0n));
  if (values.some((count) => count < rows))
    throw new MurmurationError("corrupt", `${path}: a group says that it has ${rows} rows and has less values`);
  if (rows >= 0 && bytes <= parquetGroupBytesMax && rows * columns <= parquetGroupCellsMax) return;
  throw new MurmurationError(
    "capacity",
    `${path}: a group of ${rows} rows and ${bytes} bytes unpacked is larger than ${parquetGroupBytesMax} bytes: write smaller groups`,
  );
}

function fieldsOf(names: readonly string[], json: ReadonlySet<string>, cells: readonly unknown[]): Fields {
  const fields = new Map<string, unknown>();
  for (const [at, name] of names.entries()) {
    const cell = cells[at];
    if (cell === undefined || cell === null) continue;
    const text = cell instanceof JsonText ? cell.text : json.has(name) && typeof cell === "string" ? cell : undefined;
    if (text === undefined) {
      fields.set(name, jsonOfValue(cell, name));
      continue;
    }
    try {
      fields.set(name, parseJson(text));
    } catch (error) {
      throw new MurmurationError("format", (error as Error).message, name);
    }
  }
  return fields;
}

/** A Parquet file, a group of rows at a time. */
export async function openParquet(path: string): Promise<Source> {
  const file = openFile(path);
  const buffer = bufferOf(file);
  let metadata: FileMetaData;
  let names: readonly string[];
  try {
    metadata = await parquetMetadataAsync(buffer);
    names = namesOf(path, metadata);
  } catch (error) {
    file.close();
    throw corrupt(path, error);
  }
  let collection: ReturnType<typeof collectionOf>;
  try {
    collection = collectionOf(path, metadata);
  } catch (error) {
    file.close();
    throw error;
  }
  // what only its logical type calls JSON is given out as text
  const json = new Set(
    metadata.schema.flatMap(({ name, logical_type: type }) => (type?.type === "JSON" ? [name] : [])),
  );
  async function* rows(from: Parameters<Source["rows"]>[0]): AsyncGenerator<Row, void, void> {
    const skip = from?.rows ?? 0;
    let start = 0;
    for (const group of metadata.row_groups) {
      const end = start + Number(group.num_rows);
      if (end > skip) {
        checkGroup(path, group, names.length);
        let read: unknown[][] = [];
        try {
          await parquetRead({
            file: buffer,
            metadata,
            parsers,
            compressors,
            columns: [...names],
            rowStart: start,
            rowEnd: end,
            onComplete: (all) => {
              read = all;
            },
          });
        } catch (error) {
          throw corrupt(path, error);
        }
        if (read.length !== end - start)
          throw new MurmurationError(
            "corrupt",
            `${path}: a group says that it has ${end - start} rows and has ${read.length}`,
          );
        for (let row = Math.max(skip, start); row < end; row++) {
          const at = { place: `row ${row + 1}`, next: { rows: row + 1 } };
          try {
            yield { ...at, fields: fieldsOf(names, json, read[row - start] ?? []) };
          } catch (error) {
            if (!(error instanceof MurmurationError)) throw error;
            yield { ...at, fault: error, raw: "" };
          }
        }
      }
      start = end;
    }
  }
  return {
    name: path,
    format: "parquet",
    identity: file.identity,
    total: Number(metadata.num_rows),
    collection,
    rows,
    close: () => {
      file.close();
      return Promise.resolve();
    },
  };
}
