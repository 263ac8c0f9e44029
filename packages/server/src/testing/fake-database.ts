import {
  type Catalogue,
  type CatalogueCommand,
  type Collection,
  type Command,
  type Emit,
  type LeftOut,
  membersNeeded,
  type NearestQuery,
  nothingLeftOut,
  type PointCommand,
  type PointRecord,
  type Receipt,
  type ScoredPoint,
  type ScrolledPoint,
  type ScrollPage,
  type ScrollRequest,
  type Selection,
  type SessionToken,
  type SettledWait,
  SYSTEM_SHARD,
  type WaitRequest,
} from "@murmuration/core";
import {
  comparePointIds,
  type Filter,
  float32Max,
  type Json,
  MurmurationError,
  type PointId,
  type Sliced,
} from "@murmuration/index";
import type {
  CollectionStatistics,
  Database,
  DatabaseCounters,
  DatabaseStatus,
  Digest,
  ReplicationReport,
  WriteOptions,
} from "../engine/database.js";
import { type FakePoint, matches, valuesAt } from "./fake-filter.js";
import { applyPointCommand, type FakePoints, selected } from "./fake-points.js";

function finiteFloat32(x: number): number {
  return Math.fround(Math.max(-float32Max, Math.min(float32Max, x)));
}

function score(distance: string, a: Float32Array, b: Float32Array): number {
  const sum = (term: (x: number, y: number) => number) => a.reduce((total, x, i) => total + term(x, b[i] as number), 0);
  if (distance === "Euclid") return finiteFloat32(Math.sqrt(sum((x, y) => (x - y) ** 2)));
  if (distance === "Manhattan") return finiteFloat32(sum((x, y) => Math.abs(x - y)));
  const dot = sum((x, y) => x * y);
  if (distance === "Dot") return finiteFloat32(dot);
  return Math.max(-1, Math.min(1, finiteFloat32(dot / (Math.hypot(...a) * Math.hypot(...b)) || 0)));
}

function isCatalogueCommand(command: Command): command is CatalogueCommand {
  const kinds: readonly Command["kind"][] = [
    "create-collection",
    "update-collection",
    "delete-collection",
    "change-aliases",
    "create-payload-index",
    "delete-payload-index",
    "join-member",
    "evict-member",
  ];
  return kinds.includes(command.kind);
}

/** A database in memory that compares with every point: stands in for the engine in the tests of the routes. */
export class FakeDatabase implements Database {
  /** Every command written, for tests that look at what a route made of a request. */
  readonly written: Command[] = [];
  /** When set, the next write fails with it. */
  nextFailure: unknown;
  /** What keeps it from serving. */
  reasons: readonly string[] = [];
  /** Why its engine is gone, if it is. */
  end: string | undefined;
  /** Why it reads no collections, if it does not. */
  joining: string | undefined;
  closed = false;

  #collections: { [id: string]: Collection } = {};
  #aliases: { [alias: string]: string } = {};
  readonly #points = new Map<string, FakePoints>();
  #operations = 0;

