import { progressBar, wallSeconds } from "../harness.js";
import { shortened } from "../numbers.js";
import type { ServerProcess } from "../server-process.js";
import { inParallel } from "./pace.js";
import { type PointBody, pointOf, type Shape } from "./shapes.js";

/** Points of one request: below it requests cost more than points, above it a body is long to parse. */
export const BATCH = 250;
/** Requests under way. */
export const WRITERS = 4;
const K = 10;
/** Name of every collection of these benchmarks. */
export const COLLECTION = "bench";
const PATH = `/collections/${COLLECTION}`;

/** What a part of a load took. */
export interface Loaded {
  readonly points: number;
  readonly seconds: number;
  /** Processor time of the server. */
  readonly cpuSeconds: number;
}

/** Creates the collection of a shape with its payload indexes. */
export async function createCollection(server: ServerProcess, shape: Shape): Promise<void> {
  await server.call("PUT", PATH, shape.creation);
  for (const [field_name, field_schema] of Object.entries(shape.indexed)) {
    await server.call("PUT", `${PATH}/index?wait=true`, { field_name, field_schema });
  }
}

/** Writes points, durable and visible when it resolves. */
export async function upsert(server: ServerProcess, points: readonly PointBody[]): Promise<void> {
  await server.call("PUT", `${PATH}/points?wait=true`, { points });
}

/** Writes the rows `from` ≤ row < `end`, several requests under way. */
export async function load(server: ServerProcess, shape: Shape, from: number, end: number): Promise<Loaded> {
  const batches = Math.ceil((end - from) / BATCH);
  const bar = progressBar(`loading ${shape.name}`, batches);
  const [cpu, start] = [server.processCpuSeconds() ?? Number.NaN, wallSeconds()];
  await inParallel(batches, WRITERS, async (batch) => {
    const first = from + batch * BATCH;
    const points = Array.from({ length: Math.min(BATCH, end - first) }, (_, i) => pointOf(shape, first + i));
    await upsert(server, points);
    bar.step();
  });
  bar.stop();
  return {
    points: end - from,
    seconds: wallSeconds() - start,
    cpuSeconds: (server.processCpuSeconds() ?? Number.NaN) - cpu,
  };
}

/** How many points the collection has. */
export async function countPoints(server: ServerProcess): Promise<number> {
  const { count } = (await server.call("POST", `${PATH}/points/count`, { exact: true })) as { readonly count: number };
  return count;
}

/** What a query is asked with. */
export interface QueryOptions {
  readonly filter?: object;
  readonly exact?: boolean;
  readonly ef?: number;
  readonly withPayload?: boolean;
}

/** The query of a number as a request's body. */
export function queryBody(shape: Shape, at: number, { filter, exact, ef, withPayload }: QueryOptions = {}): object {
  return {
    query: Array.from(shape.vectors.query(at), shortened),
    limit: K,
    with_payload: withPayload === true,
    ...(filter === undefined ? {} : { filter }),
    params: { ...(exact === true ? { exact } : {}), ...(ef === undefined ? {} : { hnsw_ef: ef }) },
  };
}

/** Ids that a query finds, nearest first. */
export async function ask(server: ServerProcess, body: object): Promise<readonly number[]> {
  const { points } = (await server.call("POST", `${PATH}/points/query`, body)) as {
    readonly points: readonly { readonly id: number }[];
  };
  return points.map(({ id }) => id);
}

/** Mean recall@10 of the first queries, against exact search of the same server. */
export async function recallOver(
  server: ServerProcess,
  shape: Shape,
  queries: number,
  options: QueryOptions = {},
): Promise<number> {
  let hits = 0;
  let wanted = 0;
  await inParallel(queries, 2, async (at) => {
    const [found, truth] = await Promise.all([
      ask(server, queryBody(shape, at, options)),
      ask(server, queryBody(shape, at, { ...options, exact: true })),
    ]);
    hits += found.filter((id) => truth.includes(id)).length;
    wanted += truth.length;
  });
  return wanted === 0 ? Number.NaN : hits / wanted;
}
