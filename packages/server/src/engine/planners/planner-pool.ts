import { Worker } from "node:worker_threads";
import type { PlannedGraph, PlannedInsert, Planner } from "@murmuration/core";
import { assert, type InsertCandidates } from "@murmuration/index";
import { stackOf } from "../../threads/stack.js";
import { FIRST_PLANNER_THREAD, PLANNERS_MAX } from "../../threads/thread-places.js";
import {
  awaitPlanner,
  type Board,
  beginRound,
  closeBoard,
  type Desk,
  foundOn,
  isAtWork,
  makeBoard,
  makeDesk,
  ROUND_FLOATS_MAX,
  ROUND_MAX,
  takeInsert,
} from "./board.js";
import type { GraphNews, PlannerStart } from "./planner-thread.js";

/** Fewer than these are found by the engine's thread before another one has woken up. */
const SHARED_MIN = 4;
/** A planner that is not through when nothing is left to take has so long; then the engine's thread finds the rest itself. */
const WAIT_MS_MAX = 1;
/** One that is still not through after this long is given up: it has died, or hardly gets a processor. */
const LATE_MS_MAX = 2_000;
/** One that has died is replaced so soon at the earliest. */
const REPLACE_MS_MIN = 1_000;

/** How a pool is run, where not as usual. */
export interface PlannerPoolOptions {
  /** Threads that plan, the engine's own included: 2 to `PLANNERS_MAX`. */
  readonly planners: number;
  /** A planner was lost, or has failed. */
  readonly tell: (what: string, why: string) => void;
  readonly threadFile?: URL;
  readonly lateMsMax?: number;
  readonly replaceMsMin?: number;
}

interface Hired {
  readonly worker: Worker;
  readonly desk: Desk;
  /** Numbers of the graphs that it knows. */
  readonly graphs: Set<number>;
  /** Since when it has not ended what it has begun. */
  lateSinceMs: number | undefined;
  isLost: boolean;
}

/** A place for a planner on all graphs. */
interface Place {
  readonly thread: number;
  hired: Hired | undefined;
  hiredMs: number;
}

/**
 * Finds candidates on several threads, the engine's own among them, over the graphs' shared memory. What a planner does not deliver in time,
 * because it has died, has only just started or does not get a processor, the engine's thread finds itself: nothing depends on a planner
 * but the time that it takes. One that is late reads beside the writer, as any reader does, and nobody looks at what it finds.
 */
export class PlannerPool implements Planner {
  readonly groupSize = ROUND_MAX;
  readonly #options: PlannerPoolOptions;
  readonly #board: Board = makeBoard();
  readonly #places: readonly Place[];
  readonly #numbers = new WeakMap<PlannedGraph, number>();
  readonly #graphs = new Map<number, WeakRef<PlannedGraph>>();
  readonly #gone = new FinalizationRegistry<number>((graph) => this.#forget(graph));
  #lastNumber = 0;
  #sharedCount = 0;

