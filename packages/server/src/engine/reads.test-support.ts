import type {
  NearestQuery,
  PointRecord,
  ScoredPoint,
  ScrolledPoint,
  ScrollPage,
  ScrollRequest,
  Selection,
} from "@murmuration/core";
import { type Filter, finish, type PointId } from "@murmuration/index";
import type { Database } from "./database.js";

/** Reads of a database, each done at once. */
export const readsOf = (database: Database) => ({
  retrieve(name: string, ids: readonly PointId[], selection: Selection): PointRecord[] {
    const records: PointRecord[] = [];
    finish(database.retrieve(name, ids, selection, (record) => records.push(record)));
    return records;
  },
  scroll(name: string, request: ScrollRequest): ScrollPage {
    const points: ScrolledPoint[] = [];
    const nextOffset = finish(database.scroll(name, request, (point) => points.push(point)));
    return { points, nextOffset };
  },
  count: (name: string, filter: Filter | undefined): number => finish(database.count(name, filter)),
  query(name: string, request: NearestQuery): ScoredPoint[] {
    const points: ScoredPoint[] = [];
    finish(database.query(name, request, (point) => points.push(point)));
    return points;
  },
});
