import { resolve } from "node:path";
import { TextDecoder } from "node:util";
import { crc32 } from "node:zlib";
import { MurmurationError } from "@murmuration/index";
import { parse } from "csv-parse";
import { parseJson } from "../../http/json.js";
import { layoutOfExport } from "../layout.js";
import type { Fields, Row, Source } from "../source.js";
import { columnsMax, lineBytesMax, rejectedCharactersMax, sampleRowsDefault } from "../transfer-limits.js";
import { openFile, otherThanBefore } from "./file-identity.js";
import { chunksOf, isPacked } from "./lines.js";

/** What cells of a column may be. */
export const cellTypes = ["integer", "float", "bool", "json", "text"] as const;
export type CellType = (typeof cellTypes)[number];

/** A cell; `undefined`: nothing stands between its separators, not even quotes. */
type Cell = string | undefined;

const integer = /^-?(?:0|[1-9]\d{0,19})$/;
/** What begins with a 0 is a number of a house or an article, and an integer of more digits than a double has is no float: both stay text. */
const float = /^[+-]?(?:(?:0|[1-9]\d{0,14})(?:\.\d*)?|(?:0|[1-9]\d*)\.\d+|\.\d+)(?:[eE][+-]?\d+)?$/;
const i64Min = -(2n ** 63n);
const u64Max = 2n ** 64n - 1n;

function isOf(type: CellType, cell: string): boolean {
  if (type === "integer") return integer.test(cell) && BigInt(cell) >= i64Min && BigInt(cell) <= u64Max;
  if (type === "float") return float.test(cell) && Number.isFinite(Number(cell));
  if (type === "bool") return cell === "true" || cell === "false";
  if (type === "text") return true;
  return /^\s*[[{]/.test(cell) && isJson(cell);
}

function isJson(cell: string): boolean {
  try {
    parseJson(cell);
    return true;
  } catch {
    return false;
  }
}

function cellValue(type: CellType, cell: string, column: string): unknown {
  if (!isOf(type, cell) && type !== "json") {
    throw new MurmurationError(
      "format",
      `expected ${type === "bool" ? "true or false" : type}, as the column is, got ${JSON.stringify(cell.slice(0, 64))}`,
      column,
    );
  }
  if (type === "text") return cell;
  if (type === "bool") return cell === "true";
  if (type === "float") return Number(cell);
  if (type === "integer") return Number.isSafeInteger(Number(cell)) ? Number(cell) : BigInt(cell);
  try {
    return parseJson(cell);
  } catch (error) {
    throw new MurmurationError("format", (error as Error).message, column);
  }
}

/** A type that so many of a column's cells have is told of where some others keep the column from having it. */
const NOTED_SHARE = 0.9;
const NOTED_CELLS = 10;

/** A column, and what somebody who reads how it was taken should know. */
interface ColumnType {
  readonly type: CellType;
  readonly note?: string;
}

/** What fits all cells of a column in a sample, the narrowest first. */
function typeOfColumn(column: string, cells: readonly Cell[]): ColumnType {
  const there = cells.flatMap((cell, i) => (cell === undefined ? [] : [{ cell, row: i + 1 }]));
  if (there.length === 0) return { type: "text" };
  const types = ["integer", "float", "bool", "json"] as const;
  for (const type of types) {
    const others = there.filter(({ cell }) => !isOf(type, cell));
    const [first] = others;
    if (first === undefined) return { type };
    const isMost = there.length >= NOTED_CELLS && there.length - others.length >= NOTED_SHARE * there.length;
    // of integers among floats the type after this one tells
    if (isMost && (type !== "integer" || there.some(({ cell }) => !isOf("float", cell)))) {
      const shown = JSON.stringify(first.cell.slice(0, 32));
      const note = `column ${column} is text, as row ${first.row} has ${shown}, which is no ${type}, as most are: --type ${column}=${type} puts such rows aside`;
      return { type: "text", note };
    }
  }
  return { type: "text" };
}

interface CsvRecord {
  readonly cells: readonly Cell[];
  /** That it ends in. */
  readonly line: number;
  /** About where it ends, in bytes of the unpacked text. */
  readonly end: number;
  /** The text ends without an end of its line. */
  readonly isCut: boolean;
}

/** What separates the cells of a first line: what it has most of. */
function separatorIn(head: string): string {
  const [line = ""] = head.split(/\r?\n/, 1);
  const count = (separator: string) => line.split(separator).length;
  return [",", ";", "\t", "|"].reduce((best, separator) => (count(separator) > count(best) ? separator : best));
}

/** Text of UTF-8. Throws `corrupt` for what is none. */
async function* textOf(path: string): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw new MurmurationError("corrupt", `${path} is not UTF-8`);
    }
  };
  for await (const chunk of chunksOf(path)) yield decode(chunk);
  yield decode();
}

