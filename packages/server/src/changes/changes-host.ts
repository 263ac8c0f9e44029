import {
  type Catalogue,
  type Change,
  type Collection,
  covers,
  mergeVersionVectors,
  missingFrom,
  type OpLog,
  sequenceOf,
  type VersionVector,
  withDelta,
} from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { stackOf } from "../threads/stack.js";
import { earlyMax, pageRows, tailEveryMs } from "./change-limits.js";
import { changeToken } from "./change-token.js";
import type { EventPage } from "./event-page.js";
import { collectionData, eventText, operationData } from "./event-text.js";
import { type Follower, pageOf, sayBegin, total } from "./follower.js";
import type { ChangesRequest, ChangesStart, EndReason, From } from "./messages.js";
import { copyCursor, type FollowedLog, type OpCursor, openCursor, readOn } from "./op-cursor.js";
import { type Group, needsPayload, operationOf, type Post, ShardTail } from "./shard-tail.js";

type FollowRequest = Extract<ChangesRequest, { readonly kind: "follow" }>;

/** What is read of the log. Whoever opened it closes it. */
export type ReadLog = FollowedLog & Pick<OpLog, "operationCount">;

/** One that needs the points again and again, and never gets on, is ended. */
const SNAPSHOTS_MAX = 3;
/** What is missing is looked for again after so long, before it is taken for lost. */
const GAP_MS = 2 * tailEveryMs;

/**
 * Reads the log for everybody who follows changes, beside whoever writes it: once for all who are at its end, and page by page for one who comes back from
 * before. Of the replica it knows what was told of durable changes.
 */
export class ChangesHost {
  readonly #log: ReadLog;
  readonly #post: Post;
  readonly #frontiers: Map<string, VersionVector>;
  readonly #tails = new Map<string, ShardTail>();
  readonly #followers = new Map<number, Follower>();
  /** Of collections that are not heard of yet. */
  readonly #early = new Map<number, FollowRequest>();
  /** Tails with something new, and the timer after which they are read. */
  readonly #new = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #readMs = Number.NEGATIVE_INFINITY;
  #catalogue: Catalogue;
  #lastGroup = 0;
  #isClosed = false;

  constructor(log: ReadLog, start: ChangesStart, post: Post) {
    this.#log = log;
    this.#post = post;
    this.#catalogue = start.catalogue;
    this.#frontiers = new Map(start.frontiers);
  }

