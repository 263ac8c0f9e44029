import { totalmem } from "node:os";
import { fromPlainError } from "../../threads/plain-error.js";
import { layoutOfExport } from "../layout.js";
import { type ReadingBounds, ReadingProcess } from "../reading/reading-process.js";
import type { Row, Source } from "../source.js";
import { parquetHeapMebibytes, readingFirstMsMax, readingStallMs } from "../transfer-limits.js";
import { openFile } from "./file-identity.js";
import type { ParquetFacts, ParquetGroup, ParquetRow } from "./parquet-file.js";
import type { ParquetQuestion } from "./parquet-process.js";

const MEBIBYTE = 2 ** 20;

function boundsHere(): ReadingBounds {
  const half = Math.floor(totalmem() / MEBIBYTE / 2);
  return { heapMebibytes: Math.min(parquetHeapMebibytes, half), stallMs: readingStallMs };
}

/** The process that reads Parquet; `name`: of the file, for people. */
export function startParquetReader(name: string, bounds = boundsHere()): ReadingProcess {
  return new ReadingProcess(new URL("./parquet-process.js", import.meta.url), name, bounds);
}

/** How long a group may take by what it says of its size: a hundredth of what is usual. */
function limitMsOf({ bytes, values }: ParquetGroup): number {
  return readingFirstMsMax + Math.max(0, bytes) / 2_000 + Math.max(0, values) / 200;
}

/**
 * A Parquet file, a group of rows at a time, which a process of its own reads: what the library that does it (hyparquet) believes of a file that is damaged or made
 * to harm ends that process alone.
 */
export async function openParquet(
  path: string,
  startReader: (path: string) => Pick<ReadingProcess, "ask" | "close"> = startParquetReader,
): Promise<Source> {
  const file = openFile(path);
  file.close();
  const reader = startReader(path);
  const ask = (question: ParquetQuestion, limitMs: number) => reader.ask(question, limitMs);
  let facts: ParquetFacts;
  try {
    facts = (await ask({ open: path }, readingFirstMsMax)) as ParquetFacts;
  } catch (error) {
    await reader.close();
    throw error;
  }
  const { columns, groups, collection } = facts;
  const total = groups.reduce((sum, { rows }) => sum + rows, 0);
  const limitMs = Math.max(readingFirstMsMax, ...groups.map(limitMsOf));
  const rowOf = (row: ParquetRow, number: number): Row => {
    const at = { place: `row ${number}`, next: { rows: number } };
    if ("fault" in row) return { ...at, fault: fromPlainError(row.fault), raw: "" };
    const there = columns.flatMap((column, i) => (row.cells[i] === undefined ? [] : [[column, row.cells[i]] as const]));
    return { ...at, fields: new Map(there) };
  };
  async function* rows(from: Parameters<Source["rows"]>[0]): AsyncGenerator<Row, void, void> {
    const slice = (at: number) => {
      const asked = ask({ from: at }, limitMs) as Promise<readonly ParquetRow[]>;
      // one that nobody comes to ask for has failed for nobody
      asked.catch(() => undefined);
      return asked;
    };
    let number = from?.rows ?? 0;
    let next = slice(number);
    try {
      for (;;) {
        const read = await next;
        if (read.length === 0) return;
        // the next ones are read while these are written
        next = slice(number + read.length);
        for (const row of read) yield rowOf(row, ++number);
      }
    } finally {
      await next.catch(() => undefined);
    }
  }
  return {
    name: path,
    format: "parquet",
    identity: file.identity,
    total,
    collection,
    layout: collection === undefined ? undefined : layoutOfExport(columns),
    rows,
    close: () => reader.close(),
  };
}
