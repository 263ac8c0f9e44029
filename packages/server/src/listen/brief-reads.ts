import {
  type Collection,
  mergeTokens,
  resolveCollection,
  type SessionToken,
  type VersionVector,
} from "@murmuration/core";
import type { JsonObject } from "@murmuration/index";
import type { Guard } from "../access/guard.js";
import { rightOf } from "../access/route-rights.js";
import { textOf, tokenOf } from "../consistency/token-text.js";
import type { BriefSource } from "../engine/brief-source.js";
import type { FollowedShard } from "../engine/followed-shard.js";
import { parseJsonBytes } from "../http/json.js";
import { filterOf, isBriefWithFilter, pageOf, selectsMore } from "../read/brief-reading.js";
import type { LocalReaders } from "../read/local-readers.js";
import type { ReaderAnswer } from "../read/readers.js";
import type { Reading } from "../read/reading.js";
import { RequestTiming } from "../request-timing.js";
import type { SlowQuery } from "../slow-queries.js";
import { unindexedField } from "../strict/filter-fields.js";
import { AnswerSizes } from "./answer-sizes.js";
import type { BriefRequest } from "./brief-request.js";

/** Texts of tokens that are remembered. */
const TOKENS_MAX = 1_024;

/** What a brief read came to. */
export interface BriefAnswer {
  /** The text of the result. */
  readonly result: string;
  /** What the session is told. */
  readonly token: string;
  readonly settled: boolean | undefined;
  readonly kind: Reading["kind"];
  /** Missing where nobody asks how long its parts took. */
  readonly timing: RequestTiming | undefined;
  /** Is whoever sent the request one of those who ask? */
  readonly isTimed: boolean;
}

/** One request that is being answered. */
export interface BriefAsked {
  readonly request: BriefRequest;
  /** `undefined`: it has none. */
  readonly body: Buffer | undefined;
  /** Was it let in already? */
  readonly isAdmitted?: boolean;
  /** On the clock of `performance.now()`. */
  readonly arrivedMs: number;
  readonly isAbandoned: () => boolean;
  /** `undefined`: it has to be answered another way, and nothing of it was done. */
  readonly done: (answer: BriefAnswer | undefined) => void;
}

/** A token of a request. */
interface KnownToken {
  readonly token: SessionToken;
  /** What the last answer to it was as of, and the token that it carried. */
  frontiers?: SessionToken;
  text?: string;
}

/** A reading that is begun. */
interface Begun {
  /** Frontier of the catalogue that it is of. */
  readonly catalogue: VersionVector;
  readonly shard: FollowedShard;
  readonly reading: Reading;
  readonly timing: RequestTiming | undefined;
  readonly answer: ReturnType<LocalReaders["begin"]>;
  readonly release: () => void;
}

const isStrict = ({ settings }: Collection) =>
  (settings.strict_mode_config as JsonObject | undefined)?.["enabled"] === true;

/** Is a request let in, as far as that can be said at once? One with a token that is new, or that is refused, is for its route to ask about. */
export function admitsNow(guard: Guard | undefined, { route, collection, credentials }: BriefRequest): boolean {
  return guard === undefined || guard.admitsNow(credentials, rightOf(route.method, route.endpoint), collection);
}

/**
 * Answers brief reads in the thread that has taken the request: one walk of bounded width over vectors in memory, a few points by id or from a page,
 * a count, also by a filter whose paths are indexed, with payloads and vectors. Every request that is anything else, or is refused with an error, is for the way that all requests can take: what is answered
 * here is what would be answered there, to the byte.
 */
export class BriefReads {
  readonly #source: BriefSource;
  readonly #timeoutMs: number;
  readonly #slowMs: number;
  readonly #admits: (request: BriefRequest) => boolean;
  /** Tokens of requests, and what answers to them carry. */
  readonly #tokens = new Map<string, KnownToken>();
  readonly #sizes = new AnswerSizes();
  /** A module of WebAssembly has failed here, and may have left anything behind. */
  #isBroken = false;
  #isClosed = false;

  /**
   * `admits`: is a request let in by what it brings, as far as that can be said at once? `slowMs`: of those that take longer it is told how they were
   * carried out; 0: of none.
   */
  constructor(source: BriefSource, timeoutMs: number, admits: (request: BriefRequest) => boolean, slowMs = 0) {
    this.#slowMs = slowMs;
    this.#source = source;
    this.#admits = admits;
    this.#timeoutMs = timeoutMs;
  }

  /** Nothing is answered here any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Is it worth to wait for its body? */
  mayAnswer(request: BriefRequest): boolean {
    return this.#isServing() && this.#admits(request);
  }

  /** How a request was carried out, where it took too long. */
  slowOf({ route, collection }: BriefRequest, { kind, timing }: BriefAnswer, tookMs: number): SlowQuery | undefined {
    if (timing === undefined || this.#slowMs === 0 || tookMs <= this.#slowMs) return undefined;
    const { method, endpoint } = route;
    const parts = timing.parts(performance.now());
    return { method, endpoint, collection, kind, statusCode: 200, tookMs, parts, plan: timing.read?.plan };
  }

  #isServing(): boolean {
    return !this.#isBroken && !this.#isClosed && this.#source.isServing();
  }

