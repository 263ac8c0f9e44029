import { type Json, MurmurationError, textFromUtf8 } from "@murmuration/index";
import { type AsyncBuffer, type Compressors, type FileMetaData, parquetMetadataAsync, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parseJson } from "../../http/json.js";
import { type PlainError, toPlainError } from "../../threads/plain-error.js";
import { bodyOfHeader, type CollectionBody } from "../collection-body.js";
import {
  columnsMax,
  parquetGroupBytesMax,
  parquetGroupCellsMax,
  parquetPageBytesMax,
  parquetSliceCells,
  parquetSliceRows,
} from "../transfer-limits.js";
import { jsonOfValue } from "../value-to-json.js";
import { type OpenFile, openFile } from "./file-identity.js";

/** Key of the file's metadata under which `murmur export` keeps the collection that the points are of. */
const metadataKey = "murmur_export";

/** A group of rows as the file tells of it. */
export interface ParquetGroup {
  readonly rows: number;
  /** Unpacked. */
  readonly bytes: number;
  /** Of all columns, those within lists by themselves. */
  readonly values: number;
}

/** What a file says of itself. */
export interface ParquetFacts {
  readonly columns: readonly string[];
  readonly groups: readonly ParquetGroup[];
  readonly collection: CollectionBody | undefined;
}

/** A row by the columns of the file, or what is wrong with it. */
export type ParquetRow = { readonly cells: readonly unknown[] } | { readonly fault: PlainError };

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

/** Those of hyparquet, none of which is asked for more than a page may have; `tell`: there is progress. */
function boundedCompressors(tell: () => void): Compressors {
  const entries = Object.entries(compressors).map(([codec, unpack]) => {
    const bounded = (bytes: Uint8Array, length: number): Uint8Array => {
      tell();
      if (!(length >= 0 && length <= parquetPageBytesMax))
        throw new MurmurationError("capacity", `a page of ${length} bytes is larger than ${parquetPageBytesMax}`);
      return unpack(bytes, length);
    };
    return [codec, bounded] as const;
  });
  return Object.fromEntries(entries);
}

function bufferOf(file: OpenFile, tell: () => void): AsyncBuffer {
  return {
    byteLength: file.bytes,
    slice: (start, end = file.bytes) => {
      tell();
      if (!(start >= 0 && start <= end && end <= file.bytes))
        throw new MurmurationError("corrupt", `it tells of bytes ${start} to ${end} and has ${file.bytes}`);
      const length = end - start;
      const bytes = file.read(start, length);
      const isAlone = bytes.length === bytes.buffer.byteLength;
      return (isAlone ? bytes.buffer : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + length)) as ArrayBuffer;
    },
  };
}

function corrupt(path: string, error: unknown): MurmurationError {
  if (error instanceof MurmurationError)
    return new MurmurationError(error.code, `${path}: ${error.message}`, error.field);
  return new MurmurationError("corrupt", `${path} cannot be read: ${(error as Error).message}`);
}

/** A Parquet file ends as it begins: one that was cut does not. */
function checkEnds(file: OpenFile): void {
  const magic = "PAR1";
  const isWhole = file.bytes >= 12 && file.read(file.bytes - 4, 4).toString("latin1") === magic;
  if (isWhole) return;
  const begins = file.bytes >= 4 && file.read(0, 4).toString("latin1") === magic;
  throw new MurmurationError(
    "corrupt",
    begins
      ? `it was cut: at byte ${file.bytes}, its end, there is no footer, and without one no row can be found`
      : "it is no Parquet file",
  );
}

/** Names of the columns at the top, and those of them that are lists of float32. */
function columnsOf({ schema }: FileMetaData) {
  const names: string[] = [];
  const floats: boolean[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (schema[at]?.num_children ?? 0) && next < schema.length; child++) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; ) {
    const end = skip(at);
    names.push(schema[at]?.name ?? "");
    floats.push(end - at === 3 && schema[at + 1]?.repetition_type === "REPEATED" && schema[at + 2]?.type === "FLOAT");
    at = end;
  }
  if (names.length > columnsMax)
    throw new MurmurationError("format", `it has ${names.length} columns, the limit is ${columnsMax}`);
  if (names.includes("__proto__"))
    throw new MurmurationError("format", "it has a column __proto__, which is no key of a payload");
  return { names, floats };
}

function collectionOf(metadata: FileMetaData): CollectionBody | undefined {
  const text = metadata.key_value_metadata?.find(({ key }) => key === metadataKey)?.value;
  return text === undefined ? undefined : bodyOfHeader(parseJson(text) as Json);
}

function groupOf({ columns, num_rows }: FileMetaData["row_groups"][number]): ParquetGroup {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    rows: Number(num_rows),
    bytes: sum(columns.map(({ meta_data }) => Number(meta_data?.total_uncompressed_size ?? 0n))),
    values: sum(columns.map(({ meta_data }) => Number(meta_data?.num_values ?? 0n))),
  };
}

