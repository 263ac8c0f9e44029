import { MurmurationError } from "@murmuration/index";
import { freshProgress, ImportState, type Progress, takeState } from "./import-state.js";
import type { AskedLayout } from "./layout.js";
import { makeCollection } from "./make-collection.js";
import { type AskedCollection, type ImportPlan, planImport, type Sample, sampleOf } from "./plan-import.js";
import { pointOfRow } from "./point-of-row.js";
import { type RejectedRow, RejectedRows, rejectedRow } from "./rejected-rows.js";
import type { Server } from "./server.js";
import type { Fields, Position, Row, Source } from "./source.js";
import { batchCharactersMax } from "./transfer-limits.js";
import { BatchWriter, checkErrors, type DoneBatch, type PlacedPoint, placed } from "./write-batches.js";

/** What an import is asked for. */
export interface ImportOptions extends AskedLayout, AskedCollection {
  readonly collection: string;
  readonly firstId: number;
  readonly batchPoints: number;
  readonly parallel: number;
  readonly sampleRows: number;
  readonly errorsMax: number;
  readonly isDryRun: boolean;
  readonly isRestart: boolean;
  /** The file that says how far it is; `undefined`: it cannot go on. */
  readonly stateFile: string | undefined;
  /** The file that wrong rows are put aside in. */
  readonly rejectedFile: string;
}

/** What became of it. */
export interface ImportReport {
  readonly source: string;
  readonly format: string;
  readonly collection: string;
  readonly created: boolean;
  readonly resumed_at_row: number;
  /** Of all runs together. */
  readonly rows: number;
  readonly written: number;
  readonly put_aside: number;
  readonly put_aside_in: string | null;
  readonly first_wrong_rows: readonly RejectedRow[];
  readonly dry_run: boolean;
  /** Of this run. */
  readonly seconds: number;
  readonly rows_per_second: number;
}

/** Who is told of an import while it runs. */
export interface ImportListener {
  /** Before anything is written. */
  readonly onPlan: (plan: ImportPlan, from: Progress | undefined) => void;
  readonly onProgress: (position: Position, rejected: number) => void;
}

const SHOWN_MAX = 10;
/** Between two writes of the state, at least. */
const STATE_EVERY_MS = 250;

/** Rows as they come, made points; those that are none are wrong rows. */
class Rows {
  points: PlacedPoint[] = [];
  rejected: RejectedRow[] = [];
  characters = 0;
  readonly #rules: Parameters<typeof pointOfRow>[2];

  constructor(rules: Parameters<typeof pointOfRow>[2]) {
    this.#rules = rules;
  }

