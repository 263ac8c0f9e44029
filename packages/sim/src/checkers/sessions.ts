import {
  type Batch,
  compareStamps,
  decodeBatchOperations,
  decodeToken,
  encodeToken,
  isCovered,
  mergeTokens,
  ReadsHere,
  type Replica,
  type Stamp,
} from "@murmuration/core";
import type { PointId } from "@murmuration/index";
import { collectionName, having } from "../commands.js";
import type { Node } from "../node.js";
import { Random } from "../random.js";
import { Violated } from "./checker.js";

const SESSIONS = 4;
const TOKEN = "token";
/** Points that a session reads at a time. */
const READS = 6;

interface Session {
  /** What the session has written and read, as its client carries it. */
  token: string;
  readonly seen: Map<PointId, Stamp>;
}

/** A session as it leaves for another replica: whoever covers the token has to show what it saw. */
export interface Departure {
  readonly token: string;
  readonly seen: readonly (readonly [PointId, Stamp])[];
}

/** Points that these operations write whole, or delete. */
export function written(batches: readonly Batch[]): { readonly ids: PointId[]; readonly deleted: PointId[] } {
  const [ids, deleted]: [PointId[], PointId[]] = [[], []];
  for (const operation of batches.flatMap((batch) => decodeBatchOperations(batch))) {
    if (operation.kind === "upsert") ids.push(operation.id);
    if (operation.kind === "delete") deleted.push(...operation.ids);
  }
  return { ids: [...ids, ...deleted], deleted };
}

/**
 * Sessions that hop between replicas with their tokens: a replica that covers a session's token shows every write of the session
 * (read your writes), and nothing older than what the session has read before (monotonic reads). Each read also searches and pages.
 */
export class SessionChecker {
  readonly #random: Random;
  readonly #vectorAt: (query: number) => Float32Array;
  readonly #everDeleted = new Set<PointId>();
  #sessions: Session[] = [];
  #reads = 0;

  constructor(seed: number, queries: readonly Float32Array[]) {
    this.#random = new Random(seed).fork("sessions");
    this.#vectorAt = (query) => queries[query % queries.length] as Float32Array;
    this.forget();
  }

  /** Reads that a replica could answer so far. */
  get reads(): number {
    return this.#reads;
  }

  /** Writes may have been given up: sessions begin anew. */
  forget(): void {
    this.#sessions = Array.from({ length: SESSIONS }, () => ({ token: encodeToken(new Map()), seen: new Map() }));
  }

  /** Somebody has written. */
  note(batches: readonly Batch[]): void {
    for (const id of written(batches).deleted) this.#everDeleted.add(id);
  }

  /** One of the sessions has written at a node, and reads at another. */
  step(writer: Replica, batches: readonly Batch[], able: readonly Node[]): void {
    const session = this.#random.pick(this.#sessions);
    const { ids } = written(batches);
    this.note(batches);
    this.#look(session, writer, ids);
    const reader = this.#random.pick(able);
    if (reader.replica !== undefined && reader.hasCollection()) this.#read(session, reader.replica);
  }

  #read(session: Session, replica: Replica): void {
    const shard = replica.shard(collectionName);
    const seen = [...session.seen];
    const from = this.#random.below(Math.max(1, seen.length));
    const query = this.#random.bits();
    if (!isCovered(replica.frontiers(), decodeToken(session.token, TOKEN), [shard.id])) return;
    this.#reads++;
    const ids: PointId[] = [];
    for (let i = 0; i < Math.min(READS, seen.length); i++) {
      const [id, stamp] = seen[(from + i) % seen.length] as (typeof seen)[number];
      ids.push(id);
      this.#mustShow(replica, id, stamp);
    }
    this.#look(session, replica, ids);
    this.#search(replica, query);
  }

  /** One of the sessions goes elsewhere, with what it has seen so far. */
  depart(number: number): Departure {
    const { token, seen } = this.#sessions[number % this.#sessions.length] as Session;
    return { token, seen: [...seen] };
  }

  /** A replica says that it covers the token of a session that came. */
  arrive({ seen }: Departure, replica: Replica): void {
    this.#reads++;
    for (const [id, stamp] of seen) this.#mustShow(replica, id, stamp);
  }

  #mustShow(replica: Replica, id: PointId, stamp: Stamp): void {
    const state = replica.shard(collectionName).table.state(id);
    // deleted meanwhile, and its tombstone forgotten
    if (state === undefined && this.#everDeleted.has(id)) return;
    if (state !== undefined && compareStamps(state.stamp, stamp) >= 0) return;
    throw new Violated(
      "sessions",
      `replica ${replica.id} covers a session's token and shows point ${id} ${state === undefined ? "not at all" : "older"} than the session has seen it`,
      { nodes: [replica.id], points: [String(id)] },
    );
  }

  /** The session has seen these points here. */
  #look(session: Session, replica: Replica, ids: readonly PointId[]): void {
    const shard = replica.shard(collectionName);
    for (const id of ids) {
      const state = shard.table.state(id);
      if (state === undefined) session.seen.delete(id);
      else session.seen.set(id, state.stamp);
    }
    session.token = encodeToken(mergeTokens(decodeToken(session.token, TOKEN), replica.frontiers()));
  }

  /** Answers are live points that match, best first. */
  #search(replica: Replica, query: number): void {
    // points are ahead of what readers see until the log has them
    if (!replica.isDurable()) return;
    const shard = replica.shard(collectionName);
    const filter = query % 2 === 0 ? having("n", query % 10) : undefined;
    const metric = shard.collection.vectors[""]?.distance;
    const reads = new ReadsHere(replica, collectionName);
    const found = reads.nearest({
      query: this.#vectorAt(query),
      using: "",
      limit: 5,
      offset: 0,
      parameters: { efSearch: 16 },
      selection: { payload: true, vectors: false },
      ...(filter === undefined ? {} : { filter }),
    });
    for (const [i, { id, payload, score }] of found.entries()) {
      const fail = (why: string): never => {
        throw new Violated("search", `replica ${replica.id} answers point ${id}: ${why}`, {
          nodes: [replica.id],
          points: [String(id)],
        });
      };
      if (shard.table.live(id) === undefined) fail("it is deleted");
      if (filter !== undefined && payload?.["n"] !== query % 10) fail("it does not match the filter");
      const before = found[i - 1]?.score ?? score;
      if (metric === "Euclid" ? before > score : before < score) fail("it stands behind a worse one");
    }
    const page = reads.scroll({
      limit: 4,
      selection: { payload: true, vectors: false },
      ...(filter === undefined ? {} : { filter }),
    });
    if (filter !== undefined && page.points.some(({ payload }) => payload?.["n"] !== query % 10)) {
      throw new Violated("search", `replica ${replica.id} pages through points that do not match`, {
        nodes: [replica.id],
      });
    }
  }
}
