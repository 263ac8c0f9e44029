import { randomInt } from "node:crypto";
import type { Collection } from "@murmuration/core";
import {
  type GroupsQuery,
  type Lookup,
  MurmurationError,
  type PointsQuery,
  parsePath,
  type QueryNode,
  type SearchParameters,
  type Source,
} from "@murmuration/index";
import type { Database } from "../engine/database.js";
import { within } from "../http/schemas/fields.js";
import type { Grouping } from "../http/schemas/groups.js";
import type { Prefetch, QueryBody, SearchBody, SearchParams } from "../http/schemas/query.js";
import type { QueryForm } from "../http/schemas/query-forms.js";
import { checkSelected, checkVector, vectorSpaceOf } from "./check-vectors.js";
import { isWithoutGraph } from "./collection-settings.js";
import { isFusion, nodeOf, refused } from "./plan-node.js";
import { selectionOf } from "./render.js";

/** Where a query finds the collections that it names. */
export type Collections = Pick<Database, "collection">;

/** The collections of a read: the one that it searches, then those that points are looked up in. */
export class ReadNames {
  readonly searched: string;
  readonly #places: Map<string, number>;

  constructor(searched: string) {
    this.searched = searched;
    this.#places = new Map([[searched, 0]]);
  }

  get all(): string[] {
    return [...this.#places.keys()];
  }

  /** Where a name stands among them. */
  placeOf(name: string): number {
    const place = this.#places.get(name) ?? this.#places.size;
    this.#places.set(name, place);
    return place;
  }
}

/** Another sample with every request. */
const drawSeed = (): number => randomInt(2 ** 32);

/** int8 distances alone answer only when `rescore` is turned off; ignoring quantisation is then the contrary wish. */
function parametersOf(params: SearchParams | undefined): SearchParameters {
  const { hnsw_ef: efSearch, exact, quantization, idf } = params ?? {};
  const rescore = quantization?.ignore === true ? true : quantization?.rescore;
  return {
    ...(efSearch === undefined ? {} : { efSearch }),
    ...(exact === true ? { exact } : {}),
    ...(rescore === undefined ? {} : { rescore }),
    ...(quantization?.oversampling === undefined ? {} : { oversampling: quantization.oversampling }),
    ...(idf === undefined ? {} : { idf }),
  };
}

function sourceOf(
  collection: Collection,
  body: Pick<Prefetch, "limit" | "params" | "filter" | "score_threshold">,
  using: string,
) {
  const parameters = parametersOf(body.params);
  return {
    using,
    limit: body.limit,
    parameters: isWithoutGraph(collection, using) ? { ...parameters, exact: true, isWithoutGraph: true } : parameters,
    ...(body.filter === undefined ? {} : { filter: body.filter }),
    ...(body.score_threshold === undefined ? {} : { scoreThreshold: body.score_threshold }),
  };
}

/** The collection that points are looked up in. Throws `not-found`, in the words of the dialect. */
function lookedUpIn(database: Collections, name: string, field: string): Collection {
  try {
    return database.collection(name);
  } catch (error) {
    if (!(error instanceof MurmurationError) || error.code !== "not-found") throw error;
    throw new MurmurationError("not-found", `Collection ${name} not found`, field);
  }
}

/** Where a query looks up the points that it names; `undefined`: where it searches. */
function lookupOf(database: Collections, { lookup_from: from, using }: Prefetch, names: ReadNames): Lookup | undefined {
  if (from === undefined) return undefined;
  const collection = lookedUpIn(database, from.collection, "lookup_from.collection");
  vectorSpaceOf(collection, from.vector ?? using, "lookup_from.vector");
  return { collection: names.placeOf(from.collection), ...(from.vector === undefined ? {} : { vector: from.vector }) };
}

function checkWithoutQuery({ prefetch, score_threshold: threshold }: Prefetch): void {
  if (prefetch !== undefined) {
    const why = "A query is needed to merge the prefetches. Can't have prefetches without defining a query.";
    throw refused(why, "prefetch");
  }
  if (threshold !== undefined) {
    const why = "A query is needed to use the score_threshold. Can't have score_threshold without defining a query.";
    throw refused(why, "score_threshold");
  }
}

/** Forms that compare points with vectors, and so need to know which. */
function comparesVectors(form: QueryForm | undefined): boolean {
  return form !== undefined && !["rrf", "dbsf", "order-by", "sample", "formula"].includes(form.kind);
}

function planSource(database: Collections, body: Prefetch, names: ReadNames): Source {
  if (body.query === undefined) checkWithoutQuery(body);
  const collection = database.collection(names.searched);
  const { query, using, prefetch = [] } = body;
  const planning = { collection, body, lookup: lookupOf(database, body, names), prefetches: prefetch.length };
  const node = nodeOf(planning, query, drawSeed);
  if (comparesVectors(query) || (!isFusion(query) && using !== "")) vectorSpaceOf(collection, using, "using");
  const source = { node, ...sourceOf(collection, body, using) };
  if (prefetch.length === 0) return source;
  const inner = prefetch.map((one, i) => within(`prefetch[${i}]`, () => planSource(database, one, names)));
  return { ...source, prefetch: inner };
}

/** What a query asks of the reader, once all that can be refused has been. */
export function planQuery(database: Collections, body: QueryBody, names: ReadNames): PointsQuery {
  const source = planSource(database, body, names);
  checkSelected(database.collection(names.searched), body.with_vector);
  return { ...source, offset: body.offset, selection: selectionOf(body) };
}

/** The same of a query whose answer is in groups. */
export function planGroups(
  database: Collections,
  body: Omit<QueryBody, "offset"> & Grouping,
  names: ReadNames,
): GroupsQuery {
  const source = planSource(database, body, names);
  checkSelected(database.collection(names.searched), body.with_vector);
  const { group_by: groupBy, group_size: groupSize, with_lookup: lookup } = body;
  parsePath(groupBy, "group_by");
  const query = { ...source, groupBy, groupSize, selection: selectionOf(body) };
  if (lookup === undefined) return query;
  checkSelected(lookedUpIn(database, lookup.collection, "with_lookup.collection"), lookup.with_vector);
  return { ...query, lookup: { collection: names.placeOf(lookup.collection), selection: selectionOf(lookup) } };
}

/** The same of a legacy search. */
export function planSearch(database: Collections, body: SearchBody, names: ReadNames): PointsQuery {
  const { using, vector } = body.vector;
  const collection = database.collection(names.searched);
  checkVector(collection, using, vector, "vector");
  checkSelected(collection, body.with_vector);
  const node: QueryNode = { kind: "nearest", target: { kind: "vector", vector } };
  return { node, ...sourceOf(collection, body, using), offset: body.offset, selection: selectionOf(body) };
}

/** Collections that queries look points up in. */
export function lookupsOf(queries: readonly Prefetch[]): string[] {
  return queries.flatMap(({ lookup_from: lookup, prefetch = [] }) => [
    ...(lookup === undefined ? [] : [lookup.collection]),
    ...lookupsOf(prefetch),
  ]);
}
