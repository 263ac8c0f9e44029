import type { PointRecord, ReplicaView, ScoredPoint, ScrolledPoint, SessionToken } from "@murmuration/core";
import { MurmurationError, type PointId, type Sliced } from "@murmuration/index";
import { JsonText } from "../http/json-text.js";
import { ReadTurns } from "../http/read-turns.js";
import type { ReadingLimits } from "../read/readers.js";
import type {
  NearestSearch,
  PageSearch,
  PointReading,
  ReadAnswer,
  Reading,
  ScrollReading,
  Search,
  SearchesReading,
} from "../read/reading.js";
import { printScored, renderRecord, renderScored } from "../routes/render.js";
import { ViewReads } from "./view-reads.js";

/** A page no larger than this is asked for as it is; a larger one is first cut to the number of points. */
const LARGE_PAGE = 10_000;
const everything = { payload: true, vectors: true } as const;

/** Readings of a view, in this thread: they take turns with everything else here. */
export class ViewReader {
  readonly #view: ReplicaView;
  readonly #reads: ViewReads;
  readonly #frontiers: (names: readonly string[]) => SessionToken;
  readonly #turns = new ReadTurns();

  /** `frontiers`: of the catalogue and these collections as they are now. */
  constructor(view: ReplicaView, frontiers: (names: readonly string[]) => SessionToken) {
    this.#view = view;
    this.#reads = new ViewReads(view);
    this.#frontiers = frontiers;
  }

  async read(names: readonly string[], reading: Reading, limits: ReadingLimits): Promise<ReadAnswer> {
    let frontiers: SessionToken | undefined;
    const text = new JsonText();
    await this.#turns.run(this.#run(names, reading, text), {
      ...limits,
      onFixed: () => {
        frontiers = this.#frontiers(names);
      },
    });
    return { pieces: text.pieces(), frontiers: frontiers ?? this.#frontiers(names) };
  }

  #run(names: readonly string[], reading: Reading, text: JsonText): Sliced<void> {
    const name = names[0] as string;
    switch (reading.kind) {
      case "searches":
        return this.#searches(names, reading, text);
      case "scroll":
        return this.#scroll(name, reading, text);
      case "count":
        return this.#count(name, reading.filter, text);
      case "retrieve": {
        const { ids, selection } = reading;
        return text.list<PointRecord, void>(
          (emit) => this.#reads.retrieve(name, ids, selection, emit),
          (record) => renderRecord(record, selection),
        );
      }
      case "point":
        return this.#point(name, reading, text);
    }
  }

  *#searches(names: readonly string[], { searches, isBatch, shape }: SearchesReading, text: JsonText): Sliced<void> {
    let separator = isBatch ? "[" : "";
    for (const search of searches) {
      text.raw(shape === "points" ? `${separator}{"points":` : separator);
      separator = ",";
      yield* this.#search(names, search, text);
      if (shape === "points") text.raw("}");
    }
    if (isBatch) text.raw(searches.length === 0 ? "[]" : "]");
  }

  #search(names: readonly string[], search: Search, text: JsonText): Sliced<void> {
    return search.kind === "page" ? this.#page(names[0] as string, search, text) : this.#nearest(names, search, text);
  }

  *#page(name: string, { filter, limit, offset, selection }: PageSearch, text: JsonText): Sliced<void> {
    let passed = 0;
    const request = { limit: this.#cut(name, offset + limit), selection, ...(filter === undefined ? {} : { filter }) };
    yield* text.list<ScrolledPoint, PointId | null>(
      (emit) =>
        this.#reads.scroll(name, request, (point) => {
          if (passed++ >= offset) emit(point);
        }),
      (point) => ({ ...renderRecord(point, selection), version: 0, score: 1 }),
    );
  }

  #nearest(names: readonly string[], { query, lookup }: NearestSearch, text: JsonText): Sliced<void> {
    const name = names[0] as string;
    const { selection } = query;
    const request = {
      ...query,
      limit: this.#cut(name, query.limit),
      offset: this.#cut(name, query.offset),
      ...(lookup === undefined ? {} : { lookupFrom: { ...lookup, collection: names[lookup.collection] as string } }),
    };
    const read = (emit: (point: ScoredPoint) => void) => this.#reads.query(name, request, emit);
    return selection.payload === false && selection.vectors === false
      ? text.printed<ScoredPoint, void>(read, printScored)
      : text.list<ScoredPoint, void>(read, (point) => renderScored(point, selection));
  }

  *#scroll(name: string, { request }: ScrollReading, text: JsonText): Sliced<void> {
    text.raw('{"points":');
    const next = yield* text.list<ScrolledPoint, PointId | null>(
      (emit) => this.#reads.scroll(name, request, emit),
      (point) => ({
        ...renderRecord(point, request.selection),
        ...(point.orderValue === undefined ? {} : { order_value: point.orderValue }),
      }),
    );
    text.raw(',"next_page_offset":');
    text.value(next);
    text.raw("}");
  }

  *#count(name: string, filter: Parameters<ViewReads["count"]>[1], text: JsonText): Sliced<void> {
    text.value({ count: yield* this.#reads.count(name, filter) });
  }

  *#point(name: string, { id }: PointReading, text: JsonText): Sliced<void> {
    let record: PointRecord | undefined;
    yield* this.#reads.retrieve(name, [id], everything, (found) => {
      record = found;
    });
    if (record === undefined) throw new MurmurationError("not-found", `Point with id ${id} does not exists!`, "id");
    yield* text.valueInSlices(renderRecord(record, everything));
  }

  /** A number of rows, cut to how many there are where it is large. */
  #cut(name: string, rows: number): number {
    return rows <= LARGE_PAGE ? rows : Math.min(rows, Math.max(LARGE_PAGE, this.#view.shard(name).table.size));
  }
}
