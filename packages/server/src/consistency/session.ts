import {
  type Command,
  type ConsistencyLevel,
  isPointWrite,
  limits,
  mergeTokens,
  type Receipt,
  type SessionToken,
  type SettledWait,
  SYSTEM_SHARD,
  sortedEntries,
  type WaitRequest,
} from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { Database, Digest, WriteOptions } from "../engine/database.js";
import { consistencyTimeoutMsDefault } from "../http/http-limits.js";
import { murmurHeaders } from "../http/murmur-headers.js";
import type { ForwardedAnswer, Forwarder } from "./forwarder.js";
import type { SessionRequest } from "./session-request.js";
import { textOf, tokenOf } from "./token-text.js";

/** What a write came to: `missed`: too few members were heard to hold it in time, or its payload index is still being built. */
export type WriteReceipt = Receipt & { readonly missed?: true };

type IndexCommand = Extract<Command, { readonly kind: "create-payload-index" }>;
type QuorumOutcome = Extract<SettledWait, { readonly agreed: readonly number[] }>;

const isLocal = (level: ConsistencyLevel) => level.kind === "eventual" || level.kind === "session";

const frontierText = (frontier: ReadonlyMap<number, number>) =>
  sortedEntries(frontier)
    .map(([origin, sequence]) => `${origin}:${sequence}`)
    .join(",");

/** One request's part in its session: what it waits for before it is answered, and what its answer tells of. */
export class Session {
  readonly #database: Database;
  readonly #request: SessionRequest;
  readonly #token: SessionToken | undefined;
  readonly #level: ConsistencyLevel;
  readonly #timeoutMs: number;
  readonly #beganMs = performance.now();
  readonly #deadlineMs: number;
  #digest: Digest | undefined;
  /** What the answer is as of. */
  #answeredFrom: SessionToken | undefined;
  #quorum: QuorumOutcome | "quorum-missed" | undefined;

  /** Throws `format` for a token that is none, or too long. */
  constructor(database: Database, request: SessionRequest) {
    const { headers, parameters } = request;
    this.#database = database;
    this.#request = request;
    this.#token = tokenOf(headers[murmurHeaders.token]);
    this.#level = parameters.consistency ?? { kind: "session" };
    const timeoutMs = parameters.timeout === undefined ? consistencyTimeoutMsDefault : parameters.timeout * 1000;
    this.#timeoutMs = Math.min(timeoutMs, limits.waitMsMax);
    this.#deadlineMs = this.#beganMs + this.#timeoutMs;
  }

