import {
  type Command,
  type DenseVectorSpace,
  MemoryOpLog,
  type Outgoing,
  Replica,
  type VectorSpace,
} from "@murmuration/core";
import { MurmurationError, multiVector, sparseVector } from "@murmuration/index";

/** An operation as a log holds it. */
export interface Row {
  readonly shard: string;
  readonly origin: number;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** Replicas of the cluster that wrote the history. */
export const ORIGINS = [1, 2, 3] as const;
/** The replica that is fuzzed. It takes itself for a founder, so that it follows the others at once; they know nothing of it. */
export const SUBJECT = 4;
export const CLUSTER = "fuzz";
export const BOOKS = "books";
export const FILMS = "films";
export const START_MS = 1_000_000;
const TICK_MS = 100;
const IDS = 12;

const space = (size: number, more: Partial<DenseVectorSpace> = {}): DenseVectorSpace => ({
  size,
  distance: "Dot",
  links: 3,
  efConstruction: 8,
  quantization: "int8",
  ...more,
});

/** Kinds of vectors that are not dense. */
const others: { readonly [name: string]: VectorSpace } = {
  terms: { kind: "sparse", modifier: "idf" },
  parts: { kind: "multi", size: 2, distance: "Cosine" },
};

function makeCollection(name: string, vectors: { readonly [name: string]: VectorSpace }): Command {
  return { kind: "create-collection", name, vectors, settings: { metadata: { made: name } } };
}

/** What the replicas are told, in turn: every kind of command, some of them at two replicas that do not hear of each other. */
function* commands(): Generator<{ readonly at: number; readonly command: Command; readonly isCut?: boolean }> {
  const collection = BOOKS;
  yield { at: 1, command: makeCollection(BOOKS, { "": space(3), half: space(2, { encoding: "f16" }), ...others }) };
  yield { at: 2, command: makeCollection(FILMS, { plot: space(2, { distance: "Cosine", encoding: "sq8" }) }) };
  const point = (id: number, shift: number) => ({
    id,
    vectors: {
      "": Float32Array.from([id, shift, (id * 7) % 5]),
      ...(id % 2 === 0 ? { half: Float32Array.from([shift, id]) } : {}),
      ...(id % 3 !== 0
        ? { terms: sparseVector(id % 3 === 1 ? [shift, 9 + id] : [], id % 3 === 1 ? [1, id] : [], "") }
        : {}),
      ...(id % 4 === 1 ? { parts: multiVector([Float32Array.of(id, shift), Float32Array.of(1, 0)], "") } : {}),
    },
    payload: { n: id, tag: `t${id % 3}`, deep: { er: [shift, null, "x"] } },
  });
  const upsert = (at: number, from: number, isCut: boolean) => ({
    at,
    isCut,
    command: {
      kind: "upsert-points",
      collection,
      points: Array.from({ length: 3 }, (_, i) => point((from + i) % IDS, at)),
      mode: "upsert",
    } as const,
  });
  for (let turn = 0; turn < 4; turn++) for (const at of ORIGINS) yield upsert(at, turn * 3 + at, turn % 2 === 1);
  const film = { id: 1, vectors: { plot: Float32Array.from([1, 2]) }, payload: { title: "\ufeffM" } };
  yield { at: 3, command: { kind: "upsert-points", collection: FILMS, points: [film], mode: "upsert" } };
  const same = { ...point(2, 2), payload: { n: 2 } };
  yield { at: 2, command: { kind: "upsert-points", collection, points: [same, same], mode: "upsert" } };
  const half = { id: 4, vectors: { half: Float32Array.from([9, 9]) } };
  yield { at: 2, command: { kind: "update-vectors", collection, points: [half] } };
  yield { at: 2, command: { kind: "delete-vectors", collection, target: { ids: [6] }, vectors: ["half"] } };
  yield { at: 3, command: { kind: "set-payload", collection, target: { ids: [1, 2] }, payload: { x: 1n << 60n } } };
  yield { at: 2, command: { kind: "overwrite-payload", collection, target: { ids: [3] }, payload: { y: [] } } };
  yield { at: 2, command: { kind: "delete-payload", collection, target: { ids: [2] }, keys: ["n"] } };
  yield { at: 3, command: { kind: "clear-payload", collection, target: { ids: [5] } } };
  yield {
    at: 3,
    command: { kind: "create-payload-index", collection, path: "deep.er[]", schema: { kind: "keyword" } },
  };
  yield { at: 2, command: { kind: "create-payload-index", collection, path: "n", schema: { kind: "integer" } } };
  yield { at: 2, command: { kind: "delete-points", collection, target: { ids: [7, 8] } } };
  yield { at: 3, command: { kind: "delete-points", collection, target: { ids: [9] } } };
  const alias = { kind: "create-alias", collection, alias: "shelf" } as const;
  yield { at: 2, command: { kind: "change-aliases", actions: [alias] } };
  yield { at: 3, command: { kind: "update-collection", collection: FILMS, settings: { note: "é" } } };
  yield* lateVectors();
  // linked by upkeep, and switched to
  yield { at: 2, command: { kind: "begin-graph", collection, vector: "half", links: 6, efConstruction: 24, by: 2 } };
  yield upsert(2, 9, true);
  yield upsert(3, 4, true);
  yield { at: 2, command: { kind: "delete-payload-index", collection, path: "n" } };
}

/** A vector that is added to a collection, dropped, and added again with another size. */
function* lateVectors(): Generator<{ readonly at: number; readonly command: Command }> {
  const named = { collection: FILMS, name: "late" } as const;
  const give = (late: Float32Array): Command => {
    const film = { id: 1, vectors: { plot: Float32Array.from([2, 1]), late }, payload: { title: "late" } };
    return { kind: "upsert-points", collection: FILMS, points: [film], mode: "upsert" };
  };
  yield { at: 2, command: { kind: "add-vector", ...named, space: space(3, { encoding: "turbo4" }), given: {} } };
  yield { at: 2, command: give(Float32Array.from([1, -2, 3])) };
  yield { at: 3, command: { kind: "drop-vector", ...named } };
  yield { at: 3, command: { kind: "add-vector", ...named, space: space(2, { encoding: "u8" }), given: { note: 1 } } };
  yield { at: 3, command: give(Float32Array.from([7.5, 300])) };
}

/** Opens a replica of the cluster. */
export function openMember(
  id: number,
  log: MemoryOpLog,
  nowMs: () => number,
  recoverFrom?: "log" | "projection",
): Replica {
  return Replica.open({
    log,
    clock: { now: nowMs },
    newReplicaId: () => id,
    newTableSeed: () => [1, 2],
    cluster: {
      name: CLUSTER,
      region: `r${id}`,
      nonce: id,
      founders: id === SUBJECT ? [...ORIGINS, SUBJECT] : ORIGINS,
      startWaitMs: 0,
    },
    ...(recoverFrom === undefined ? {} : { recoverFrom }),
  });
}

/**
 * Everything that three replicas wrote, in an order in which one of them took it: every kind of operation, those of upkeep included. The
 * same in every process.
 */
export function makeHistory(): readonly Row[] {
  let nowMs = START_MS;
  const log = new MemoryOpLog();
  const replicas = ORIGINS.map((id) => openMember(id, id === 1 ? log : new MemoryOpLog(), () => nowMs));
  const post = (isCut: boolean, from: Replica, outgoing: readonly Outgoing[]) => {
    for (const { to, bytes } of outgoing) {
      for (const other of replicas) {
        if (!isCut && other !== from && (to === undefined || to === other.id)) other.receive(bytes);
      }
    }
  };
  const pass = (isCut = false, ticks = 3) => {
    for (let i = 0; i < ticks; i++) {
      nowMs += TICK_MS;
      for (const replica of replicas) {
        replica.tick();
        post(isCut, replica, replica.outbox());
      }
    }
  };
  pass(false, 10);
  for (const { at, command, isCut = false } of commands()) {
    const [outcome] = replicas[at - 1]?.execute([command]).outcomes ?? [];
    if (outcome instanceof MurmurationError) throw outcome;
    pass(isCut, isCut ? 1 : 2);
  }
  pass(false, 60);
  return [...log.read(0)].map(({ shard, origin, sequence, bytes }) => ({ shard, origin, sequence, bytes }));
}