  get catalogue(): Catalogue {
    return { collections: this.#collections, aliases: this.#aliases, members: [] };
  }

  collectionNamed(name: string): Collection | undefined {
    return Object.values(this.#collections).find((collection) => collection.name === name);
  }

  collection(name: string): Collection {
    const found = this.collectionNamed(name) ?? this.#collections[this.#aliases[name] ?? ""];
    if (found === undefined) throw new MurmurationError("not-found", `Collection \`${name}\` doesn't exist!`);
    return found;
  }

  statistics(name: string): CollectionStatistics {
    const points = [...this.#pointsOf(name).values()];
    const paths = Object.keys(this.collection(name).payloadIndexes);
    return {
      points: points.length,
      indexedVectors: points.reduce((total, point) => total + Object.keys(point.vectors).length, 0),
      payloadIndexPoints: Object.fromEntries(
        paths.map((path) => [path, points.filter((point) => valuesAt(point.payload, path).length > 0).length]),
      ),
    };
  }

  *retrieve(name: string, ids: readonly PointId[], selection: Selection, emit: Emit<PointRecord>): Sliced<void> {
    const points = this.#pointsOf(name);
    yield "fixed";
    for (const point of ids.flatMap((id) => points.get(id) ?? [])) emit(selected(point, selection));
  }

  *scroll(name: string, request: ScrollRequest, emit: Emit<ScrolledPoint>): Sliced<PointId | null> {
    const { points, nextOffset } = this.#page(name, request);
    yield "fixed";
    for (const point of points) emit(point);
    return nextOffset;
  }

  #page(name: string, request: ScrollRequest): ScrollPage {
    const { orderBy, offset, limit, selection, filter } = request;
    const all = this.#matching(name, filter);
    if (orderBy !== undefined) {
      const sign = orderBy.direction === "asc" ? 1 : -1;
      const compare = (a: number | bigint, b: number | bigint) => sign * (a < b ? -1 : a > b ? 1 : 0);
      const { startFrom } = orderBy;
      const rows = all.flatMap((point) =>
        valuesAt(point.payload, orderBy.key).flatMap((value) =>
          typeof value === "number" || typeof value === "bigint" ? [{ point, value }] : [],
        ),
      );
      const wanted = rows.filter(({ value }) => startFrom === undefined || compare(value, startFrom) >= 0);
      wanted.sort((a, b) => compare(a.value, b.value) || comparePointIds(a.point.id, b.point.id));
      const page = wanted.slice(0, limit);
      return {
        points: page.map(({ point, value }) => ({ ...selected(point, selection), orderValue: value })),
        nextOffset: null,
      };
    }
    all.sort((a, b) => comparePointIds(a.id, b.id));
    const rest = offset === undefined ? all : all.filter((point) => comparePointIds(point.id, offset) >= 0);
    return {
      points: rest.slice(0, limit).map((point) => selected(point, selection)),
      nextOffset: rest[limit]?.id ?? null,
    };
  }

  *count(name: string, filter: Filter | undefined): Sliced<number> {
    const count = this.#matching(name, filter).length;
    yield "fixed";
    return count;
  }

  *query(name: string, request: NearestQuery, emit: Emit<ScoredPoint>): Sliced<void> {
    const points = this.#nearest(name, request);
    yield "fixed";
    for (const point of points) emit(point);
  }

  #nearest(name: string, request: NearestQuery): ScoredPoint[] {
    const { query, using, limit, offset, scoreThreshold, selection } = request;
    const distance = this.collection(name).vectors[using]?.distance ?? "Dot";
    const smallerIsBetter = distance === "Euclid" || distance === "Manhattan";
    const target = query instanceof Float32Array ? query : this.#vectorOf(name, request, query.id);
    const scored = this.#matching(name, request.filter).flatMap((point): ScoredPoint[] => {
      const vector = point.vectors[using];
      if (vector === undefined || (!(query instanceof Float32Array) && point.id === query.id)) return [];
      return [{ ...selected(point, selection), version: point.version, score: score(distance, target, vector) }];
    });
    const kept = scored.filter((point) => {
      if (scoreThreshold === undefined) return true;
      const threshold = Math.fround(scoreThreshold);
      return smallerIsBetter ? point.score <= threshold : point.score >= threshold;
    });
    kept.sort((a, b) => (smallerIsBetter ? a.score - b.score : b.score - a.score));
    return kept.slice(offset, offset + limit);
  }

  /** Members that a level may ask for. */
  members = 1;
  /** What `settled` answers, if it is not that all is well. */
  settledAs: SettledWait | undefined;

  async write(command: Command, { level }: WriteOptions = {}): Promise<Receipt> {
    if (level !== undefined) membersNeeded(level, this.members, "write_consistency");
    const failure = this.nextFailure;
    this.nextFailure = undefined;
    if (failure !== undefined) throw failure;
    const changed = isCatalogueCommand(command) ? this.#changeCatalogue(command) : this.#changePoints(command);
    this.written.push(command);
    return { operationId: this.#operations++, changed };
  }

  frontiers(names: readonly string[]): SessionToken {
    const held = new Map([[1, this.#operations]]);
    const here = names.filter((name) => this.#has(name)).map((name) => this.collection(name).id);
    return new Map([SYSTEM_SHARD, ...here].map((shard) => [shard, held]));
  }

  missing(token: SessionToken, names: readonly string[]): number {
    const lacks = [...this.frontiers(names)].map(([shard, held]) =>
      [...(token.get(shard) ?? [])].reduce((sum, [origin, to]) => sum + Math.max(0, to - (held.get(origin) ?? 0)), 0),
    );
    return lacks.reduce((sum, lack) => sum + lack, 0);
  }

  async untilCovered(token: SessionToken, names: readonly string[]): Promise<boolean> {
    return this.missing(token, names) === 0;
  }

  async settled(wait: WaitRequest): Promise<SettledWait> {
    if (wait.kind === "session") return { id: 1, result: "covered" };
    // as a replica that stands alone: there is nobody else to ask
    const needed = this.members === 1 ? 1 : membersNeeded(wait.level, this.members, "consistency");
    const members = Array.from({ length: this.members }, (_, i) => i + 1);
    return this.settledAs ?? { id: 1, result: "done", agreed: members, needed, members };
  }

  async holders(): Promise<readonly number[]> {
    return [];
  }

  #has(name: string): boolean {
    return this.collectionNamed(name) !== undefined || this.#aliases[name] !== undefined;
  }

  /** What `replication` answers. */
  report: ReplicationReport = {
    status: {
      replica: 1,
      quarantined: [],
      applied: 0,
      upkeep: { stitched: 0, repaired: 0, purged: 0, rescued: 0, forgotten: 0, putOff: 0, lacksRoom: 0, atRest: true },
      waits: { open: 0, quorumsReached: 0, quorumsMissed: 0, repairs: 0 },
      compaction: { checkpoints: 0, droppedRows: 0, failure: undefined },
    },
    logBytes: 4096,
  };

  async replication(): Promise<ReplicationReport> {
    return this.report;
  }

  counters(): DatabaseCounters {
    const upserts = this.written.filter((command) => command.kind === "upsert-points");
    return {
      commands: { "upsert-points": upserts.length },
      pointsUpserted: upserts.reduce((sum, { points }) => sum + points.length, 0),
      pending: 0,
      pendingBytes: 0,
      memory: {
        engine: { usedBytes: 10, limitBytes: 100, isFull: false },
        http: { usedBytes: 20, limitBytes: 100, isFull: false },
      },
      recall: { words: { "": 0.97 } },
    };
  }

  requireMemoryFor(): void {
    // there is always room
  }

  async digest(name: string): Promise<Digest> {
    const points = this.#pointsOf(name).size;
    return {
      frontier: { "1": this.#operations },
      points,
      points_digest: "0",
      graph_digest: "0",
      live: points,
      dead: 0,
    };
  }

  async validate(name: string, samples: number): Promise<Json> {
    this.collection(name);
    return { valid: true, samples };
  }

  async links(name: string, id: PointId, vector: string): Promise<Json> {
    if (!this.#pointsOf(name).has(id)) throw new MurmurationError("not-found", `No point with id ${id} found`);
    return { id, vector, layers: [] };
  }

  leftOut: LeftOut = nothingLeftOut;

  status(): DatabaseStatus {
    const { reasons } = this;
    return {
      version: "0",
      replicaId: 1,
      uptimeSeconds: 0,
      ready: reasons.length === 0,
      reasons,
      leftOut: this.leftOut,
      shards: [],
    };
  }

  readonly ended = new Promise<string>(() => undefined);

  endedBecause(): string | undefined {
    return this.end;
  }

  refusesReads(): string | undefined {
    return this.joining;
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #pointsOf(name: string): FakePoints {
    return this.#points.get(this.collection(name).id) as FakePoints;
  }

  #matching(name: string, filter: Filter | undefined): FakePoint[] {
    return [...this.#pointsOf(name).values()].filter((point) => matches(filter, point));
  }

  #vectorOf(name: string, request: NearestQuery, id: PointId): Float32Array {
    const { lookupFrom, using } = request;
    const point = this.#pointsOf(lookupFrom?.collection ?? name).get(id);
    const vector = point?.vectors[lookupFrom?.vector ?? using];
    if (vector === undefined) throw new MurmurationError("not-found", `No point with id ${id} found`);
    return vector;
  }

  #changePoints(command: PointCommand): boolean {
    const collection = this.collection(command.collection);
    applyPointCommand(this.#pointsOf(command.collection), collection, command, this.#operations);
    return true;
  }

  #replace(collection: Collection): void {
    this.#collections = { ...this.#collections, [collection.id]: collection };
  }

  #changeCatalogue(command: CatalogueCommand): boolean {
    switch (command.kind) {
      case "create-collection": {
        const { name, vectors, settings } = command;
        if (this.collectionNamed(name) !== undefined) {
          throw new MurmurationError("already-exists", `Collection \`${name}\` already exists!`);
        }
        const id = `c${this.#operations}`;
        this.#replace({ id, name, vectors, settings, payloadIndexes: {} });
        this.#points.set(id, new Map());
        return true;
      }
      case "join-member":
      case "evict-member":
        return false;
      case "update-collection": {
        const collection = this.collection(command.collection);
        this.#replace({ ...collection, settings: { ...collection.settings, ...command.settings } });
        return true;
      }
      case "delete-collection": {
        const collection = this.collectionNamed(command.name);
        if (collection === undefined) return false;
        delete this.#collections[collection.id];
        for (const [alias, id] of Object.entries(this.#aliases)) if (id === collection.id) delete this.#aliases[alias];
        return true;
      }
      case "change-aliases": {
        const next = { ...this.#aliases };
        for (const action of command.actions) {
          if (action.kind === "create-alias") next[action.alias] = this.collection(action.collection).id;
          else if (action.kind === "delete-alias") delete next[action.alias];
          else {
            const id = next[action.from];
            if (id === undefined) throw new MurmurationError("not-found", `Alias ${action.from} does not exists!`);
            delete next[action.from];
            next[action.to] = id;
          }
        }
        this.#aliases = next;
        return true;
      }
      case "create-payload-index": {
        const collection = this.collection(command.collection);
        this.#replace({
          ...collection,
          payloadIndexes: { ...collection.payloadIndexes, [command.path]: command.schema },
        });
        return true;
      }
      case "delete-payload-index": {
        const collection = this.collection(command.collection);
        const { [command.path]: _dropped, ...payloadIndexes } = collection.payloadIndexes;
        this.#replace({ ...collection, payloadIndexes });
        return true;
      }
    }
  }
}
