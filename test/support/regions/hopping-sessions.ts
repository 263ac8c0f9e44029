import { setTimeout as after } from "node:timers/promises";
import { Random } from "../random.js";
import type { Region, RegionCluster } from "./region-cluster.js";
import { SessionHistory } from "./session-history.js";

const TOKEN_HEADER = "x-murmur-token";
/** Beyond the points of `AcknowledgedWrites`. */
const FIRST_ID = 1_000_000;
const IDS_PER_SESSION = 100_000;
const POINTS_PER_SESSION = 4;
const DIMENSIONS = 8;
const ANSWER_MS_MAX = 5_000;
/** Seconds that a database waits for what a token covers. */
const COVER_S_MAX = 1;

/** What sessions were answered. */
export interface SessionCounts {
  readonly reads: number;
  readonly writes: number;
  /** Answers of status 503: what the session has seen is not there yet, or nothing is written now. */
  readonly refused: number;
  /** No answer, or none in time. */
  readonly unanswered: number;
}

interface Answer {
  readonly status: number;
  readonly body: { readonly result?: { readonly payload?: { readonly turn?: number } | null } };
  readonly token: string | undefined;
}

/** One client: its token goes with it from region to region. */
class HoppingSession {
  readonly history: SessionHistory;
  token: string | undefined;
  turn = 0;
  /** Points that it writes. One whose last write has an unknown outcome is written no more: that write may come into effect later. */
  readonly ids: number[];
  #nextId: number;

  constructor(at: number) {
    this.history = new SessionHistory(String(at));
    this.#nextId = FIRST_ID + at * IDS_PER_SESSION;
    this.ids = Array.from({ length: POINTS_PER_SESSION }, () => this.#nextId++);
  }

  leave(id: number): void {
    this.ids[this.ids.indexOf(id)] = this.#nextId++;
  }
}

/** Sessions that hop between regions with their tokens, and check that they read their own writes and never go back. */
export class HoppingSessions {
  readonly #cluster: RegionCluster;
  readonly #collection: string;
  readonly #random: Random;
  readonly #pauseMs: number;
  readonly #sessions: readonly HoppingSession[];
  readonly #counts = { reads: 0, writes: 0, refused: 0, unanswered: 0 };
  readonly #violations: string[] = [];
  readonly #writesAt = new Map<string, number>();
  #running: Promise<void>[] = [];
  #isStopped = false;

  constructor(cluster: RegionCluster, collection: string, seed: number, count: number, pauseMs: number) {
    this.#cluster = cluster;
    this.#collection = collection;
    this.#random = new Random(seed);
    this.#pauseMs = pauseMs;
    this.#sessions = Array.from({ length: count }, (_, at) => new HoppingSession(at));
  }

  get counts(): SessionCounts {
    return { ...this.#counts };
  }

  /** Writes that a region has acknowledged. */
  writesAt(name: string): number {
    return this.#writesAt.get(name) ?? 0;
  }

  /** Promises that were broken, in words. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  start(): void {
    this.#running = this.#sessions.map((session) => this.#live(session));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running);
  }

  async #live(session: HoppingSession): Promise<void> {
    while (!this.#isStopped) {
      const region = this.#random.pick(this.#cluster.regions);
      if (this.#random.below(3) === 0) await this.#write(session, region);
      else await this.#read(session, region);
      await after(this.#pauseMs);
    }
  }

  async #write(session: HoppingSession, region: Region): Promise<void> {
    const id = this.#random.pick(session.ids);
    session.turn++;
    const { turn } = session;
    const vector = Array.from({ length: DIMENSIONS }, () => this.#random.below(1_000) / 1_000);
    const answer = await this.#ask(session, region, "PUT", "/points?wait=true&", {
      points: [{ id, vector, payload: { turn } }],
    });
    if (answer?.status !== 200) return session.leave(id);
    this.#counts.writes++;
    this.#writesAt.set(region.name, this.writesAt(region.name) + 1);
    session.history.noteWrite(id, turn);
  }

  async #read(session: HoppingSession, region: Region): Promise<void> {
    const id = this.#random.pick(this.#random.pick(this.#sessions).ids);
    const answer = await this.#ask(session, region, "GET", `/points/${id}?`);
    if (answer === undefined || (answer.status !== 200 && answer.status !== 404)) return;
    this.#counts.reads++;
    const turn = answer.status === 404 ? undefined : (answer.body.result?.payload?.turn ?? 0);
    const broken = session.history.noteRead(id, turn, region.name);
    if (broken !== undefined) this.#violations.push(broken);
  }

  async #ask(
    session: HoppingSession,
    { server }: Region,
    method: string,
    path: string,
    body?: object,
  ): Promise<Answer | undefined> {
    try {
      const told = await server.ask(method, `/collections/${this.#collection}${path}timeout=${COVER_S_MAX}`, {
        headers: session.token === undefined ? {} : { [TOKEN_HEADER]: session.token },
        ...(body === undefined ? {} : { body }),
        timeoutMs: ANSWER_MS_MAX,
      });
      const { status } = told;
      const answer = { status, body: JSON.parse(told.text) as Answer["body"], token: told.header(TOKEN_HEADER) };
      if (answer.status === 503) this.#counts.refused++;
      // an answer's token is that of the request and what the answer shows, together
      else session.token = answer.token ?? session.token;
      return answer;
    } catch {
      this.#counts.unanswered++;
      return undefined;
    }
  }
}
