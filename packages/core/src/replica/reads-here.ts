import {
  AttachedSpaces,
  type CollectionHandle,
  CollectionReader,
  type Emit,
  type FacetHit,
  type FacetQuery,
  type Filter,
  finish,
  type GroupsQuery,
  type Matrix,
  type MatrixQuery,
  Meter,
  MurmurationError,
  type Payload,
  type PointGroup,
  type PointId,
  type PointRecord,
  type PointsQuery,
  parsePayload,
  type ScoredRecord,
  type ScrolledRecord,
  type ScrollQuery,
  type Selection,
  type Sliced,
  type Snapshot,
  textIndexesOf,
  type Vector,
} from "@murmuration/index";
import { resolveCollection } from "../catalogue/resolve.js";
import type { Replica } from "./replica.js";

/** Its place on tables and graphs: that of the first reader in a thread of its own, of which there is none. */
const THREAD = 4;

/** A point that was found, with its payload as a value. */
export type FoundPoint<Found> = Omit<Found, "payload"> & { readonly payload?: Payload };

/** A query for the points nearest to a vector, or to a point's. */
export type NearestHere = Omit<PointsQuery, "node"> & { readonly query: Vector | { readonly id: PointId } };

/** By what the rows are of: a table's memory may become another's. */
const readers = new WeakMap<object, CollectionReader>();

const spaces = new AttachedSpaces();

function openedReader(replica: Replica, handle: CollectionHandle, id: string): CollectionReader {
  const openRows = (name: string) => replica.vectorFile(name);
  return new CollectionReader(handle, THREAD, replica.payloads(id), openRows, spaces);
}

function readerOf(replica: Replica, id: string): CollectionReader {
  for (const { shard, rows } of replica.writableShards()) {
    if (shard.id !== id) continue;
    const reader = readers.get(rows.segment) ?? openedReader(replica, rows.handle(), id);
    readers.set(rows.segment, reader);
    return reader;
  }
  throw new MurmurationError("unavailable", `shard ${id} is not served`);
}

function withPayload<Found extends { readonly payload?: string }>({ payload, ...rest }: Found): FoundPoint<Found> {
  return payload === undefined ? rest : { ...rest, payload: parsePayload(payload) };
}

/**
 * Reads of a collection in the thread of its replica, each whole and as of what is published when it begins: what readers in threads of their own
 * answer. For whoever runs a replica without them. Every read throws as those of `Snapshot` do, and `not-found`.
 */
export class ReadsHere {
  readonly #replica: Replica;
  readonly #collection: string;

  /** Of the collection of this name or alias. */
  constructor(replica: Replica, collection: string) {
    this.#replica = replica;
    this.#collection = collection;
  }

  nearest({ query, ...request }: NearestHere): FoundPoint<ScoredRecord>[] {
    const target =
      "id" in query ? ({ kind: "point", id: query.id } as const) : ({ kind: "vector", vector: query } as const);
    return this.#collect((snapshot, emit: Emit<ScoredRecord>) =>
      snapshot.query({ ...request, node: { kind: "nearest", target } }, emit),
    ).found;
  }

  /** Points that a query of any kind finds. */
  query(query: PointsQuery): FoundPoint<ScoredRecord>[] {
    return this.#collect((snapshot, emit: Emit<ScoredRecord>) => snapshot.query(query, emit)).found;
  }

  groups(query: GroupsQuery): PointGroup[] {
    const found: PointGroup[] = [];
    this.#read((snapshot) => snapshot.groups(query, (group) => found.push(group)));
    return found;
  }

  matrix(query: MatrixQuery): Matrix {
    return this.#read((snapshot) => snapshot.matrix(query));
  }

  /** Values of a path by how many points have them; `undefined`: no index of it knows values. */
  facet(query: FacetQuery): FacetHit[] | undefined {
    return this.#read(function* (snapshot): Sliced<FacetHit[] | undefined> {
      const { facet, equality } = snapshot.accessTo(query.key) ?? {};
      return facet === undefined || equality === undefined ? undefined : yield* snapshot.facet(query);
    });
  }

  /** `nextOffset`: `null` where there are no more, or they are ordered by a number. */
  scroll(request: ScrollQuery): { readonly points: FoundPoint<ScrolledRecord>[]; readonly nextOffset: PointId | null } {
    const { found, result } = this.#collect((snapshot, emit: Emit<ScrolledRecord>) => snapshot.scroll(request, emit));
    return { points: found, nextOffset: result };
  }

  retrieve(ids: readonly PointId[], selection: Selection): FoundPoint<PointRecord>[] {
    return this.#collect((snapshot, emit: Emit<PointRecord>) => snapshot.retrieve(ids, selection, emit)).found;
  }

  count(filter?: Filter): number {
    return this.#read((snapshot) => snapshot.count(filter));
  }

  /** Points that have a value on a path that is indexed; `undefined`: it is not. */
  valuedOn(path: string): number | undefined {
    return this.#read(function* (snapshot): Sliced<number | undefined> {
      const access = snapshot.accessTo(path);
      return access && (yield* access.presence.rowsIn("valued", new Meter())).size;
    });
  }

  #collect<Found extends PointRecord, Result>(read: (snapshot: Snapshot, emit: Emit<Found>) => Sliced<Result>) {
    const found: FoundPoint<Found>[] = [];
    const result = this.#read((snapshot) => read(snapshot, (one) => found.push(withPayload(one))));
    return { found, result };
  }

  #read<Result>(read: (snapshot: Snapshot) => Sliced<Result>): Result {
    const { id, payloadIndexes } = resolveCollection(this.#replica.catalogue, this.#collection);
    const snapshot = readerOf(this.#replica, id).begin(textIndexesOf(payloadIndexes));
    try {
      return finish(read(snapshot));
    } finally {
      snapshot.release();
    }
  }
}
