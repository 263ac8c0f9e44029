import type Database from "better-sqlite3";
import { decodeMessage, encodeMessage } from "../operation/message.js";
import { refuseMessage } from "../operation/refuse-message.js";
import { openDatabase, PAGE_BYTES } from "./sqlite-connection.js";
import type { LogFile } from "./sqlite-copy.js";
import { storageError, withStorageErrors } from "./sqlite-error.js";
import { logSchemaVersion } from "./sqlite-schema.js";

/** What a column of a row holds. */
export type RowValue = number | string | Uint8Array | null;

/** Everything of a log's file that is not rows. */
export interface LogSchema {
  /** `PRAGMA user_version`: a later one than `logSchemaVersion` is of a newer version. */
  readonly version: number;
  readonly applicationId: number;
  readonly tables: readonly { readonly name: string; readonly sql: string }[];
  /** Statements that make the indexes. */
  readonly indexes: readonly string[];
}

/** One row of a table, with the values of its key in the order of the table. */
export interface LogRow {
  readonly key: readonly RowValue[];
  readonly bytes: Uint8Array;
}

/** SQLite's own table of what AUTOINCREMENT has counted to: copied with the others, and not made by a statement. */
const COUNTERS = "sqlite_sequence";
const TABLE = /^CREATE TABLE "?([a-z_]{1,64})"?\s*\(/;
const INDEX = /^CREATE (?:UNIQUE )?INDEX [a-z_]{1,64} ON [a-z_]{1,64} \(/;
const WHAT = "a row of a log";
/** What SQLite says of statements and values that it does not take, beside constraints. */
const REFUSALS = new Set(["SQLITE_ERROR", "SQLITE_MISMATCH"]);

interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly sql: string | null;
}

interface ColumnRow {
  readonly name: string;
  readonly pk: number;
}

/** Reads a log's file row by row, each table in the order of its key: equal rows come as equal bytes, whatever pages they stand on. */
export class LogRowReader {
  readonly schema: LogSchema;
  readonly #file: string;
  readonly #database: Database.Database;
  readonly #hasCounters: boolean;

  /** The file must not be written while it is read. Throws `storage` or `corrupt`. */
  constructor({ file, key }: LogFile) {
    this.#file = file;
    this.#database = openDatabase(file, true, key);
    try {
      const rows = withStorageErrors(file, () =>
        this.#database.prepare<[], SchemaRow>("SELECT type, name, sql FROM sqlite_master").all(),
      );
      const own = rows.filter(({ name, sql }) => sql !== null && !name.startsWith("sqlite_"));
      this.#hasCounters = rows.some(({ name }) => name === COUNTERS);
      const pragma = (name: string) => this.#database.pragma(name, { simple: true }) as number;
      this.schema = {
        version: pragma("user_version"),
        applicationId: pragma("application_id"),
        tables: own.flatMap(({ type, name, sql }) => (type === "table" ? [{ name, sql: sql as string }] : [])),
        indexes: own.flatMap(({ type, sql }) => (type === "index" ? [sql as string] : [])),
      };
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Names of the tables that have rows to be copied. */
  get tables(): string[] {
    return [...this.schema.tables.map(({ name }) => name), ...(this.#hasCounters ? [COUNTERS] : [])];
  }

  /** Throws `storage` or `corrupt`. */
  *rows(table: string): Iterable<LogRow> {
    const columns = this.#database.prepare<[], ColumnRow>(`PRAGMA table_info("${table}")`).all();
    const keys = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
    const places = keys.length === 0 ? [0] : keys.map((key) => columns.indexOf(key));
    const order = places.map((place) => `"${columns[place]?.name}"`).join(", ");
    const all = this.#database.prepare<[], RowValue[]>(`SELECT * FROM "${table}" ORDER BY ${order}`).raw();
    try {
      for (const values of all.iterate()) {
        yield { key: places.map((place) => values[place] as RowValue), bytes: encodeMessage(values) };
      }
    } catch (error) {
      throw storageError(error, this.#file);
    }
  }

  close(): void {
    this.#database.close();
  }
}

/** Makes the file of a log from the rows of another. It is not flushed, and is of no use before `finish`. */
export class LogRowWriter {
  readonly #to: LogFile;
  readonly #schema: LogSchema;
  readonly #database: Database.Database;
  readonly #puts = new Map<string, { readonly put: Database.Statement; readonly columns: number }>();
  readonly #counters: Uint8Array[] = [];

  /** `to` must not be there. Throws `corrupt` for a schema that is none of a log, or of a newer version: before there is a file. */
  constructor(to: LogFile, schema: LogSchema) {
    checkLogSchema(schema);
    this.#to = to;
    this.#schema = schema;
    this.#database = openDatabase(to.file, false, to.key);
    try {
      this.#guarded(() => {
        this.#database.pragma(`page_size = ${PAGE_BYTES}`);
        this.#database.pragma("journal_mode = OFF");
        this.#database.pragma("synchronous = OFF");
        for (const { name, sql } of schema.tables) {
          this.#database.prepare(sql).run();
          const columns = this.#database.prepare<[], ColumnRow>(`PRAGMA table_info("${name}")`).all().length;
          const places = Array.from({ length: columns }, () => "?").join(", ");
          this.#puts.set(name, { put: this.#database.prepare(`INSERT INTO "${name}" VALUES (${places})`), columns });
        }
      });
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Writes rows as `LogRowReader` gave them. Throws `storage`, or `corrupt` for what is no row of this table. */
  put(table: string, rows: readonly Uint8Array[]): void {
    if (table === COUNTERS) {
      this.#counters.push(...rows);
      return;
    }
    const target = this.#puts.get(table);
    if (target === undefined) return refuseMessage(`the log has no table ${JSON.stringify(table.slice(0, 64))}`);
    this.#guarded(() => {
      this.#database.transaction(() => {
        for (const row of rows) target.put.run(...valuesOf(row, target.columns, table));
      })();
    });
  }

  /** Makes it a log, and closes it. */
  finish(): void {
    const { applicationId, version, indexes } = this.#schema;
    try {
      this.#guarded(() => {
        if (this.#counters.length > 0) {
          this.#database.prepare(`DELETE FROM ${COUNTERS}`).run();
          const put = this.#database.prepare(`INSERT INTO ${COUNTERS} (name, seq) VALUES (?, ?)`);
          for (const row of this.#counters) put.run(...valuesOf(row, 2, COUNTERS));
        }
        for (const sql of indexes) this.#database.prepare(sql).run();
        this.#database.pragma(`application_id = ${applicationId}`);
        this.#database.pragma(`user_version = ${version}`);
      });
    } finally {
      this.#database.close();
    }
  }

  close(): void {
    this.#database.close();
  }

  /** What is refused of rows and statements that somebody else made is their fault: a key twice, a text where a number stands, two statements. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      const { code = "" } = error as { readonly code?: string };
      const isOneTooMany = error instanceof RangeError;
      if (code.startsWith("SQLITE_CONSTRAINT") || REFUSALS.has(code) || isOneTooMany) {
        refuseMessage(`${this.#to.file}: the rows are not those of a log: ${(error as Error).message}`, error);
      }
      throw storageError(error, this.#to.file);
    }
  }
}

/** Throws `corrupt` for what is no schema of a log, or that of a newer version. */
export function checkLogSchema({ version, tables, indexes }: LogSchema): void {
  if (version > logSchemaVersion) {
    refuseMessage(`it was written by a newer version (schema ${version}, this one reads ${logSchemaVersion})`);
  }
  // statements that come with a copy: nothing but what makes a table or an index
  const isTable = ({ name, sql }: LogSchema["tables"][number]) => TABLE.exec(sql)?.[1] === name;
  if (!tables.every(isTable) || !indexes.every((sql) => INDEX.test(sql)))
    refuseMessage("its tables are not those of a log");
}

function valuesOf(row: Uint8Array, columns: number, table: string): RowValue[] {
  const values = decodeMessage(row, WHAT);
  const isValue = (value: unknown) =>
    value === null || typeof value === "string" || Number.isSafeInteger(value) || value instanceof Uint8Array;
  if (!Array.isArray(values) || values.length !== columns || !values.every(isValue)) {
    return refuseMessage(`${WHAT}: it is none of table ${table}`);
  }
  return values as RowValue[];
}
