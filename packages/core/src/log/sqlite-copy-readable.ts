import Database from "better-sqlite3";

/** Rows of one commit. */
const ROWS = 512;

type Row = Readonly<Record<string, unknown>>;

/** Did SQLite meet a page that it cannot read? */
export const isUnreadable = (error: unknown) =>
  error instanceof Database.SqliteError && error.code.startsWith("SQLITE_CORRUPT");

/**
 * Copies what can be read of a table some of whose pages cannot, from one connection to another. In a table of numbered rows everything but what
 * stands on such pages comes over. In one that is ordered by a key of its own, what stands before the first such page and behind the last one does. Returns
 * how many rows came over.
 */
export function copyReadableRows(source: Database.Database, target: Database.Database, table: string): number {
  const columns = source
    .prepare<[], { readonly name: string; readonly pk: number }>(`PRAGMA table_info("${table}")`)
    .all();
  const places = columns.map(() => "?").join(", ");
  const put = target.prepare(`INSERT OR IGNORE INTO "${table}" VALUES (${places})`);
  let rows = 0;
  const take = (found: readonly Row[]) => {
    target.transaction(() => {
      for (const row of found) rows += put.run(...columns.map(({ name }) => row[name])).changes;
    })();
  };
  const keys = columns
    .filter(({ pk }) => pk > 0)
    .sort((a, b) => a.pk - b.pk)
    .map(({ name }) => name);
  const [only] = keys;
  if (only !== undefined && keys.length === 1 && hasNumberedRows(source, table, only))
    copyNumbered(source, table, only, take);
  else if (keys.length > 0) copyFromBothEnds(source, table, keys, take);
  return rows;
}

function hasNumberedRows(source: Database.Database, table: string, key: string): boolean {
  try {
    source.prepare(`SELECT rowid FROM "${table}" WHERE "${key}" = rowid LIMIT 0`).get();
    return true;
  } catch {
    return false;
  }
}

/** Rows from a number on are sought by the inner pages: beyond those of an unreadable page they are found again. */
function copyNumbered(
  source: Database.Database,
  table: string,
  key: string,
  take: (rows: readonly Row[]) => void,
): void {
  const page = source
    .prepare<[bigint, number], Row>(`SELECT * FROM "${table}" WHERE "${key}" >= ? ORDER BY "${key}" LIMIT ?`)
    .safeIntegers();
  const read = (from: bigint, limit: number): readonly Row[] | undefined => {
    try {
      return page.all(from, limit);
    } catch (error) {
      if (isUnreadable(error)) return undefined;
      throw error;
    }
  };
  let from = 0n;
  for (;;) {
    let limit = ROWS;
    let found = read(from, limit);
    // fewer at a time: those before the unreadable page come, too
    while (found === undefined && limit > 1) {
      limit = Math.floor(limit / 2);
      found = read(from, limit);
    }
    if (found === undefined) {
      const next = nextReadable(from, (at) => read(at, 1) !== undefined);
      if (next === undefined) return;
      from = next;
      continue;
    }
    take(found);
    const last = found.at(-1);
    if (last === undefined) return;
    from = (last[key] as bigint) + 1n;
  }
}

const LAST_NUMBER = 2n ** 62n;

/** The first number beyond the rows that cannot be read: farther and farther, then closer. */
function nextReadable(from: bigint, isReadable: (at: bigint) => boolean): bigint | undefined {
  let step = 1n;
  while (!isReadable(from + step)) {
    step *= 2n;
    if (from + step > LAST_NUMBER) return undefined;
  }
  let [unreadable, readable] = [from + step / 2n, from + step];
  while (readable - unreadable > 1n) {
    const middle = (unreadable + readable) / 2n;
    if (isReadable(middle)) readable = middle;
    else unreadable = middle;
  }
  return readable;
}

function copyFromBothEnds(
  source: Database.Database,
  table: string,
  keys: readonly string[],
  take: (rows: readonly Row[]) => void,
): void {
  for (const direction of ["ASC", "DESC"]) {
    const order = keys.map((key) => `"${key}" ${direction}`).join(", ");
    let found: Row[] = [];
    try {
      for (const row of source.prepare<[], Row>(`SELECT * FROM "${table}" ORDER BY ${order}`).iterate()) {
        found.push(row);
        if (found.length < ROWS) continue;
        take(found);
        found = [];
      }
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
    take(found);
  }
}
