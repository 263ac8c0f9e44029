import type { ErasureStatus } from "@murmuration/core";
import { type JsonObject, MurmurationError } from "@murmuration/index";
import type { Logger } from "pino";
import type { Database } from "../engine/database.js";
import type { KnownErasures, LeftNothing, PurgedStream } from "../engine/erasure-questions.js";
import { type Copies, type CopiesDone, type Erased, eraseFromBackups, eraseFromSnapshots } from "./copies.js";
import type { CopiesPolicy } from "./copies-policy.js";

/** How often it is looked whether there is something to do, while an erasure waits for this replica. */
const LOOK_MS = 250;
/** How often it is looked for new ones. */
const IDLE_MS = 1_000;
/** What failed is tried again after so long. */
const RETRY_MS = 5_000;
/** Names of copies that a receipt tells. */
const NAMES_MAX = 16;

/** What erasures do beside the database. */
export interface ErasuresOptions {
  readonly database: Database;
  readonly copies: Copies;
  readonly policy: CopiesPolicy;
  readonly log?: Pick<Logger, "info" | "warn" | "error">;
}

/** The erasures as they are told. */
export interface ErasuresReport {
  readonly erasures: readonly ErasureStatus[];
  /** Why what the host keeps could not be freed of them at the last attempt. */
  readonly failure: string | undefined;
}

/**
 * The host's part in erasures: when nothing of one is in log and memory any more, images are written anew, the stream of the own region is purged, and
 * snapshots and backups that may hold it are replaced. Then this replica says so to all (`confirm-erasures`). What fails is tried again, and
 * whatever is done twice comes to the same.
 */
