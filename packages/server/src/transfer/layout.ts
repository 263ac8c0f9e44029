import { MurmurationError } from "@murmuration/index";
import type { Fields, SourceFacts } from "./source.js";
import { columnsMax } from "./transfer-limits.js";

/** Which column of a source is what. */
export interface Layout {
  /** `undefined`: rows are numbered. */
  readonly id: string | undefined;
  /** Names of vectors by their columns; the unnamed one is "". */
  readonly vectors: ReadonlyMap<string, string>;
  /** A column with all vectors of a point, as the dialect has them. */
  readonly allVectors: string | undefined;
  /** The column that is the payload; `undefined`: all that are nothing else. */
  readonly payload: string | undefined;
  /** A row without a vector is wrong. */
  readonly isVectorNeeded: boolean;
}

/** What of the layout somebody asked for. */
export interface AskedLayout {
  readonly id?: string | undefined;
  /** Names of vectors by their columns. */
  readonly vectors: ReadonlyMap<string, string>;
  readonly payload?: string | undefined;
  /** Points without vectors are wanted. */
  readonly isWithoutVectors?: boolean | undefined;
}

/** What a column of the sample holds. */
export interface ColumnReport {
  readonly column: string;
  readonly is: string;
  /** Kinds of its values, the most frequent first. */
  readonly types: readonly string[];
  /** Rows of the sample that have none. */
  readonly missing: number;
}

/** Column of the vector of a name in a table that `murmur export` writes. */
export const columnOfVector = (name: string) => (name === "" ? "vector" : `vector.${name}`);

/** The layout of such a table; points of it may be without vectors. `undefined`: its columns are others. */
export function layoutOfExport(columns: readonly string[]): SourceFacts["layout"] {
  const nameOf = (column: string) => (column === "vector" ? "" : column.slice("vector.".length));
  const [id, ...others] = columns;
  const vectors = others.filter((column) => columnOfVector(nameOf(column)) === column);
  const rest = others.filter((column) => !vectors.includes(column));
  if (id !== "id" || rest.some((column) => column !== "payload")) return undefined;
  const layout = { id, vectors: new Map(vectors.map((column) => [column, nameOf(column)] as const)) };
  return rest.length === 0 ? layout : { ...layout, payload: "payload" };
}

const isNumber = (value: unknown) => typeof value === "number" || typeof value === "bigint";
const isNumbers = (value: unknown): boolean =>
  value instanceof Float32Array || (Array.isArray(value) && value.length > 0 && value.every(isNumber));
const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float32Array);

/** What a value is, in a word. */
export function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "bigint") return "integer";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "float";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "text";
  if (isNumbers(value)) return `numbers[${(value as ArrayLike<unknown>).length}]`;
  if (Array.isArray(value)) return value.length > 0 && value.every(isNumbers) ? `lists of ${typeOf(value[0])}` : "list";
  return "indices" in (value as object) && "values" in (value as object) ? "sparse vector" : "object";
}

const TEXT_LOOKED_AT = 4_096;

/** Names that columns of vectors have where nobody says which they are. */
const usualNames = ["embedding", "embeddings", "vec", "emb", "dense_vector"];
const vectorLike = (value: unknown) => isNumbers(value) || /^lists of|^sparse/.test(typeOf(value));
/** A cell of text whose beginning is a list of numbers, in brackets or none. */
function textLike(value: unknown): boolean {
  if (typeof value !== "string") return false;
  const head = value.slice(0, TEXT_LOOKED_AT).trim();
  const body = head
    .replace(/^[[{]/, "")
    .replace(/[\]}]$/, "")
    .trim();
  return /^[-+.\d][-+.\deE\s,;]*$/.test(body) && /[,;\s]/.test(body);
}

class Sample {
  readonly columns: readonly string[];
  readonly #rows: readonly Fields[];

  constructor(rows: readonly Fields[]) {
    this.#rows = rows;
    const columns = new Set<string>();
    for (const row of rows) {
      for (const column of row.keys()) columns.add(column);
      if (columns.size > columnsMax)
        throw new MurmurationError(
          "capacity",
          `the first rows have more than ${columnsMax} columns: put them into one object, and name that by --payload`,
        );
    }
    this.columns = [...columns];
  }

  /** Those that are there. */
  valuesOf(column: string): readonly unknown[] {
    return this.#rows.map((row) => row.get(column)).filter((value) => value !== undefined && value !== null);
  }

  has(column: string): boolean {
    return this.columns.includes(column);
  }

  all(column: string, isSo: (value: unknown) => boolean): boolean {
    const values = this.valuesOf(column);
    return values.length > 0 && values.every(isSo);
  }

