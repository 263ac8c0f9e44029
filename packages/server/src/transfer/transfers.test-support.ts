import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { type CarriedPoint, ContentDigest } from "./carried-point.js";
import { type CollectionBody, shapesOf } from "./collection-body.js";
import { inferLayout } from "./layout.js";
import { openSink, type SinkFormat } from "./open-sink.js";
import { openSource, type SourceOptions } from "./open-source.js";
import { sampleOf } from "./plan-import.js";
import { pointOfRow } from "./point-of-row.js";
import type { ReadingProcess } from "./reading/reading-process.js";
import type { Row, Source } from "./source.js";
import { openParquet, startParquetReader } from "./sources/parquet.js";

/** How long a process that many tests share may take for a file. */
const SHARED_MS_MAX = 20_000;

const nobody = {
  headers: {},
  client: { ask: () => Promise.reject(new Error("nobody is asked")) },
  patienceMs: 0,
  timeoutMs: 1_000,
};

/** A folder for the files of a test; `remove` it after. */
export class TransferFolder {
  readonly path = mkdtempSync(join(tmpdir(), "murmuration-transfer-"));

  file(name: string, content?: string | Uint8Array): string {
    const path = join(this.path, name);
    if (content !== undefined) writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

let reader: ReadingProcess | undefined;

/** Many Parquet files are read by one process; one that a file has ended is followed by another. */
function openParquetShared(path: string, msMax: number): Promise<Source> {
  if (reader === undefined || reader.isOver) {
    reader = startParquetReader("the file", { heapMebibytes: 256, stallMs: SHARED_MS_MAX });
    after(() => reader?.close());
  }
  const shared = reader;
  return openParquet(path, () => ({
    ask: (question, limitMs) => shared.ask(question, Math.min(limitMs, msMax)),
    close: () => Promise.resolve(),
  }));
}

/** `parquetMsMax`: how long the process that reads Parquet may take for an answer. */
export function openFileSource(
  path: string,
  options: Partial<SourceOptions> = {},
  parquetMsMax = SHARED_MS_MAX,
): Promise<Source> {
  if (path.endsWith(".parquet")) return openParquetShared(path, parquetMsMax);
  return openSource(path, { from: nobody, pagePoints: 100, ...options });
}

/** All rows, and the error that a source ends with. */
export async function rowsOf(
  path: string,
  options: Partial<SourceOptions> = {},
): Promise<{ rows: Row[]; error: MurmurationError | undefined }> {
  const rows: Row[] = [];
  try {
    const source = await openFileSource(path, options);
    try {
      for await (const row of source.rows(undefined)) rows.push(row);
    } finally {
      await source.close();
    }
    return { rows, error: undefined };
  } catch (error) {
    if (!(error instanceof MurmurationError)) throw error;
    return { rows, error };
  }
}

/** Writes points to a file, as an export does. */
export async function writePoints(
  format: SinkFormat,
  output: string,
  body: CollectionBody,
  points: readonly CarriedPoint[],
): Promise<void> {
  const sink = await openSink(format, {
    output,
    collection: body,
    shapes: shapesOf(body),
    withPayload: true,
    isHeaderWanted: true,
  });
  try {
    await sink.put(points);
    await sink.end();
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}

/** Reads points from a file, as an import does; `from`: only those behind so many, going on as a run does that was cut off there. */
export async function readPoints(
  path: string,
  body: CollectionBody,
  from = 0,
  options: Partial<SourceOptions> = {},
): Promise<CarriedPoint[]> {
  const source = await openFileSource(path, options);
  try {
    const sample = await sampleOf(source, 100);
    const { layout } = inferLayout(sample.fields, { vectors: new Map() }, source.layout);
    const rules = { layout, shapes: shapesOf(source.collection ?? body), firstId: 0 };
    const points: CarriedPoint[] = [];
    let position: Row["next"] | undefined;
    if (from > 0) {
      for await (const row of source.rows(undefined)) {
        position = JSON.parse(JSON.stringify(row.next)) as Row["next"];
        if (row.next.rows === from) break;
      }
    }
    for await (const row of source.rows(position)) {
      if (row.fault !== undefined) throw row.fault;
      points.push(pointOfRow(row.fields, row.next.rows - 1, rules));
    }
    return points;
  } finally {
    await source.close();
  }
}

export function digestOf(points: readonly CarriedPoint[]): string {
  const digest = new ContentDigest();
  for (const point of points) digest.add(point);
  return digest.toString();
}