export class Erasures {
  readonly #options: ErasuresOptions;
  readonly #sinceMs = new Map<string, number>();
  /** Those of which nothing is held beside the engine any more. */
  readonly #letGo = new Set<string>();
  #letGoBeside: (shard: string) => Promise<void> = async () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: string | undefined;
  #isClosed = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ErasuresOptions) {
    this.#options = options;
  }

  /** Begin to look. */
  begin(): void {
    this.#lookAfter(0);
  }

  /** What holds vectors of a collection beside the engine is told of its id, and resolves when none of those that died is there any more. */
  letGoAlso(letGo: (shard: string) => Promise<void>): void {
    this.#letGoBeside = letGo;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async report(): Promise<ErasuresReport> {
    const { erasures } = await this.#known();
    return { erasures, failure: this.#failure };
  }

  async #known(): Promise<KnownErasures> {
    return (await this.#options.database.erasing({ kind: "erasures" })) as KnownErasures;
  }

  #lookAfter(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#look().then((nextMs) => this.#lookAfter(nextMs));
    }, ms).unref();
  }

  /** Does what there is to do. Resolves to when to look again. Never rejects. */
  async #look(): Promise<number> {
    if (!this.#isAnyOpen()) return IDLE_MS;
    try {
      const { ready, erasures } = await this.#known();
      for (const id of ready) if (!this.#sinceMs.has(id)) this.#sinceMs.set(id, Date.now());
      for (const id of this.#sinceMs.keys()) if (!ready.includes(id)) this.#sinceMs.delete(id);
      for (const id of this.#letGo) if (!ready.includes(id)) this.#letGo.delete(id);
      const isDone = ready.length === 0 || (await this.#leaveNothing(erasures.filter(({ id }) => ready.includes(id))));
      if (isDone) this.#failure = undefined;
      return LOOK_MS;
    } catch (error) {
      this.#noteFailure(error);
      return RETRY_MS;
    }
  }

  /** Is there an erasure without a receipt of this replica? */
  #isAnyOpen(): boolean {
    const { database } = this.#options;
    const { erasures = [], receipts = [] } = database.catalogue;
    if (erasures.length === 0) return false;
    const { replicaId } = database.status();
    return erasures.some(({ id }) => !receipts.some((one) => one.erasure === id && one.replica === replicaId));
  }

  #noteFailure(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const isNew = why !== this.#failure;
    this.#failure = why;
    if (!isNew || this.#isClosed) return;
    if (error instanceof MurmurationError)
      this.#options.log?.warn({ why }, "what is erased may be held still: tried again");
    else this.#options.log?.error({ err: error }, "what is erased may be held still: tried again");
  }

  /** What the collections are that it was about, as far as they are there under the names that they had. */
  async #digestsOf(erased: readonly Erased[]): Promise<JsonObject[]> {
    const { database } = this.#options;
    const names = new Set(erased.map(({ collection }) => collection));
    const digests: JsonObject[] = [];
    for (const name of [...names].slice(0, COLLECTIONS_MAX)) {
      if (database.collectionNamed(name) === undefined) continue;
      const { frontier, points, points_digest, graph_digest } = await database.digest(name);
      // by name in a list: no name is a key
      digests.push({ collection: name, frontier: { ...frontier }, points, points_digest, graph_digest });
    }
    return digests;
  }

  /** Once for each erasure: what is begun behind that finds nothing of it. */
  async #letGoOf(erased: readonly Erased[]): Promise<void> {
    const due = erased.filter(({ id }) => !this.#letGo.has(id));
    for (const shard of new Set(due.map((one) => one.shard))) await this.#letGoBeside(shard);
    for (const { id } of due) this.#letGo.add(id);
  }

  /** Resolves to false where something is still under way. */
  async #leaveNothing(asked: readonly ErasureStatus[]): Promise<boolean> {
    const { database, copies, policy, log } = this.#options;
    const erased = asked.map(
      ({ id, collection: shard, name }): Erased => ({
        id,
        shard,
        collection: name,
        sinceMs: this.#sinceMs.get(id) as number,
      }),
    );
    await this.#letGoOf(erased);
    const ids = erased.map(({ id }) => id).sort();
    const left = (await database.erasing({ kind: "leave-nothing", round: ids.join() })) as LeftNothing;
    if (left.stream?.state === "pending") return false;
    if (left.stream?.state === "unreachable") throw new MurmurationError("unavailable", left.stream.why);
    if (await copies.snapshots.isBusySince(Math.max(...erased.map(({ sinceMs }) => sinceMs)))) {
      throw new MurmurationError("unavailable", "a snapshot that was begun before is being made, sent or recovered");
    }
    const snapshots = await eraseFromSnapshots(copies, erased, policy);
    const members = new Set(database.catalogue.members.flatMap(({ id, state }) => (state === "active" ? [id] : [])));
    const backups = await eraseFromBackups(copies, erased, policy, members);
    const digests = await this.#digestsOf(erased);
    const done = { ...receiptOf(left.images, snapshots, backups, left.stream), digests };
    await database.write({ kind: "confirm-erasures", erasures: ids, done, replica: 0, atMs: 0 });
    log?.info({ erasures: ids, ...done }, "nothing of what was erased is here any more");
    return true;
  }
}

/** Collections whose digests a receipt tells. */
const COLLECTIONS_MAX = 16;

function receiptOf(
  images: number,
  snapshots: CopiesDone,
  backups: CopiesDone,
  stream: PurgedStream | undefined,
): JsonObject {
  return {
    log: "compacted and scrubbed",
    images,
    snapshots: copiesOf(snapshots),
    backups: copiesOf(backups),
    ...(stream === undefined ? {} : { stream: streamOf(stream) }),
  };
}

function copiesOf({ removed, made, kept }: CopiesDone): JsonObject {
  const some = (names: readonly string[]) => ({ total: names.length, names: names.slice(0, NAMES_MAX) });
  return { removed: some(removed), made: some(made), kept: some(kept) };
}

function streamOf(stream: PurgedStream): JsonObject {
  if (stream.state === "refused") {
    const { stream: name, why, untilMs } = stream;
    return { name, held_until: new Date(untilMs).toISOString(), why };
  }
  return { name: "stream" in stream ? stream.stream : "", purged: stream.state === "purged" };
}