  /** Follow what the engine did, in its order. */
  followed(changes: readonly Change[]): void {
    for (const change of changes) {
      switch (change.kind) {
        case "catalogue": {
          const { delta } = change;
          // what was written before the collection changed is told before
          for (const { id } of delta.collections) this.#advance(id);
          this.#catalogue = withDelta(this.#catalogue, delta);
          for (const [id, { frontier }] of change.collections) this.#frontiers.set(id, frontier);
          for (const one of delta.collections) this.#tails.get(one.id)?.changed(one);
          for (const id of delta.dropped) this.#drop(id);
          break;
        }
        case "published": {
          const { shard, frontier } = change;
          const before = this.#frontiers.get(shard);
          if (before === undefined || frontier.size === 0) break;
          this.#frontiers.set(shard, mergeVersionVectors(before, frontier));
          this.#soon(shard);
          break;
        }
        case "replaced":
          this.#frontiers.set(change.shard, change.readable.frontier);
          this.#soon(change.shard);
          break;
        case "quarantined":
          this.#frontiers.delete(change.shard);
          this.#endShard(change.shard, "quarantined", change.refusal);
      }
    }
    for (const [client, request] of this.#early) {
      if (!this.#frontiers.has(request.shard)) continue;
      this.#early.delete(client);
      this.#follow(request);
    }
  }

  take(request: ChangesRequest): void {
    switch (request.kind) {
      case "follow":
        return this.#follow(request);
      case "more":
        return this.#page(request.client);
      case "resume":
        return this.#resume(request.client);
      case "leave":
        this.#early.delete(request.client);
        this.#leave(request.client);
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  // ---- who follows

  #follow(request: FollowRequest): void {
    const { client, shard, told } = request;
    const collection = this.#catalogue.collections[shard];
    const frontier = this.#frontiers.get(shard);
    if (collection === undefined || frontier === undefined) {
      if (this.#early.size < earlyMax) this.#early.set(client, request);
      else this.#end(client, "failed", "too many streams of collections that are not there yet");
      return;
    }
    const follower: Follower = {
      client,
      shard,
      told,
      collection,
      first: undefined,
      cursor: undefined,
      isWaiting: false,
      isGap: false,
      snapshot: undefined,
      snapshots: 0,
    };
    this.#followers.set(client, follower);
    this.#guarded(follower, () => this.#begin(follower, request.from, frontier));
  }

  #begin(follower: Follower, from: From, frontier: VersionVector): void {
    const { shard } = follower;
    switch (from.kind) {
      case "now": {
        this.#advance(shard);
        if (!this.#isThere(follower)) return;
        const tail = this.#tailOf(follower);
        follower.cursor = copyCursor(tail.cursor);
        sayBegin(follower, "tail", tail.cursor.seen);
        return this.#join(follower, tail, pageOf(follower));
      }
      case "after":
        sayBegin(follower, "tail", from.frontier, missingFrom(frontier, from.frontier));
        follower.cursor = this.#cursor(follower, from.frontier);
        return this.#readPage(follower);
      case "start":
        if (this.#log.operationCount(shard) < total(this.#log.frontier(shard)))
          return this.#snapshot(follower, "compacted");
        sayBegin(follower, "history", new Map());
        follower.cursor = this.#cursor(follower, new Map());
        return this.#readPage(follower);
      case "snapshot":
        return this.#snapshot(follower, "asked for");
    }
  }

  #leave(client: number): void {
    const follower = this.#followers.get(client);
    if (follower === undefined) return;
    this.#followers.delete(client);
    const tail = this.#tails.get(follower.shard);
    for (const [key, group] of tail?.groups ?? []) {
      if (group.clients.delete(client) && group.clients.size === 0) tail?.groups.delete(key);
    }
    const isNeeded = [...this.#followers.values()].some(({ shard }) => shard === follower.shard);
    if (!isNeeded) this.#tails.delete(follower.shard);
  }

  /** Reading the log for all may have ended it. */
  #isThere(follower: Follower): boolean {
    return this.#followers.get(follower.client) === follower;
  }

  #end(client: number, reason: EndReason, message: string): void {
    this.#leave(client);
    this.#post({ kind: "end", client, reason, message });
  }

  #endShard(shard: string, reason: EndReason, message: string): void {
    for (const { client } of [...this.#followers.values()].filter((one) => one.shard === shard))
      this.#end(client, reason, message);
  }

  #drop(shard: string): void {
    this.#frontiers.delete(shard);
    this.#endShard(shard, "dropped", "the collection was deleted");
  }

  // ---- pages for one

  /** What clients are told of it. What is nobody's doing but ours is told of in full. */
  #inWords(error: unknown): string {
    if (error instanceof MurmurationError) return error.message;
    this.#post({ kind: "fault", why: stackOf(error) });
    return "the log cannot be read";
  }

  /** What fails for one ends one. */
  #guarded(follower: Follower, act: () => void): void {
    try {
      act();
    } catch (error) {
      const isCorrupt = error instanceof MurmurationError && error.code === "corrupt";
      if (isCorrupt) return this.#snapshot(follower, "damaged");
      this.#end(follower.client, "failed", this.#inWords(error));
    }
  }

