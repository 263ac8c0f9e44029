import type { Markers } from "./markers.js";
import { ok } from "./ok.js";
import type { ServerProcess } from "./server.js";

/** An erasure as the server tells of it. */
export interface ToldErasure {
  readonly id: string;
  readonly points: number;
  readonly over: boolean;
  readonly replicas: readonly {
    readonly replica: number;
    readonly state: string;
    readonly done?: { readonly [what: string]: unknown };
  }[];
  readonly here: { readonly stage: string; readonly waits_for: readonly number[] };
  readonly still_held: readonly { readonly where: string; readonly what: string }[];
}

const SIZE = 8;

/** A collection with vectors of each kind and indexes of each kind that keeps values. */
export async function createMarked(server: ServerProcess): Promise<void> {
  const dense = { size: SIZE, distance: "Euclid" };
  await ok(server, "PUT", "/collections/c", {
    vectors: {
      dense,
      disk: { ...dense, on_disk: true },
      many: { ...dense, distance: "Dot", multivector_config: { comparator: "max_sim" } },
    },
    sparse_vectors: { sparse: {} },
  });
  const schemas = { tag: "keyword", words: "text", n: "integer", id: "uuid", f: "float" };
  for (const [field_name, field_schema] of Object.entries(schemas))
    await ok(server, "PUT", "/collections/c/index?wait=true", { field_name, field_schema });
}

const plainVector = (i: number) => Array.from({ length: SIZE }, (_, d) => ((i * 7 + d * 3) % 11) / 4);

/** Points that stay. */
export async function putPlain(server: ServerProcess, from: number, to: number): Promise<void> {
  const points = Array.from({ length: to - from }, (_, at) => {
    const i = from + at;
    const vector = plainVector(i);
    return {
      id: i,
      vector: { dense: vector, disk: vector, many: [vector], sparse: { indices: [i % 5, 9], values: [1, i] } },
      payload: { tag: `t${i % 3}`, words: `plain words ${i}`, n: i, f: i / 2 },
    };
  });
  await ok(server, "PUT", "/collections/c/points?wait=true", { points });
}

/** A point with markers everywhere, which `who: erased` selects. */
export async function putMarked(
  server: ServerProcess,
  markers: Markers,
  name: string,
  id: string | number,
): Promise<void> {
  const of = (what: string) => `${name} ${what}`;
  const sparse = markers.vector(of("sparse"), 2);
  const payload = {
    who: "erased",
    tag: markers.text(of("keyword")),
    words: `some ${markers.text(of("word"))} more`,
    note: { deep: [markers.text(of("value"))] },
    n: markers.integer(of("integer")),
    id: markers.uuid(of("uuid value")),
    f: markers.float(of("float")),
  };
  const vector = {
    dense: markers.vector(of("dense"), SIZE),
    disk: markers.vector(of("disk"), SIZE),
    many: [markers.vector(of("multi"), SIZE), plainVector(1)],
    sparse: { indices: [3, 70], values: sparse },
  };
  await ok(server, "PUT", "/collections/c/points?wait=true", { points: [{ id, vector, payload }] });
}

export const isErased = { must: [{ key: "who", match: { value: "erased" } }] };

/** The points that there are, whole. */
export async function pointsOf(server: ServerProcess): Promise<readonly unknown[]> {
  const body = { limit: 1_000, with_payload: true, with_vector: true };
  return ((await ok(server, "POST", "/collections/c/points/scroll", body)) as { points: readonly unknown[] }).points;
}

export async function erasureOf(server: ServerProcess, id: string): Promise<ToldErasure> {
  return (await ok(server, "GET", `/murmur/erasures/${id}`)) as ToldErasure;
}

/** How long an erasure may take: seconds; but where a machine is busy with other things, each start of a process takes some. */
export const OVER_MS = 240_000;