  /** At least half of them: some rows may be wrong. */
  most(column: string, isSo: (value: unknown) => boolean): boolean {
    const values = this.valuesOf(column);
    return values.length > 0 && 2 * values.filter(isSo).length >= values.length;
  }

  report(column: string, is: string): ColumnReport {
    const counts = new Map<string, number>();
    for (const value of this.valuesOf(column)) counts.set(typeOf(value), (counts.get(typeOf(value)) ?? 0) + 1);
    const types = [...counts].sort(([, a], [, b]) => b - a).map(([type]) => type);
    return { column, is, types: types.slice(0, 4), missing: this.#rows.length - this.valuesOf(column).length };
  }
}

/** Columns `vector.NAME`, and those that are called as vectors usually are. */
function inferVectors(sample: Sample): Pick<Layout, "vectors" | "allVectors"> | undefined {
  const named = sample.columns.filter((column) => column.startsWith("vector.") && column.length > 7);
  const hasOne = sample.has("vector");
  if (hasOne && named.length === 0) {
    const isStruct = sample.all("vector", (value) => isObject(value) || Array.isArray(value));
    return isStruct
      ? { vectors: new Map(), allVectors: "vector" }
      : { vectors: new Map([["vector", ""]]), allVectors: undefined };
  }
  if (named.length > 0) {
    const entries = named.map((column) => [column, column.slice("vector.".length)] as const);
    return { vectors: new Map([...(hasOne ? [["vector", ""] as const] : []), ...entries]), allVectors: undefined };
  }
  const likely = sample.columns.filter((column) =>
    sample.most(column, (value) => vectorLike(value) || textLike(value)),
  );
  const found = usualNames.find((name) => likely.includes(name)) ?? (likely.length === 1 ? likely[0] : undefined);
  if (found !== undefined) return { vectors: new Map([[found, ""]]), allVectors: undefined };
  if (likely.length === 0) return undefined;
  throw new MurmurationError(
    "bad-request",
    `several columns may be the vector (${likely.join(", ")}): say which by --vector COLUMN, or --vector COLUMN=NAME for each`,
  );
}

function requireColumn(sample: Sample, column: string, flag: string): void {
  if (sample.has(column)) return;
  throw new MurmurationError(
    "bad-request",
    `${flag}: the source has no column ${column}; it has ${sample.columns.join(", ")}`,
  );
}

/**
 * Which column is what: as asked for, else as the format says, else by names and values of a sample. Throws `bad-request` where a column is not there, and
 * where it cannot be told which one is the vector.
 */
export function inferLayout(
  rows: readonly Fields[],
  asked: AskedLayout,
  said: SourceFacts["layout"],
): { readonly layout: Layout; readonly columns: readonly ColumnReport[] } {
  const sample = new Sample(rows);
  if (asked.id !== undefined) requireColumn(sample, asked.id, "--id");
  for (const column of asked.vectors.keys()) requireColumn(sample, column, "--vector");
  const id = asked.id ?? said?.id ?? ["id", "_id"].find((column) => sample.has(column));
  let vectors: Pick<Layout, "vectors" | "allVectors"> | undefined;
  if (asked.isWithoutVectors === true) vectors = { vectors: new Map(), allVectors: undefined };
  else if (asked.vectors.size > 0) vectors = { vectors: asked.vectors, allVectors: undefined };
  else if (said?.vectors !== undefined) vectors = { vectors: said.vectors, allVectors: undefined };
  else vectors = inferVectors(sample);
  if (vectors === undefined) {
    throw new MurmurationError(
      "bad-request",
      `no column looks like a vector (${sample.columns.join(", ")}): say which by --vector COLUMN, or --no-vectors for points without`,
    );
  }
  const isVector = (column: string) => column === vectors.allVectors || vectors.vectors.has(column);
  const others = sample.columns.filter((column) => column !== id && !isVector(column));
  const isWhole = others.length === 1 && others[0] === "payload" && sample.all("payload", isObject);
  const payload = asked.payload ?? said?.payload ?? (isWhole ? "payload" : undefined);
  if (asked.payload !== undefined) requireColumn(sample, asked.payload, "--payload");
  const isVectorNeeded = said?.vectors === undefined && vectors.vectors.size === 1;
  const roleOf = (column: string) => {
    if (column === id) return "id";
    if (column === vectors.allVectors) return "vectors";
    const name = vectors.vectors.get(column);
    if (name !== undefined) return name === "" ? "vector" : `vector ${name}`;
    if (payload === undefined) return "payload";
    return column === payload ? "the payload" : "left out";
  };
  const layout = { id, ...vectors, payload, isVectorNeeded };
  return { layout, columns: sample.columns.map((column) => sample.report(column, roleOf(column))) };
}