  #page(client: number): void {
    const follower = this.#followers.get(client);
    if (follower?.cursor === undefined) return;
    this.#guarded(follower, () => this.#readPage(follower));
  }

  #cursor({ shard }: Follower, seen: VersionVector): OpCursor {
    return openCursor(this.#log, shard, seen);
  }

  /** Does the log hold what it is not to give any more? */
  #isErased({ shard, cursor }: Follower): boolean {
    const told = this.#frontiers.get(shard) ?? new Map();
    const seen = cursor?.seen ?? new Map();
    return (this.#catalogue.erasures ?? []).some(
      ({ collection, through }) =>
        collection === shard &&
        through.some(([origin, sequence]) => Math.min(sequence, sequenceOf(told, origin)) > sequenceOf(seen, origin)),
    );
  }

  #readPage(follower: Follower): void {
    const { client, shard, told, cursor } = follower;
    const frontier = this.#frontiers.get(shard);
    if (cursor === undefined || frontier === undefined || this.#isClosed) return;
    if (this.#isErased(follower)) return this.#snapshot(follower, "erased");
    const page = pageOf(follower);
    const collection = this.#catalogue.collections[shard] as Collection;
    if (collection !== follower.collection && told !== "names")
      page.put(eventText("collection", collectionData(collection)));
    follower.collection = collection;
    const stop = readOn(this.#log, cursor, frontier, pageRows, { leavesPayloadsOut: !needsPayload(told) }, (entry) => {
      if (told === "names") return true;
      const operation = operationOf(entry);
      const data = operationData(operation, collection, told);
      if (data !== undefined) page.put(eventText(operation.kind, data, changeToken(shard, cursor.seen)));
      return !page.isFull;
    });
    if (stop === "gap") {
      this.#sendPage(client, page);
      if (follower.isGap) return this.#snapshot(follower, "compacted");
      // the collection may have been deleted, of which nobody has told yet
      follower.isGap = true;
      setTimeout(() => this.#page(client), GAP_MS);
      return;
    }
    follower.isGap = false;
    follower.snapshots = 0;
    if (stop === "end") return this.#atEnd(follower, page);
    if (!page.isEmpty) return this.#sendPage(client, page);
    // rows that it has seen already: others have their turn in between
    setImmediate(() => this.#page(client));
  }

  #sendPage(client: number, page: EventPage): void {
    if (page.isEmpty) return;
    const { bytes, events } = page.take();
    this.#post({ kind: "page", client, bytes, events }, [bytes.buffer]);
  }

  /** It has seen all that was told of: from here on it is told with the others, if it has seen no more than they. */
  #atEnd(follower: Follower, page: EventPage): void {
    this.#advance(follower.shard);
    if (!this.#isThere(follower)) return;
    const tail = this.#tailOf(follower);
    const { cursor } = follower;
    if (cursor === undefined) return;
    if (covers(tail.cursor.seen, cursor.seen)) return this.#join(follower, tail, page);
    // asked for when it has taken this; without anything to take it waits for what comes
    if (!page.isEmpty) return this.#sendPage(follower.client, page);
    follower.isWaiting = true;
  }

  #join(follower: Follower, tail: ShardTail, page: EventPage): void {
    const { client, told } = follower;
    const key = told === "names" ? told : `${told.withVector} ${told.withPayload}`;
    let group: Group | undefined = tail.groups.get(key);
    if (group === undefined) {
      group = { number: ++this.#lastGroup, told, clients: new Set() };
      tail.groups.set(key, group);
    }
    group.clients.add(client);
    follower.cursor = undefined;
    follower.isWaiting = false;
    const { bytes, events } = page.take();
    this.#post({ kind: "page", client, bytes, events, group: group.number }, [bytes.buffer]);
    if (told === "names") {
      const frontier = new Map(tail.cursor.seen);
      this.#post({ kind: "names", group: group.number, client, operations: [], frontier, isReset: true });
    }
  }

  // ---- points, where the log is not enough

  #snapshot(follower: Follower, why: string): void {
    const { client, shard, told } = follower;
    const frontier = this.#frontiers.get(shard);
    if (frontier === undefined) return this.#end(client, "failed", "the collection is not served");
    if (++follower.snapshots > SNAPSHOTS_MAX) return this.#end(client, "log", "the log cannot be followed");
    follower.cursor = undefined;
    follower.isWaiting = false;
    follower.snapshot = new Map(frontier);
    if (told === "names") return this.#resume(client);
    this.#post({ kind: "snapshot", client, token: changeToken(shard, frontier), why });
  }

  #resume(client: number): void {
    const follower = this.#followers.get(client);
    const seen = follower?.snapshot;
    if (follower === undefined || seen === undefined) return;
    this.#guarded(follower, () => {
      follower.cursor = this.#cursor(follower, seen);
      follower.snapshot = undefined;
      this.#readPage(follower);
    });
  }

  // ---- the end of the log, for all

  #tailOf({ shard, collection }: Follower): ShardTail {
    const known = this.#tails.get(shard);
    if (known !== undefined) return known;
    const cursor = openCursor(this.#log, shard, this.#frontiers.get(shard) ?? new Map());
    const tail = new ShardTail(this.#log, cursor, collection, this.#post);
    this.#tails.set(shard, tail);
    return tail;
  }

  #soon(shard: string): void {
    if (!this.#tails.has(shard) && !this.#isAwaited(shard)) return;
    this.#new.add(shard);
    if (this.#timer !== undefined || this.#isClosed) return;
    const waitMs = Math.max(0, this.#readMs + tailEveryMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#readMs = performance.now();
      const shards = [...this.#new];
      this.#new.clear();
      for (const one of shards) this.#tell(one);
    }, waitMs);
  }

  #isAwaited(shard: string): boolean {
    for (const follower of this.#followers.values()) if (follower.isWaiting && follower.shard === shard) return true;
    return false;
  }

  #tell(shard: string): void {
    this.#advance(shard);
    for (const follower of this.#followers.values()) {
      if (!follower.isWaiting || follower.shard !== shard) continue;
      follower.isWaiting = false;
      this.#page(follower.client);
    }
  }

  #advance(shard: string): void {
    const tail = this.#tails.get(shard);
    const frontier = this.#frontiers.get(shard);
    if (tail === undefined || frontier === undefined || this.#isClosed) return;
    try {
      const stop = tail.advance(frontier);
      if (stop === "gap" && tail.isGap) return this.#restart(shard, tail, "compacted");
      if (stop === "gap") setTimeout(() => this.#soon(shard), GAP_MS);
      tail.isGap = stop === "gap";
      // others have their turn in between
      if (stop === "more") this.#soon(shard);
    } catch (error) {
      const isCorrupt = error instanceof MurmurationError && error.code === "corrupt";
      if (isCorrupt) this.#restart(shard, tail, "damaged");
      else this.#endShard(shard, "failed", this.#inWords(error));
    }
  }

  /** What is missing at the end is missing for all that are there. */
  #restart(shard: string, tail: ShardTail, why: string): void {
    this.#tails.delete(shard);
    const clients = [...tail.groups.values()].flatMap((group) => [...group.clients]);
    for (const client of clients) {
      const follower = this.#followers.get(client);
      if (follower !== undefined) this.#guarded(follower, () => this.#snapshot(follower, why));
    }
  }
}
