import { MurmurationError } from "@murmuration/index";
import Database from "better-sqlite3";

const DAMAGED = new Set(["SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"]);

/** What to do, where SQLite only says what there is. */
const IN_WORDS: { readonly [code: string]: string } = {
  SQLITE_FULL: "the disk is full: make room on it, or drop a collection",
  SQLITE_READONLY: "it is read-only",
  SQLITE_CANTOPEN: "it cannot be opened: its folder is missing, read-only or not this user's",
};

/** The typed error for what SQLite threw; errors of anyone else come back as they are. */
export function storageError(error: unknown, file: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const [base] = /^SQLITE_[A-Z]+/.exec(error.code) ?? [error.code];
  const code = DAMAGED.has(base) ? "corrupt" : "storage";
  return new MurmurationError(code, `${file}: ${IN_WORDS[base] ?? error.message} (${error.code})`, undefined, error);
}

/** Runs an action and passes its SQLite errors on as typed ones. */
export function withStorageErrors<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw storageError(error, file);
  }
}