/** `records`: that were read before it, the first line among them. */
function failureOf(error: unknown, path: string, records: number): MurmurationError {
  if (error instanceof MurmurationError)
    return new MurmurationError(error.code, `${error.message}, behind row ${records - 1}`);
  const { code, message, lines } = error as {
    readonly code?: string;
    readonly message: string;
    readonly lines?: number;
  };
  if (code === "CSV_QUOTE_NOT_CLOSED")
    return new MurmurationError(
      "corrupt",
      `${path} ends in the middle of row ${records}: a quote is not closed; what stands before it is written`,
    );
  if (code === "CSV_MAX_RECORD_SIZE")
    return new MurmurationError("corrupt", `${path}: row ${records} is longer than ${lineBytesMax} characters`);
  return new MurmurationError("corrupt", `${path}${lines === undefined ? "" : `, line ${lines}`}: ${message}`);
}

/** Records in order, also those before what ends the file badly. */
async function* recordsOf(path: string, separator: string): AsyncGenerator<CsvRecord, void, void> {
  const ready: CsvRecord[] = [];
  let isOver = false;
  let failure: unknown;
  const parser = parse({
    bom: true,
    delimiter: separator,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: lineBytesMax,
    cast: (cell, { quoting }) => (cell === "" && !quoting ? undefined : cell) as string,
    // taken here, and not from the stream: one that fails forgets what nobody has read yet
    on_record: (cells: readonly Cell[], { lines, bytes }) => {
      ready.push({ cells, line: lines, end: bytes, isCut: isOver });
      return null;
    },
  });
  parser.on("error", (error) => {
    failure = error;
  });
  parser.resume();
  let records = 0;
  function* taken() {
    for (const record of ready.splice(0)) {
      records++;
      yield record;
    }
  }
  try {
    for await (const text of textOf(path)) {
      await new Promise((done) => parser.write(text, done));
      yield* taken();
      if (failure !== undefined) throw failure;
    }
    isOver = true;
    await new Promise<void>((done) => parser.end(() => done()));
    yield* taken();
    if (failure !== undefined) throw failure;
  } catch (error) {
    throw failureOf(error, path, records);
  } finally {
    parser.destroy();
  }
}

function headerOf(path: string, cells: readonly Cell[]): readonly string[] {
  const refuse = (what: string): never => {
    throw new MurmurationError("format", `${path}, line 1: ${what}`);
  };
  if (cells.length > columnsMax) refuse(`${cells.length} columns, the limit is ${columnsMax}`);
  return cells.map((cell, i) => {
    const name = cell ?? refuse(`column ${i + 1} has no name`);
    if (name === "__proto__") refuse(`column ${i + 1} is called __proto__, which is no key of a payload`);
    if (cells.indexOf(name) !== i) refuse(`two columns are called ${JSON.stringify(name.slice(0, 64))}`);
    return name;
  });
}

/**
 * A table of text with the names of its columns in the first line (RFC 4180), separated by what that line has most of. A column has the type that all its cells
 * among the first rows have, or that is asked for; another cell makes its row a wrong one. What is empty and not in quotes is not there.
 */