  add(row: Row): void {
    if (row.fault !== undefined) {
      this.rejected.push(rejectedRow(row.place, row.fault, row.raw));
      return;
    }
    try {
      const point = placed(pointOfRow(row.fields, row.next.rows - 1, this.#rules), row.place);
      if (point.text.length > batchCharactersMax)
        throw new MurmurationError(
          "validation",
          `the point takes ${point.text.length} characters, more than ${batchCharactersMax} that are sent at a time`,
        );
      this.points.push(point);
      this.characters += point.text.length;
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      this.rejected.push(rejectedRow(row.place, error, textOf(row.fields)));
    }
  }

  take() {
    const taken = { points: this.points, rejected: this.rejected };
    this.points = [];
    this.rejected = [];
    this.characters = 0;
    return taken;
  }

  isFull(pointsMax: number): boolean {
    return (
      this.points.length >= pointsMax || this.rejected.length >= pointsMax || this.characters >= batchCharactersMax / 2
    );
  }
}

function textOf(fields: Fields): string {
  try {
    return JSON.stringify(Object.fromEntries(fields), (_, value: unknown) => {
      if (typeof value === "bigint") return value.toString();
      return value instanceof Float32Array ? Array.from(value) : value;
    });
  } catch {
    return "";
  }
}

/** Adds up what was done. */
class Tally {
  progress: Progress;
  readonly shown: RejectedRow[] = [];
  readonly #rejectedRows: RejectedRows | undefined;

  constructor(progress: Progress, rejectedRows: RejectedRows | undefined) {
    this.progress = progress;
    this.#rejectedRows = rejectedRows;
  }

  add({ written, rejected, next }: DoneBatch): void {
    this.#rejectedRows?.add(rejected);
    this.shown.push(...rejected.slice(0, SHOWN_MAX - this.shown.length));
    this.progress = {
      position: next,
      written: this.progress.written + written,
      rejected: this.progress.rejected + rejected.length,
      rejectedBytes: this.#rejectedRows?.bytes ?? 0,
    };
  }
}

/**
 * Carries the rows of a source into a collection. What was acknowledged is in the state file within a moment, so that a run after one that was cut off goes on
 * there; what that one wrote besides is written again, to the same points. Throws a `MurmurationError` where it stops: all that came before stays, and the same
 * command goes on.
 */
export async function runImport(
  source: Source,
  server: Server,
  options: ImportOptions,
  listener: ImportListener,
): Promise<ImportReport> {
  const { stateFile } = options;
  const lock = stateFile === undefined || options.isDryRun ? undefined : takeState(stateFile);
  try {
    const sample = await sampleOf(source, options.sampleRows);
    try {
      return await importRows(source, sample, server, options, listener);
    } finally {
      await sample.close();
    }
  } finally {
    lock?.close();
  }
}

async function importRows(
  source: Source,
  sample: Sample,
  server: Server,
  options: ImportOptions,
  { onPlan, onProgress }: ImportListener,
): Promise<ImportReport> {
  const { collection, isDryRun, errorsMax, batchPoints } = options;
  const plan = await planImport(source, sample.fields, { server, collection }, options);
  const { layout, shapes } = plan;
  const asked = { layout: { ...layout, vectors: [...layout.vectors] }, first_id: options.firstId };
  const identity = { source: source.identity, target: { url: server.url, collection }, asked };
  const state = options.stateFile === undefined || isDryRun ? undefined : new ImportState(options.stateFile, identity);
  if (options.isRestart) state?.remove();
  const found = state?.read();
  const before = found?.makesCollection === true ? undefined : found;
  onPlan(plan, before);
  const startedMs = performance.now();
  const start = before ?? freshProgress;
  if (!isDryRun) await makeCollection(server, collection, { create: plan.create, source }, state, found);
  const rejectedRows = isDryRun ? undefined : new RejectedRows(options.rejectedFile, start.rejectedBytes);
  const tally = new Tally(start, rejectedRows);
  let savedMs = 0;
  const onDone = (batch: DoneBatch) => {
    tally.add(batch);
    onProgress(tally.progress.position, tally.progress.rejected);
    const nowMs = performance.now();
    if (nowMs - savedMs < STATE_EVERY_MS && tally.progress.rejected <= errorsMax) return;
    state?.write(tally.progress);
    savedMs = nowMs;
    checkErrors(tally.progress.rejected, errorsMax);
  };
  const writer = new BatchWriter(server, collection, options.parallel, onDone);
  const put = async (batch: { points: PlacedPoint[]; rejected: RejectedRow[]; next: Row["next"] }) => {
    if (isDryRun) onDone({ written: batch.points.length, rejected: batch.rejected, next: batch.next });
    else await writer.put(batch);
  };
  try {
    const rows = new Rows({ layout, shapes, firstId: options.firstId });
    let next = start.position;
    try {
      for await (const row of sample.rows(before?.position)) {
        rows.add(row);
        next = row.next;
        if (rows.isFull(batchPoints)) await put({ ...rows.take(), next });
      }
    } finally {
      // also where the source ends badly: what it gave before is written
      if (next.rows > start.position.rows) await put({ ...rows.take(), next });
      await writer.drain();
    }
    checkErrors(tally.progress.rejected, errorsMax);
    state?.remove();
  } catch (error) {
    if (tally.progress.position.rows > 0) state?.write(tally.progress);
    throw error;
  } finally {
    rejectedRows?.close();
  }
  const { position, written, rejected } = tally.progress;
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    source: source.name,
    format: source.format,
    collection,
    created: plan.create !== undefined && !isDryRun,
    resumed_at_row: start.position.rows,
    rows: position.rows,
    written,
    put_aside: rejected,
    put_aside_in: rejected > 0 && !isDryRun ? options.rejectedFile : null,
    first_wrong_rows: tally.shown,
    dry_run: isDryRun,
    seconds: Math.round(seconds * 1000) / 1000,
    rows_per_second: Math.round((position.rows - start.position.rows) / Math.max(seconds, 0.001)),
  };
}
