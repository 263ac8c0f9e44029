import type { NearestHere } from "@murmuration/core";
import type { Filter, Payload, PointId, QueryTarget, ScrollQuery, Selection } from "@murmuration/index";
import { parseJson } from "../http/json.js";
import type { Reading } from "../read/reading.js";
import type { Database } from "./database.js";

const forever = {
  deadlineMs: Number.POSITIVE_INFINITY,
  timeoutMs: Number.POSITIVE_INFINITY,
  isAbandoned: () => false,
};

/** A point as it is answered. */
export interface AnsweredPoint {
  readonly id: PointId;
  readonly payload?: Payload;
  readonly vector?: unknown;
  readonly score?: number;
  readonly version?: number;
}

/** Reads of a database, as they are answered. */
export function readsOf(database: Database) {
  async function read(name: string, reading: Reading): Promise<unknown> {
    const { pieces } = await database.read([name], reading, forever);
    return parseJson(Buffer.concat(pieces.map((piece) => Buffer.from(piece as Uint8Array))).toString("utf8"));
  }
  return {
    retrieve: (name: string, ids: readonly PointId[], selection: Selection) =>
      read(name, { kind: "retrieve", ids, selection }) as Promise<AnsweredPoint[]>,
    scroll: (name: string, request: ScrollQuery) =>
      read(name, { kind: "scroll", request }) as Promise<{ readonly points: AnsweredPoint[] }>,
    async count(name: string, filter: Filter | undefined): Promise<number> {
      const answer = await read(name, { kind: "count", ...(filter === undefined ? {} : { filter }) });
      return (answer as { readonly count: number }).count;
    },
    query: (name: string, { query, ...rest }: NearestHere) => {
      const target: QueryTarget = "id" in query ? { kind: "point", id: query.id } : { kind: "vector", vector: query };
      const searches = [{ ...rest, node: { kind: "nearest", target } }] as const;
      return read(name, { kind: "searches", searches, isBatch: false, shape: "list" }) as Promise<AnsweredPoint[]>;
    },
  };
}