/** Throws `capacity` for a group of rows that says it is larger than is unpacked, and `corrupt` for one whose numbers do not agree. */
function checkGroup(group: FileMetaData["row_groups"][number]): void {
  const { rows, bytes, values } = groupOf(group);
  // every row has a value in every column, be it that of nothing
  if (group.columns.some(({ meta_data }) => Number(meta_data?.num_values ?? 0n) < rows))
    throw new MurmurationError("corrupt", `a group says that it has ${rows} rows and has less values`);
  if (rows >= 0 && bytes <= parquetGroupBytesMax && values <= parquetGroupCellsMax) return;
  throw new MurmurationError(
    "capacity",
    `a group of ${rows} rows, ${values} values and ${bytes} bytes unpacked is larger than ${parquetGroupCellsMax} values or ${parquetGroupBytesMax} bytes: write smaller groups`,
  );
}

/** What was unpacked last. */
interface UnpackedGroup {
  /** The row that it begins with. */
  readonly start: number;
  /** Those before `given` were given out, and are empty. */
  readonly rows: unknown[][];
  given: number;
}

/** A Parquet file, a group of rows at a time; read in a process of its own (`parquet-process.ts`). */
export class ParquetFile {
  readonly facts: ParquetFacts;
  readonly #file: OpenFile;
  readonly #metadata: FileMetaData;
  readonly #tell: () => void;
  readonly #floats: readonly boolean[];
  readonly #json: readonly boolean[];
  #group: UnpackedGroup | undefined;

  private constructor(file: OpenFile, metadata: FileMetaData, tell: () => void) {
    this.#file = file;
    this.#metadata = metadata;
    this.#tell = tell;
    const { names, floats } = columnsOf(metadata);
    this.#floats = floats;
    // what only its logical type calls JSON is given out as text
    const json = new Set(
      metadata.schema.flatMap(({ name, logical_type: type }) => (type?.type === "JSON" ? [name] : [])),
    );
    this.#json = names.map((name) => json.has(name));
    this.facts = { columns: names, groups: metadata.row_groups.map(groupOf), collection: collectionOf(metadata) };
  }

  /** Throws `corrupt` for what is none, naming it. */
  static async open(path: string, tell: () => void): Promise<ParquetFile> {
    const file = openFile(path);
    try {
      checkEnds(file);
      return new ParquetFile(file, await parquetMetadataAsync(bufferOf(file, tell)), tell);
    } catch (error) {
      file.close();
      throw corrupt(path, error);
    }
  }

  /** Some rows from one on, of one group; none behind the last. Throws `corrupt` or `capacity`, naming the file. */
  async slice(from: number): Promise<readonly ParquetRow[]> {
    const group = await this.#groupOf(from);
    const { start, rows } = group;
    const first = from - start;
    const sliced: ParquetRow[] = [];
    let cells = 0;
    for (let at = first; at < rows.length && at - first < parquetSliceRows && cells < parquetSliceCells; at++) {
      const row = rows[at] as unknown[];
      for (const cell of row) cells += Array.isArray(cell) || typeof cell === "string" ? cell.length : 1;
      sliced.push(this.#rowOf(row));
      rows[at] = [];
    }
    group.given = first + sliced.length;
    return sliced;
  }

  close(): void {
    this.#file.close();
  }

  async #groupOf(row: number): Promise<UnpackedGroup> {
    const kept = this.#group;
    if (kept !== undefined && row >= kept.start + kept.given && row < kept.start + kept.rows.length) return kept;
    this.#group = undefined;
    let start = 0;
    for (const [at, group] of this.#metadata.row_groups.entries()) {
      const end = start + Number(group.num_rows);
      if (row < end) {
        this.#group = { start, rows: await this.#unpack(at, start, end), given: 0 };
        return this.#group;
      }
      start = end;
    }
    return { start: row, rows: [], given: 0 };
  }

  async #unpack(at: number, start: number, end: number): Promise<unknown[][]> {
    let read: unknown[][] = [];
    try {
      checkGroup(this.#metadata.row_groups[at] as FileMetaData["row_groups"][number]);
      await parquetRead({
        file: bufferOf(this.#file, this.#tell),
        metadata: this.#metadata,
        parsers,
        compressors: boundedCompressors(this.#tell),
        columns: [...this.facts.columns],
        rowStart: start,
        rowEnd: end,
        onComplete: (all) => {
          read = all;
        },
      });
      if (read.length !== end - start)
        throw new MurmurationError("corrupt", `a group says that it has ${end - start} rows and has ${read.length}`);
      return read;
    } catch (error) {
      throw corrupt(`${this.#file.path}, rows ${start + 1} to ${end}`, error);
    }
  }

  #rowOf(row: readonly unknown[]): ParquetRow {
    try {
      return { cells: this.facts.columns.map((name, at) => this.#cellOf(row[at], name, at)) };
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      return { fault: toPlainError(error) };
    }
  }

  #cellOf(cell: unknown, name: string, at: number): unknown {
    if (cell === undefined || cell === null) return undefined;
    const text = cell instanceof JsonText ? cell.text : this.#json[at] && typeof cell === "string" ? cell : undefined;
    if (text !== undefined) {
      try {
        return parseJson(text);
      } catch (error) {
        throw new MurmurationError("format", (error as Error).message, name);
      }
    }
    // what has been float32 is so again: a quarter of what a list of JSON takes from one process to the other
    if (this.#floats[at] && Array.isArray(cell) && cell.length > 0 && cell.every((item) => typeof item === "number"))
      return Float32Array.from(cell as number[]);
    return jsonOfValue(cell, name);
  }
}