  /**
   * Wait until the request can be answered here as it asks. Resolves to the answer of another replica where this one cannot in time;
   * `undefined`: there is nothing to wait for. Rejects with `unavailable` where nobody can, `validation` for a level of more members than
   * there are.
   */
  prepare(forwarder: Forwarder): Promise<ForwardedAnswer | undefined> | undefined {
    const { access, headers } = this.#request;
    const followsToken = this.#token !== undefined && this.#level.kind !== "eventual";
    const asks = access === "read" && (!isLocal(this.#level) || headers[murmurHeaders.digest] === "1");
    return followsToken || asks ? this.#follow(forwarder) : undefined;
  }

  async #follow(forwarder: Forwarder): Promise<ForwardedAnswer | undefined> {
    const { access, names, headers } = this.#request;
    if (this.#token !== undefined && this.#level.kind !== "eventual") {
      const answer = await this.#followToken(this.#token, forwarder);
      if (answer !== undefined) return answer;
    }
    if (access === "write") return undefined;
    if (!isLocal(this.#level)) await this.#followMembers();
    const [name] = names;
    // everything up to the digest is followed when it arrives: the answer that is given then is of the same frontier
    if (headers[murmurHeaders.digest] === "1" && name !== undefined) this.#digest = await this.#database.digest(name);
    return undefined;
  }

  /** Write, and wait for as many members as the request asks for. A level of more than there are is refused and nothing is written. */
  async write(command: Command, told: Pick<WriteOptions, "watched" | "onReport"> = {}): Promise<WriteReceipt> {
    const { write_consistency: level, wait, timeout } = this.#request.parameters;
    const timeoutMs = timeout === undefined ? this.#request.filterTimeoutMs : timeout * 1000;
    const receipt = await this.#database.write(command, { level, timeoutMs, ...told });
    if (level !== undefined && !isLocal(level) && wait !== false) {
      this.#quorum = await this.#untilHeld(command, receipt, level);
    }
    const isShown = command.kind !== "create-payload-index" || wait !== true || (await this.#untilShown(command));
    return isShown && !this.missedQuorum ? receipt : { ...receipt, missed: true };
  }

  /** Is what was written durable here, and not known to be where it was asked to be? */
  get missedQuorum(): boolean {
    return this.#quorum === "quorum-missed" || this.#quorum?.result === "quorum-missed";
  }

  /** What is answered from here on is as of this moment at least. */
  begin(): void {
    this.#answeredFrom = this.#database.frontiers(this.#request.names);
  }

  /** The answer is as of these frontiers, whenever it is given. */
  answeredFrom(frontiers: SessionToken): void {
    this.#answeredFrom = frontiers;
  }

  /** Headers of an answer that is as of known frontiers, or was given just now: then nothing may have been followed since. */
  answerHeaders(): { readonly [name: string]: string } {
    const { names, headers } = this.#request;
    const frontiers = this.#answeredFrom ?? this.#database.frontiers(names);
    const token = this.#token === undefined ? frontiers : mergeTokens(this.#token, frontiers);
    const answer: { [name: string]: string } = { [murmurHeaders.token]: textOf(token) };
    if (this.#quorum !== undefined) answer[murmurHeaders.consistency] = this.#quorumText(this.#quorum);
    if (headers[murmurHeaders.frontier] !== "1" && this.#digest === undefined) return answer;
    const [, own] = [...frontiers].find(([shard]) => shard !== SYSTEM_SHARD) ?? [];
    if (own === undefined) return answer;
    const frontier = frontierText(own);
    if (headers[murmurHeaders.frontier] === "1") answer[murmurHeaders.frontier] = frontier;
    if (this.#digest !== undefined) answer[murmurHeaders.digest] = digestText(this.#digest, frontier);
    return answer;
  }

  async #followToken(token: SessionToken, forwarder: Forwarder): Promise<ForwardedAnswer | undefined> {
    const { access, names, signal } = this.#request;
    if (this.#database.missing(token, names) === 0) return undefined;
    const patience = { timeoutMs: this.#leftMs(), signal: signal() };
    if (await this.#database.untilCovered(token, names, patience)) return undefined;
    // a write that is passed on and gets no answer may have been done or not
    const answer = access === "read" ? await forwarder.forward(this.#request, token) : undefined;
    if (answer !== undefined) return answer;
    const missing = this.#database.missing(token, names);
    const nobody = access === "read" ? ", and no other that is in reach has them" : ": nothing was written";
    throw new MurmurationError(
      "unavailable",
      `${murmurHeaders.token}: this replica lacks ${missing} operations that the session has seen after ${this.#timeoutMs / 1000} s${nobody}`,
      murmurHeaders.token,
    );
  }

  /** Names are resolved in a catalogue that is as new as the read asks for: what comes up then is waited for as well. */
  async #followMembers(): Promise<void> {
    const { names, signal } = this.#request;
    const level = this.#level;
    let followed: readonly string[] | undefined;
    for (;;) {
      const shards = [...this.#database.frontiers(names).keys()].filter((shard) => shard !== SYSTEM_SHARD);
      if (followed !== undefined && shards.every((shard) => followed?.includes(shard))) return;
      const wait = { kind: "read", shards, level, timeoutMs: this.#leftMs() } as const;
      const outcome = (await this.#database.settled(wait, signal())) as QuorumOutcome;
      if (outcome.result !== "done") throw this.#missedRead(outcome);
      followed = shards;
    }
  }

  async #untilHeld(
    command: Command,
    { operationId }: Receipt,
    level: ConsistencyLevel,
  ): Promise<QuorumOutcome | "quorum-missed"> {
    const shard = this.#shardOf(command);
    if (shard === undefined) return "quorum-missed";
    const wait = { kind: "write", shard, operationId, level, timeoutMs: this.#leftMs() } as const;
    const settled = await this.#settledOrMissed(wait, this.#request.signal());
    return settled === "missed" ? "quorum-missed" : (settled as QuorumOutcome);
  }

  /** It is written, whatever comes between: an error would say that it is not. */
  async #settledOrMissed(wait: WaitRequest, signal: AbortSignal): Promise<SettledWait | "missed"> {
    try {
      return await this.#database.settled(wait, signal);
    } catch (error) {
      if (error instanceof MurmurationError) return "missed";
      throw error;
    }
  }

  /**
   * Wait until reads here use a payload index, as long as the request says; without a time until it is built, however long that takes. Rejects
   * where it was given up: with `capacity` where there was no room for it, with `corrupt` or `storage` where a payload could not be read.
   */
  async #untilShown({ collection, path }: IndexCommand): Promise<boolean> {
    const shard = this.#shardNamed(collection);
    if (shard === undefined) return true;
    const { parameters, signal } = this.#request;
    while (!signal().aborted) {
      const leftMs = Math.max(0, this.#beganMs + (parameters.timeout ?? Infinity) * 1000 - performance.now());
      const timeoutMs = Math.min(leftMs, limits.waitMsMax);
      const settled = await this.#settledOrMissed({ kind: "index", shard, path, timeoutMs }, signal());
      if (settled === "missed") return false;
      if (settled.result === "index-given-up") {
        const why = `${settled.reason}. The index is kept and not used: when this is mended, delete it and create it again`;
        throw new MurmurationError(settled.code, why, "field_name");
      }
      if (settled.result === "index-shown") return true;
      if (leftMs <= limits.waitMsMax) return false;
    }
    return false;
  }

  /** `undefined`: its collection is deleted already. */
  #shardOf(command: Command): string | undefined {
    return isPointWrite(command) ? this.#shardNamed(command.collection) : SYSTEM_SHARD;
  }

  #shardNamed(collection: string): string | undefined {
    return [...this.#database.frontiers([collection]).keys()].find((shard) => shard !== SYSTEM_SHARD);
  }

  #missedRead({ agreed, needed, members }: QuorumOutcome): MurmurationError {
    return new MurmurationError(
      "unavailable",
      `consistency: ${agreed.length} of ${members.length} members agreed within ${this.#timeoutMs / 1000} s, ${needed} are asked for`,
      "consistency",
    );
  }

  #quorumText(quorum: QuorumOutcome | "quorum-missed"): string {
    if (quorum === "quorum-missed") return quorum;
    const { result, agreed, needed, members } = quorum;
    const name = result === "done" ? "done" : "quorum-missed";
    return `${name}; agreed=${agreed.length}; needed=${needed}; members=${members.length}`;
  }

  #leftMs(): number {
    return Math.max(0, this.#deadlineMs - performance.now());
  }
}

function digestText(digest: Digest, frontier: string): string {
  const entries = Object.entries(digest.frontier).map(([origin, sequence]) => [Number(origin), sequence] as const);
  const isSame = frontierText(new Map(entries)) === frontier;
  return isSame ? `points=${digest.points_digest}; graph=${digest.graph_digest}` : "moved-on";
}