  /** Returns false where the request has to be answered another way; then `done` is not called. It may be called before this returns. */
  answer(asked: BriefAsked): boolean {
    if (!this.#isServing()) return false;
    if (asked.isAdmitted !== true && !this.#admits(asked.request)) return false;
    try {
      const begun = this.#begin(asked);
      if (begun === undefined) return false;
      const { answer } = begun;
      if (!(answer instanceof Promise)) return this.#finish(asked, begun, answer.value);
      answer.then(
        (value) => this.#finish(asked, begun, value) || asked.done(undefined),
        (error: unknown) => {
          begun.release();
          this.#note(error);
          asked.done(undefined);
        },
      );
      return true;
    } catch (error) {
      this.#note(error);
      return false;
    }
  }

  #begin({ request, body, arrivedMs, isAbandoned }: BriefAsked): Begun | undefined {
    const { followed, readers, tokens } = this.#source;
    const { route, collection: name, id } = request;
    const catalogue = followed.frontier;
    const collection = resolveCollection(followed.catalogue, name);
    if (isStrict(collection)) return undefined;
    const asked = body === undefined ? undefined : parseJsonBytes(body);
    const plan = route.readingOf({ collection: () => collection }, name, id, asked);
    const shard = followed.shard(name);
    if (plan === undefined || !this.#isBrief(plan, shard, collection)) return undefined;
    if (request.token !== undefined && tokens.missing(this.#tokenOf(request.token).token, [name]) > 0) return undefined;
    const texts = filterOf(plan) === undefined ? undefined : followed.texts(name);
    const timing = request.isTimed || this.#slowMs > 0 ? new RequestTiming(arrivedMs) : undefined;
    const watched = timing === undefined ? plan : { ...plan, isWatched: true as const };
    const reading: Reading = texts === undefined ? watched : { ...watched, texts: [texts] };
    const limits = { deadlineMs: arrivedMs + this.#timeoutMs, timeoutMs: this.#timeoutMs, isAbandoned };
    const release = shard.hold();
    try {
      timing?.taken();
      const answer = readers.begin([shard.readable], reading, limits);
      return { catalogue, shard, reading, release, timing, answer };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Does it take about a millisecond at most, and no disk that lets anybody wait? */
  #isBrief(reading: Reading, { readable }: FollowedShard, collection: Collection): boolean {
    if (!isBriefWithFilter(reading, readable)) return false;
    const filter = filterOf(reading);
    if (filter !== undefined && unindexedField(filter, collection) !== undefined) return false;
    const page = pageOf(reading);
    if (page === undefined || !selectsMore(page.selection)) return true;
    if (page.selection.payload !== false && this.#source.payloads?.arePrompt !== true) return false;
    return this.#sizes.mayBeShort(readable.shard, page.points);
  }

  #finish(
    { request, done }: BriefAsked,
    { catalogue, shard, reading, timing, release }: Begun,
    answer: ReaderAnswer,
  ): boolean {
    timing?.answered(answer.report);
    const [result] = answer.pieces;
    const page = pageOf(reading);
    if (page !== undefined && selectsMore(page.selection)) {
      this.#sizes.note(shard.readable.shard, page.points, answer.pieces);
    }
    if (typeof result !== "string") {
      release();
      return false;
    }
    this.#source.tap.offer(shard.readable.shard, reading);
    const told = shard.frontierAt(answer.epochs[0] as number);
    const tell = (frontier: VersionVector) => {
      release();
      const frontiers = this.#source.tokens.tokenOf(catalogue, [shard.readable.shard], [frontier]);
      done({
        result,
        token: this.#textFor(request.token, frontiers),
        settled: answer.settled,
        kind: reading.kind,
        timing,
        isTimed: request.isTimed,
      });
    };
    if (told instanceof Promise) void told.then(tell);
    else tell(told);
    return true;
  }

  /** What follows from an error here: whatever it says is said another way. */
  #note(error: unknown): void {
    if (!(error instanceof Error) || error.name !== "RuntimeError") return;
    this.#isBroken = true;
    this.#source.readers.release();
  }

  #tokenOf(text: string): KnownToken {
    const known = this.#tokens.get(text);
    if (known !== undefined) return known;
    const token: KnownToken = { token: tokenOf(text) as SessionToken };
    if (this.#tokens.size >= TOKENS_MAX) this.#tokens.clear();
    this.#tokens.set(text, token);
    return token;
  }

  #textFor(brought: string | undefined, frontiers: SessionToken): string {
    if (brought === undefined) return textOf(frontiers);
    const known = this.#tokenOf(brought);
    if (known.frontiers !== frontiers) {
      known.text = textOf(mergeTokens(known.token, frontiers));
      known.frontiers = frontiers;
    }
    return known.text as string;
  }
}