export async function openCsv(
  path: string,
  asked: ReadonlyMap<string, CellType> = new Map<string, CellType>(),
): Promise<Source> {
  const file = openFile(path);
  file.close();
  let head = "";
  for await (const text of textOf(path)) {
    head += text;
    if (head.length > 65_536 || head.includes("\n")) break;
  }
  const separator = separatorIn(head);
  const sample: (readonly Cell[])[] = [];
  let names: readonly string[] | undefined;
  try {
    for await (const { cells } of recordsOf(path, separator)) {
      if (names === undefined) names = headerOf(path, cells);
      else sample.push(cells);
      if (sample.length === sampleRowsDefault) break;
    }
  } catch (error) {
    // what is wrong behind whole rows is said when it is its turn
    if (sample.length === 0) throw error;
  }
  if (names === undefined)
    throw new MurmurationError("format", `${path} is empty: a first line with the names of the columns is expected`);
  const columns = names;
  for (const column of asked.keys()) {
    if (!columns.includes(column))
      throw new MurmurationError(
        "bad-request",
        `--type: ${path} has no column ${column}; it has ${columns.join(", ")}`,
      );
  }
  const whole = sample.map((cells) => (cells.length === columns.length ? cells : []));
  const found = columns.map((column, at): ColumnType => {
    const type = asked.get(column);
    return type === undefined
      ? typeOfColumn(
          column,
          whole.map((cells) => cells[at]),
        )
      : { type };
  });
  const types = found.map(({ type }) => type);
  const fieldsOf = (cells: readonly Cell[]): Fields => {
    if (cells.length !== columns.length)
      throw new MurmurationError("format", `has ${cells.length} columns, the first line ${columns.length}`);
    const entries = columns.flatMap((column, at) => {
      const cell = cells[at];
      return cell === undefined ? [] : [[column, cellValue(types[at] as CellType, cell, column)] as const];
    });
    return new Map(entries);
  };
  return {
    name: path,
    format: "csv",
    // a file that has grown is the same: its last row may have been written since
    identity: { file: resolve(path), columns, types },
    // what `murmur export` writes says so by its columns, the last of which is JSON
    layout: columns.at(-1) === "payload" && types.at(-1) === "json" ? layoutOfExport(columns) : undefined,
    notes: found.flatMap(({ note }) => (note === undefined ? [] : [note])),
    shareAt: isPacked(path)
      ? undefined
      : ({ at }) => ((at as { readonly byte?: number } | undefined)?.byte ?? 0) / Math.max(1, file.bytes),
    async *rows(from): AsyncGenerator<Row, void, void> {
      const before = from?.at as { readonly line?: number; readonly sum?: number } | undefined;
      const checkSame = (isSame: boolean) => {
        if (!isSame) throw otherThanBefore(path);
      };
      let rows = -1;
      // of all records until then
      let sum = 0;
      for await (const { cells, line, end, isCut } of recordsOf(path, separator)) {
        rows++;
        sum = crc32(JSON.stringify(cells), sum);
        if (rows === from?.rows && rows > 0) checkSame(line === before?.line && sum === before?.sum);
        if (rows === 0 || rows <= (from?.rows ?? 0)) continue;
        if (isCut && cells.length < columns.length)
          throw new MurmurationError(
            "corrupt",
            `${path} ends in the middle of row ${rows}, which has ${cells.length} of ${columns.length} columns: what stands before it is written; give it its end and import again`,
          );
        const at = { place: `row ${rows}`, next: { rows, at: { line, byte: end, sum } } };
        try {
          yield { ...at, fields: fieldsOf(cells) };
        } catch (error) {
          if (!(error instanceof MurmurationError)) throw error;
          yield { ...at, fault: error, raw: JSON.stringify(cells).slice(0, rejectedCharactersMax) };
        }
      }
      // it is shorter than it was
      checkSame(rows >= (from?.rows ?? 0));
    },
    close: () => Promise.resolve(),
  };
}
