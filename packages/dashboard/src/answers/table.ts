import { isArray, isObject, type Json, type JsonObject } from "../json-value.js";

/** An answer as rows and columns. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Rows and columns that are left out, since a page with all of them would stand still. */
  readonly rowsLeft: number;
  readonly columnsLeft: number;
}

/** A column: a member of the rows, or a field of their payloads. */
export interface Column {
  readonly id: string;
  readonly title: string;
  /** Are all of its values numbers? */
  readonly isNumeric: boolean;
}

/** Values by the columns' ids. */
export type Row = ReadonlyMap<string, Json>;

const ROWS_MAX = 500;
const COLUMNS_MAX = 24;

/** Members that stand first, in this order. */
const FIRST = ["query", "group", "rank", "id", "score", "value", "count", "a", "b", "version", "order_value"];

interface Source {
  /** Of the rows that belong together: the query of a batch, the group. */
  readonly context: readonly (readonly [string, Json])[];
  readonly record: JsonObject;
}

function listed(list: readonly Json[], context: Source["context"] = []): Source[] {
  return list.map((record) => ({ context, record: isObject(record) ? record : { value: record } }));
}

/** The rows of one result: points, groups, hits, pairs, or the result itself. */
function rowsOf(result: Json, context: Source["context"] = []): Source[] {
  if (isArray(result)) {
    const isBatch =
      result.length > 0 && result.every((each) => isArray(each) || (isObject(each) && isArray(each["points"])));
    if (!isBatch) return listed(result, context);
    return result.flatMap((each, i) => rowsOf(each, [["query", i]]));
  }
  if (!isObject(result)) return result === undefined ? [] : listed([result], context);
  const { points, groups, hits, pairs } = result;
  if (isArray(groups)) {
    return groups.flatMap((group) => {
      if (!isObject(group) || !isArray(group["hits"])) return listed([group], context);
      return listed(group["hits"], [...context, ["group", group["id"] ?? null]]);
    });
  }
  const list = [points, hits, pairs].find(isArray);
  return list === undefined ? listed([result], context) : listed(list, context);
}

function cellsOf({ context, record }: Source): Map<string, Json> {
  const cells = new Map<string, Json>(context);
  for (const [name, value] of Object.entries(record)) {
    if (name === "payload" && isObject(value)) {
      for (const [field, inner] of Object.entries(value)) cells.set(`payload.${field}`, inner);
    } else cells.set(name, value);
  }
  return cells;
}

function placeOf(id: string): number {
  const place = FIRST.indexOf(id);
  if (place >= 0) return place;
  // vectors are long and seldom read
  return id === "vector" ? FIRST.length + 2 : FIRST.length + (id.startsWith("payload.") ? 1 : 0);
}

/** A field of payloads by its own name, where no member of the rows has it: a score of a payload is not the score. */
function titleOf(id: string, all: ReadonlyMap<string, unknown>): string {
  const field = id.startsWith("payload.") ? id.slice("payload.".length) : id;
  return all.has(field) ? id : field;
}

/**
 * A result of any route as a table: a row for each point, hit, group's hit or pair, a column for each member and each field of the payloads. Columns that most rows have stand
 * before rare ones, and what is too much is counted.
 */
export function tableOf(result: Json): Table {
  const sources = rowsOf(result);
  const rows = sources.slice(0, ROWS_MAX).map(cellsOf);
  const counts = new Map<string, { rows: number; numbers: number }>();
  for (const row of rows) {
    for (const [id, value] of row) {
      const count = counts.get(id) ?? { rows: 0, numbers: 0 };
      count.rows++;
      if (typeof value === "number" || typeof value === "bigint") count.numbers++;
      counts.set(id, count);
    }
  }
  const order = [...counts].sort(
    ([a, countsOfA], [b, countsOfB]) => placeOf(a) - placeOf(b) || countsOfB.rows - countsOfA.rows,
  );
  const columns = order.slice(0, COLUMNS_MAX).map(([id, count]) => ({
    id,
    title: titleOf(id, counts),
    isNumeric: count.numbers === count.rows,
  }));
  return {
    columns,
    rows,
    rowsLeft: sources.length - rows.length,
    columnsLeft: counts.size - columns.length,
  };
}

/** Marks that turn the direction of what follows: within JSON they would turn brackets and other fields, too. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text as JSON writes it, with marks of direction as escapes. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(TURNING, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A value on one line, cut to `charactersMax`: never more work than the length that is shown, but for texts of JSON that are short anyway. */
export function shortText(value: Json | undefined, charactersMax: number): string {
  if (value === undefined) return "";
  const parts: string[] = [];
  let left = charactersMax + 1;
  const put = (text: string) => {
    parts.push(text.length > left ? text.slice(0, left) : text);
    left -= text.length;
  };
  const write = (one: Json, depth: number) => {
    if (left <= 0) return;
    if (typeof one === "string") put(depth === 0 ? one.slice(0, left + 1) : quoted(one.slice(0, left + 1)));
    else if (one === null || typeof one !== "object") put(String(one));
    else if (isArray(one)) {
      put("[");
      for (const [i, each] of one.entries()) {
        if (left <= 0) break;
        if (i > 0) put(", ");
        write(each, depth + 1);
      }
      put("]");
    } else {
      put("{");
      let isFirst = true;
      for (const key in one) {
        if (left <= 0) break;
        if (!Object.hasOwn(one, key)) continue;
        if (!isFirst) put(", ");
        isFirst = false;
        put(`${quoted(key.slice(0, left + 1))}: `);
        write(one[key] as Json, depth + 1);
      }
      put("}");
    }
  };
  write(value, 0);
  const text = parts.join("");
  // half of a character is none
  return text.length > charactersMax
    ? `${text
        .slice(0, charactersMax)
        .toWellFormed()
        .replace(/\ufffd$/, "")}…`
    : text;
}
