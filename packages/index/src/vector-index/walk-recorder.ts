import type { Engine } from "./engine.js";
import type { WalkPlan } from "./walk-decision.js";
import { AT, BEGUN, COMPARED, EXPANDED_NODE, KEPT_POOL, LOOKED } from "./walk-steps.js";

/** The slot in an entry of a pool: above it is a mark of the walk. */
const POOL_SLOT = 0x7fffffff;

/** How much is recorded of all walks of one search. Behind it the walks go on, and are not told any more. */
interface RecordLimits {
  readonly stepsMax: number;
  /** Nodes that were compared, over all steps. */
  readonly lookedMax: number;
}

const recordLimits: RecordLimits = { stepsMax: 2_000, lookedMax: 20_000 };

/** A node that a walk has compared with the query, by its slot, and the distance as the walk compares. */
export interface LookedAt {
  readonly slot: number;
  readonly distance: number;
}

/** One step of a walk. Nodes are named by their slots, or as whoever tells of it numbers them. */
export interface WalkStep<Looked = LookedAt> {
  /** descend: the greedy descent of an upper level looks at all links of where it is. search: the best-first search of the lowest one. */
  readonly kind: "descend" | "search";
  readonly level: number;
  /** Those whose links are followed: one on upper levels, up to three at a time (`BEAM`) on the lowest one; none where it begins. */
  readonly expanded: readonly number[];
  /** Nodes that were compared; of a search those alone that it had not met before. Where it begins: what it begins with. */
  readonly looked: readonly Looked[];
  /** Those of them that were near enough to be kept; of a descent: where it goes on, none where nothing is nearer. */
  readonly kept: readonly number[];
  /** Candidates that are kept after it, and the distance of the farthest one; of a descent: of where it is. */
  readonly pool: number;
  readonly farthest: number;
}

/** A walk from its entry to its end: when every candidate that it keeps has been expanded. */
export interface RecordedWalk {
  /** Candidates that it keeps at most, and how it came to that. */
  readonly ef: number;
  readonly plan: WalkPlan;
  readonly steps: readonly WalkStep[];
  /** Steps, comparisons along links, and candidates in the end: also of what was not recorded. */
  readonly stepsTaken: number;
  readonly compared: number;
  readonly candidates: number;
}

/** Records the walks of one search, by the very code that answers queries. */
export class WalkRecorder {
  readonly walks: RecordedWalk[] = [];
  /** Was all that matches compared in the end: instead of walks, or after them? */
  comparesAll = false;
  /** Was there more than is recorded? */
  isCut = false;
  #steps = 0;
  #looked = 0;
  readonly #limits: RecordLimits;

  constructor(limits: RecordLimits = recordLimits) {
    this.#limits = limits;
  }

  /** As `Engine.walk`. */
  walk(engine: Engine, ef: number, everywhere: number, plan: WalkPlan): number {
    const steps: WalkStep[] = [];
    const progress = new Progress(engine, (step) => {
      const { stepsMax, lookedMax } = this.#limits;
      if (this.#steps >= stepsMax || this.#looked + step.looked.length > lookedMax) {
        this.isCut = true;
        return false;
      }
      this.#steps++;
      this.#looked += step.looked.length;
      steps.push(step);
      return true;
    });
    const candidates = engine.record(ef, everywhere, (...step) => progress.take(...step));
    progress.end();
    this.walks.push({ ef, plan, steps, stepsTaken: progress.steps, compared: progress.compared, candidates });
    return candidates;
  }
}

/** What is known of the walk in work. */
class Progress {
  steps = 0;
  compared = 0;
  readonly #engine: Engine;
  /** Returns whether more is wanted. */
  readonly #emit: (step: WalkStep) => boolean;
  #isWanted = true;
  #expanded: number[] = [];
  #looked: LookedAt[] = [];
  /** A step of the descent that waits for where it leads. */
  #descent: WalkStep | undefined;

  constructor(engine: Engine, emit: (step: WalkStep) => boolean) {
    this.#engine = engine;
    this.#emit = emit;
  }

  take(step: number, level: number, slot: number, count: number, distance: number): void {
    switch (step) {
      case AT:
        this.#arrive(level, slot, distance);
        return;
      case LOOKED:
        this.steps++;
        this.compared += count;
        if (!this.#isWanted) return;
        this.#descent = {
          kind: "descend",
          level,
          expanded: [slot],
          looked: this.#batch(count),
          kept: [],
          pool: 1,
          farthest: distance,
        };
        return;
      case BEGUN:
        this.end();
        if (this.#isWanted) this.#found("search", level, this.#pool(count), count);
        return;
      case EXPANDED_NODE:
        if (this.#isWanted) this.#expanded.push(slot);
        return;
      case COMPARED:
        this.steps++;
        this.compared += count;
        this.#looked = this.#isWanted ? this.#batch(count) : [];
        return;
      case KEPT_POOL:
        if (this.#isWanted) this.#found("search", level, this.#looked, count);
        return;
    }
  }

  /** The descent is over. */
  end(): void {
    if (this.#descent !== undefined) this.#give(this.#descent);
    this.#descent = undefined;
  }

  /** A descent is at a node: the step before has led there, or this is where one begins. */
  #arrive(level: number, slot: number, distance: number): void {
    const before = this.#descent;
    this.#descent = undefined;
    if (!this.#isWanted) return;
    const isNearer = (one: LookedAt) => one.slot === slot && one.distance <= (before?.farthest ?? 0);
    const leads = before?.level === level && before.looked.some(isNearer);
    if (before !== undefined) this.#give(leads ? { ...before, kept: [slot], farthest: distance } : before);
    if (!leads && before?.expanded[0] !== slot) {
      const looked = [{ slot, distance }];
      this.#give({ kind: "descend", level, expanded: [], looked, kept: [slot], pool: 1, farthest: distance });
    }
  }

  #found(kind: WalkStep["kind"], level: number, looked: readonly LookedAt[], count: number): void {
    const pool = this.#pool(count);
    const inPool = new Set(pool.map(({ slot }) => slot));
    const kept = looked.filter(({ slot }) => inPool.has(slot)).map(({ slot }) => slot);
    const farthest = pool.at(-1)?.distance ?? 0;
    const expanded = this.#expanded;
    this.#expanded = [];
    this.#give({ kind, level, expanded, looked, kept, pool: count, farthest });
  }

  #give(step: WalkStep): void {
    if (this.#isWanted) this.#isWanted = this.#emit(step);
  }

  #batch(count: number): LookedAt[] {
    const { u32, f32, at } = this.#engine;
    return Array.from({ length: count }, (_, i) => ({
      slot: u32[(at.slots >> 2) + i] as number,
      distance: f32[(at.distances >> 2) + i] as number,
    }));
  }

  #pool(count: number): LookedAt[] {
    const { u32, f32, at } = this.#engine;
    const pool = at.pool >>> 2;
    return Array.from({ length: count }, (_, i) => ({
      distance: f32[pool + 2 * i] as number,
      slot: (u32[pool + 2 * i + 1] as number) & POOL_SLOT,
    }));
  }
}
