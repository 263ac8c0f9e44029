import {
  type CollectionReader,
  type Emit,
  type Interruption,
  MurmurationError,
  type PointRecord,
  type PointsQuery,
  type ReadWatch,
  type ScoredRecord,
  type Selection,
  type Sliced,
  type Snapshot,
} from "@murmuration/index";
import { AnswerText } from "./answer-text.js";
import { explain } from "./explain.js";
import { exportPoints } from "./export-points.js";
import { writeFacet, writeGroups, writeMatrix } from "./print-aggregates.js";
import {
  isLarge,
  type PointPrinter,
  pointParts,
  printPoint,
  putInSlices,
  recordPrinter,
  scoredPrinter,
  scrolledPrinter,
} from "./print-points.js";
import { writeQuality, writeWalk } from "./print-walk.js";
import type { ReaderAnswer } from "./readers.js";
import type { Reading, SearchesReading } from "./reading.js";
import { WatchedRead } from "./watched-read.js";

/** A page no larger than this is asked for as it is; a larger one is first cut to the number of points. */
const LARGE_PAGE = 10_000;
const everything = { payload: true, vectors: true } as const;

/** Is it exactly what all replicas answer at its frontier? `undefined`: nothing was walked. */
type Settled = boolean | undefined;

/**
 * Carry out a reading of collections, each at the epoch of now, and print what it finds. The same bytes wherever it is done. Fails as a
 * `Snapshot` does, with `not-found` for a point that is not there, and with `bad-request` for an answer beyond its bound.
 */
export function* runReading(collections: readonly CollectionReader[], reading: Reading): Sliced<ReaderAnswer> {
  if (reading.isWatched !== true && reading.kind !== "explain") return yield* run(collections, reading, undefined);
  const watch = new WatchedRead(reading.kind === "explain");
  const answer = yield* watch.timed(run(collections, reading, watch));
  const report = watch.report();
  if (reading.kind !== "explain") return { ...answer, report };
  return { ...answer, pieces: [explain(report.plan, reading.about)] };
}

function* run(
  collections: readonly CollectionReader[],
  reading: Reading,
  watch: ReadWatch | undefined,
): Sliced<ReaderAnswer> {
  for (;;) {
    const snapshots = new Map<CollectionReader, Snapshot>();
    try {
      for (const [i, one] of collections.entries()) {
        if (!snapshots.has(one)) snapshots.set(one, one.begin(reading.texts?.[i], watch));
      }
      const views = collections.map((one) => snapshots.get(one) as Snapshot);
      const text = new AnswerText();
      const settled = yield* write(views, reading, text, watch);
      const mayWalkAgain = reading.kind === "searches" || reading.kind === "groups";
      if (settled !== false || !mayWalkAgain || reading.untilSettled !== true) {
        const answer = { pieces: text.pieces(), epochs: views.map(({ epoch }) => epoch) };
        return settled === undefined ? answer : { ...answer, settled };
      }
      yield "pause";
    } finally {
      for (const snapshot of snapshots.values()) snapshot.release();
    }
  }
}

function* write(
  views: readonly Snapshot[],
  reading: Reading,
  text: AnswerText,
  watch: ReadWatch | undefined,
): Sliced<Settled> {
  const view = views[0] as Snapshot;
  switch (reading.kind) {
    case "searches":
      return yield* writeSearches(views, reading, text, watch);
    case "groups":
      return yield* writeGroups(views, reading.query, text, watch);
    case "facet":
      yield* writeFacet(view, reading.query, text);
      return undefined;
    case "matrix":
      yield* writeMatrix(view, reading, text);
      return undefined;
    case "walk":
      return yield* writeWalk(views, reading.query, text);
    case "quality":
      return yield* writeQuality(view, reading.query, text);
    case "scroll": {
      const { request } = reading;
      text.put('{"points":');
      const next = yield* list(text, (emit) => view.scroll(request, emit), scrolledPrinter, request.selection, watch);
      text.put(`,"next_page_offset":${typeof next === "string" ? `"${next}"` : next}}`);
      return undefined;
    }
    case "count":
      text.put(`{"count":${yield* view.count(reading.filter)}}`);
      return undefined;
    case "explain":
      if (reading.about.refused === undefined) yield* write(views, reading.of, text, watch);
      return undefined;
    case "export":
      text.put(yield* exportPoints(view, reading));
      return undefined;
    case "retrieve": {
      const { ids, selection } = reading;
      yield* list(text, (emit) => view.retrieve(ids, selection, emit), recordPrinter, selection, watch);
      return undefined;
    }
    case "point": {
      let record: PointRecord | undefined;
      yield* view.retrieve([reading.id], everything, (found) => {
        record = found;
      });
      if (record === undefined) {
        throw new MurmurationError("not-found", `Point with id ${reading.id} does not exists!`, "id");
      }
      yield* putInSlices(text, pointParts(record, everything, recordPrinter));
      return undefined;
    }
  }
}

function* writeSearches(
  views: readonly Snapshot[],
  { searches, isBatch, shape }: SearchesReading,
  text: AnswerText,
  watch: ReadWatch | undefined,
): Sliced<Settled> {
  let separator = isBatch ? "[" : "";
  let settled: Settled;
  for (const search of searches) {
    text.put(shape === "points" ? `${separator}{"points":` : separator);
    separator = ",";
    const one = yield* writeQuery(views, search, text, watch);
    if (one !== undefined) settled = one && settled !== false;
    if (shape === "points") text.put("}");
  }
  if (isBatch) text.put(searches.length === 0 ? "[]" : "]");
  return settled;
}

function* writeQuery(
  views: readonly Snapshot[],
  query: PointsQuery,
  text: AnswerText,
  watch: ReadWatch | undefined,
): Sliced<Settled> {
  const view = views[0] as Snapshot;
  const { limit, offset, selection } = query;
  const isCut = limit <= LARGE_PAGE && offset <= LARGE_PAGE;
  const asked = isCut ? query : { ...query, limit: yield* cut(view, limit), offset: yield* cut(view, offset) };
  const search = (emit: Emit<ScoredRecord>) => view.query(asked, emit, views);
  const { isSettled } = yield* list(text, search, scoredPrinter, selection, watch);
  return isSettled;
}

/** A number of rows, cut to how many there are where it is large. */
function* cut(view: Snapshot, rows: number): Sliced<number> {
  return rows <= LARGE_PAGE ? rows : Math.min(rows, Math.max(LARGE_PAGE, yield* view.count()));
}

/** An array of what a read finds, as it is printed; large points in slices. Returns what the read returns. */
function* list<Found extends PointRecord, T>(
  text: AnswerText,
  read: (emit: Emit<Found>) => Generator<Interruption, T, void>,
  printer: PointPrinter<Found>,
  selection: Selection,
  watch: ReadWatch | undefined,
): Sliced<T> {
  let separator = "[";
  // a read does not pause where it gives out: from a large one on, what it has given out is printed when it does
  const waiting: Found[] = [];
  const work = read((found) => {
    if (waiting.length > 0 || isLarge(found)) {
      waiting.push(found);
      return;
    }
    watch?.enter("render");
    text.put(separator + printPoint(found, selection, printer));
    separator = ",";
  });
  try {
    for (;;) {
      const step = work.next();
      if (step.done !== true) yield step.value;
      for (const found of waiting.splice(0)) {
        watch?.enter("render");
        text.put(separator);
        yield* putInSlices(text, pointParts(found, selection, printer));
        separator = ",";
      }
      if (step.done !== true) continue;
      text.put(separator === "[" ? "[]" : "]");
      return step.value;
    }
  } finally {
    work.return(undefined as T);
  }
}
