import {
  type CollectionReader,
  type Emit,
  type Interruption,
  MurmurationError,
  type PointRecord,
  type PointsQuery,
  type Selection,
  type Sliced,
  type Snapshot,
} from "@murmuration/index";
import { AnswerText } from "./answer-text.js";
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
import type { ReaderAnswer } from "./readers.js";
import type { Reading, SearchesReading } from "./reading.js";

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
  for (;;) {
    const snapshots = new Map<CollectionReader, Snapshot>();
    try {
      for (const [i, one] of collections.entries()) {
        if (!snapshots.has(one)) snapshots.set(one, one.begin(reading.texts?.[i]));
      }
      const views = collections.map((one) => snapshots.get(one) as Snapshot);
      const text = new AnswerText();
      const settled = yield* write(views, reading, text);
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

function* write(views: readonly Snapshot[], reading: Reading, text: AnswerText): Sliced<Settled> {
  const view = views[0] as Snapshot;
  switch (reading.kind) {
    case "searches":
      return yield* writeSearches(views, reading, text);
    case "groups":
      return yield* writeGroups(views, reading.query, text);
    case "facet":
      yield* writeFacet(view, reading.query, text);
      return undefined;
    case "matrix":
      yield* writeMatrix(view, reading, text);
      return undefined;
    case "scroll": {
      const { request } = reading;
      text.put('{"points":');
      const next = yield* list(text, (emit) => view.scroll(request, emit), scrolledPrinter, request.selection);
      text.put(`,"next_page_offset":${typeof next === "string" ? `"${next}"` : next}}`);
      return undefined;
    }
    case "count":
      text.put(`{"count":${yield* view.count(reading.filter)}}`);
      return undefined;
    case "export":
      text.put(yield* exportPoints(view, reading));
      return undefined;
    case "retrieve": {
      const { ids, selection } = reading;
      yield* list(text, (emit) => view.retrieve(ids, selection, emit), recordPrinter, selection);
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
): Sliced<Settled> {
  let separator = isBatch ? "[" : "";
  let settled: Settled;
  for (const search of searches) {
    text.put(shape === "points" ? `${separator}{"points":` : separator);
    separator = ",";
    const one = yield* writeQuery(views, search, text);
    if (one !== undefined) settled = one && settled !== false;
    if (shape === "points") text.put("}");
  }
  if (isBatch) text.put(searches.length === 0 ? "[]" : "]");
  return settled;
}

function* writeQuery(views: readonly Snapshot[], query: PointsQuery, text: AnswerText): Sliced<Settled> {
  const view = views[0] as Snapshot;
  const { limit, offset, selection } = query;
  const isCut = limit <= LARGE_PAGE && offset <= LARGE_PAGE;
  const asked = isCut ? query : { ...query, limit: yield* cut(view, limit), offset: yield* cut(view, offset) };
  const { isSettled } = yield* list(text, (emit) => view.query(asked, emit, views), scoredPrinter, selection);
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
): Sliced<T> {
  let separator = "[";
  // a read does not pause where it gives out: from a large one on, what it has given out is printed when it does
  const waiting: Found[] = [];
  const work = read((found) => {
    if (waiting.length > 0 || isLarge(found)) {
      waiting.push(found);
      return;
    }
    text.put(separator + printPoint(found, selection, printer));
    separator = ",";
  });
  try {
    for (;;) {
      const step = work.next();
      if (step.done !== true) yield step.value;
      for (const found of waiting.splice(0)) {
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