  constructor(options: PlannerPoolOptions) {
    const { planners } = options;
    assert(planners >= 2 && planners <= PLANNERS_MAX, "a pool has planners beside the engine's thread");
    this.#options = options;
    this.#places = Array.from({ length: planners - 1 }, (_, i) => ({
      thread: FIRST_PLANNER_THREAD + i,
      hired: undefined,
      hiredMs: Number.NEGATIVE_INFINITY,
    }));
    this.#fill();
  }

  candidates(index: PlannedGraph, inserts: readonly PlannedInsert[]): (InsertCandidates | undefined)[] {
    if (inserts.length < SHARED_MIN) return inserts.map(({ dot, values }) => index.inserts.candidates(dot, values));
    this.#giveUpLate();
    this.#fill();
    const most = Math.min(ROUND_MAX, Math.floor(ROUND_FLOATS_MAX / index.options.dimensions));
    const found: (InsertCandidates | undefined)[] = [];
    for (let from = 0; from < inserts.length; from += most) {
      found.push(...this.#round(index, inserts.slice(from, from + most)));
    }
    return found;
  }

  /** Planners that are at work or waiting for it. */
  get hiredCount(): number {
    return this.#places.filter(({ hired }) => hired !== undefined && !hired.isLost).length;
  }

  /** Inserts whose candidates other threads than the engine's have found, since the start. */
  get sharedCount(): number {
    return this.#sharedCount;
  }

  /** Let all planners go. */
  close(): void {
    closeBoard(this.#board);
    for (const { hired } of this.#places) hired?.worker.removeAllListeners("exit");
  }

  #round(index: PlannedGraph, inserts: readonly PlannedInsert[]): (InsertCandidates | undefined)[] {
    const graph = this.#numberOf(index);
    const able = this.#places.flatMap(({ hired }) => (hired === undefined || hired.isLost ? [] : [hired]));
    for (const one of able) this.#introduce(one, graph, index);
    const { dimensions } = index.options;
    const round = beginRound(this.#board, graph, dimensions, inserts);
    const found: (InsertCandidates | undefined)[] = inserts.map(() => undefined);
    const take = () => takeInsert(this.#board, round, dimensions);
    for (let own = take(); own !== undefined; own = take()) {
      found[own.place] = index.inserts.candidates(own.dot, own.values);
    }
    for (const one of able) {
      awaitPlanner(one.desk, round, WAIT_MS_MAX);
      for (const [place, candidates] of foundOn(one.desk, round)) {
        found[place] = candidates;
        this.#sharedCount++;
      }
    }
    return found.map((one, i) => {
      const { dot, values } = inserts[i] as PlannedInsert;
      return one ?? index.inserts.candidates(dot, values);
    });
  }

  // ---- planners

  /** Hire for the places that are free. */
  #fill(): void {
    const nowMs = performance.now();
    for (const place of this.#places) {
      if (place.hired !== undefined || nowMs - place.hiredMs < (this.#options.replaceMsMin ?? REPLACE_MS_MIN)) continue;
      place.hiredMs = nowMs;
      this.#hire(place);
    }
  }

  #hire(place: Place): void {
    const desk = makeDesk();
    const workerData: PlannerStart = { board: this.#board, desk, thread: place.thread };
    const file = this.#options.threadFile ?? new URL("./planner-thread.js", import.meta.url);
    let worker: Worker;
    try {
      worker = new Worker(file, { workerData });
    } catch (error) {
      this.#options.tell("a planner could not be started", stackOf(error));
      return;
    }
    const hired: Hired = { worker, desk, graphs: new Set(), lateSinceMs: undefined, isLost: false };
    place.hired = hired;
    // it ends with the engine's thread, and does not keep it
    worker.unref();
    worker.on("error", (error) => this.#options.tell("a planner failed", stackOf(error)));
    worker.on("exit", () => {
      place.hired = undefined;
      if (!hired.isLost) this.#options.tell("a planner ended", "another one takes its place");
      this.#release(hired, place.thread);
    });
  }

  /** A planner that is late by much is lost. */
  #giveUpLate(): void {
    const nowMs = performance.now();
    for (const { hired } of this.#places) {
      if (hired === undefined || hired.isLost) continue;
      if (!isAtWork(hired.desk)) hired.lateSinceMs = undefined;
      else hired.lateSinceMs ??= nowMs;
      const { lateSinceMs = nowMs } = hired;
      if (nowMs - lateSinceMs > (this.#options.lateMsMax ?? LATE_MS_MAX)) this.#giveUp(hired);
    }
  }

  /** It may be at work still: nobody takes its place before it has ended. */
  #giveUp(hired: Hired): void {
    hired.isLost = true;
    this.#options.tell("a planner was given up", "it did not end its part of a group; another one takes its place");
    hired.worker.terminate().catch((error: unknown) => {
      this.#options.tell("a planner could not be ended", stackOf(error));
    });
  }

  /** What it held of the graphs is free again. */
  #release({ graphs }: Hired, thread: number): void {
    for (const graph of graphs) this.#graphs.get(graph)?.deref()?.inserts.release(thread);
  }

  // ---- graphs

  #numberOf(index: PlannedGraph): number {
    const known = this.#numbers.get(index);
    if (known !== undefined) return known;
    const graph = ++this.#lastNumber;
    this.#numbers.set(index, graph);
    this.#graphs.set(graph, new WeakRef(index));
    this.#gone.register(index, graph);
    return graph;
  }

  #introduce({ worker, graphs }: Hired, graph: number, index: PlannedGraph): void {
    if (graphs.has(graph)) return;
    graphs.add(graph);
    worker.postMessage({ graph, handle: index.handle() } satisfies GraphNews);
  }

  /** A graph is dropped: no planner shall keep its memory. */
  #forget(graph: number): void {
    this.#graphs.delete(graph);
    for (const { hired } of this.#places) {
      if (hired?.graphs.delete(graph) === true) hired.worker.postMessage({ graph } satisfies GraphNews);
    }
    // they read their messages when they wake up
    beginRound(this.#board, graph, 0, []);
  }
}

/** Threads that plan, this one included; `undefined` for this one alone. */
export function openPlanners(planners: number, tell: PlannerPoolOptions["tell"]): PlannerPool | undefined {
  return planners > 1 ? new PlannerPool({ planners, tell }) : undefined;
}
