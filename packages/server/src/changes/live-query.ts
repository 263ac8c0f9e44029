import { covers, dotText, includesDot, type VersionVector } from "@murmuration/core";
import { type PointId, printJson } from "@murmuration/index";
import { liveAmongMax, liveEveryMs, liveNamedMax, livePendingMax } from "./change-limits.js";
import type { NamedOperation } from "./messages.js";
import {
  changeOf,
  isWhole,
  type KeptPoint,
  keptOf,
  type TopChange,
  type TopPoint,
  type TopRule,
} from "./top-points.js";

/** An answer, and what it is as of. */
export interface Evaluated {
  readonly top: readonly TopPoint[];
  readonly frontier: VersionVector;
}

/** What a live query is served with. */
export interface LivePort {
  /** Its answer now, exactly; with `among` the best of these points alone. */
  readonly evaluate: (among: readonly PointId[] | undefined) => Promise<Evaluated>;
  /** `frontier`: what it is as of. */
  readonly send: (event: string, data: string, frontier: VersionVector) => void;
  readonly fail: (error: unknown) => void;
}

/** Of the points that it wrote, those that matter, or the first ones. */
function printed({ origin, sequence, kind, ids }: NamedOperation, moved: ReadonlySet<PointId>): object {
  const mattering = ids.filter((id) => moved.has(id));
  const named = mattering.length > 0 ? mattering : ids.slice(0, liveNamedMax);
  return { dot: dotText({ origin, sequence }), kind, ids: named };
}

/**
 * The answer to a query that is kept true: told once, then whenever it becomes another one, with the operations that made it so. What is told is the exact answer as
 * of a frontier. Where only points that were written can come in, they are compared with those that are in; anything else is looked for anew.
 */
export class LiveQuery {
  readonly #port: LivePort;
  /** Missing: what is written to one point changes the places of others. */
  readonly #rule: TopRule | undefined;
  readonly #waiting = new Set<() => void>();
  #pending: NamedOperation[] = [];
  /** Operations that are not among these any more. */
  #forgotten = 0;
  #told: VersionVector | undefined;
  /** Is it to be looked for anew, whatever was written? */
  #isDoubtful = true;
  #doubts = 0;
  /** The answer that was told last. */
  #at: readonly KeptPoint[] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beganMs = Number.NEGATIVE_INFINITY;
  #isAtWork = false;
  #isClosed = false;

  constructor(port: LivePort, rule: TopRule | undefined) {
    this.#port = port;
    this.#rule = rule;
  }

  /** What was written since, up to a frontier; in order. */
  told(operations: readonly NamedOperation[], frontier: VersionVector, isReset: boolean): void {
    this.#told = frontier;
    if (isReset) this.#doubt();
    for (const operation of operations) this.#pending.push(operation);
    if (this.#pending.length > livePendingMax) {
      this.#forgotten += this.#pending.splice(0, this.#pending.length - livePendingMax).length;
      this.#doubt();
    }
    for (const resolve of [...this.#waiting]) resolve();
    if (operations.length > 0 || isReset) this.#soon();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const resolve of [...this.#waiting]) resolve();
  }

  #doubt(): void {
    this.#isDoubtful = true;
    this.#doubts += 1;
  }

  #soon(): void {
    if (this.#timer !== undefined || this.#isAtWork || this.#isClosed) return;
    const waitMs = Math.max(0, this.#beganMs + liveEveryMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#isAtWork = true;
      this.#beganMs = performance.now();
      this.#look().then(
        () => {
          this.#isAtWork = false;
          if (this.#pending.length > 0 || this.#isDoubtful) this.#soon();
        },
        (error: unknown) => this.#isClosed || this.#port.fail(error),
      );
    }, waitMs);
  }

  async #look(): Promise<void> {
    const before = this.#at;
    const doubts = this.#doubts;
    const isDoubtful = this.#isDoubtful;
    const few = before === undefined || isDoubtful ? undefined : await this.#amongFew(before);
    const now = few ?? (await this.#anew());
    if (this.#isClosed) return;
    const isOfIt = (operation: NamedOperation) => includesDot(now.frontier, operation);
    const done = this.#pending.filter(isOfIt);
    this.#pending = this.#pending.filter((operation) => !isOfIt(operation));
    const forgotten = this.#forgotten;
    this.#forgotten = 0;
    if (doubts === this.#doubts) this.#isDoubtful = false;
    this.#at = keptOf(now.top);
    if (before === undefined) {
      const data = `{"result":[${now.top.map(({ text }) => text).join()}]}`;
      return this.#port.send("top", data, now.frontier);
    }
    const change = changeOf(before, now.top);
    if (change !== undefined) this.#tell(change, now, done, forgotten);
  }

  #tell(change: TopChange, now: Evaluated, done: readonly NamedOperation[], forgotten: number): void {
    const { ids, ...changes } = change;
    const touching = done.filter((operation) => operation.ids.some((id) => ids.has(id)));
    // what stands in no relation to the points that moved: it changed what others are worth
    const causes = touching.length > 0 ? touching : done;
    const data = {
      operations: causes.slice(0, liveNamedMax).map((operation) => printed(operation, ids)),
      operations_total: causes.length + forgotten,
      coalesced: done.length + forgotten,
      entered: changes.entered,
      left: changes.left,
      moved: changes.moved,
      updated: changes.updated,
      ids: now.top.map(({ id }) => id),
    };
    this.#port.send("change", printJson(data), now.frontier);
  }

  /** The answer, where it is among the points that were in it and those that were written; `undefined`: that cannot be said. */
  async #amongFew(before: readonly KeptPoint[]): Promise<Evaluated | undefined> {
    const rule = this.#rule;
    if (rule === undefined) return undefined;
    const among = new Set(before.map(({ id }) => id));
    // what is written while it is read has to be among them as well
    for (let tries = 0; tries < 3; tries++) {
      for (const { ids } of this.#pending) for (const id of ids) among.add(id);
      if (among.size > liveAmongMax) return undefined;
      const found = await this.#port.evaluate([...among]);
      await this.#untilTold(found.frontier);
      if (this.#isClosed || this.#isDoubtful) return undefined;
      const isMissed = this.#pending.some(
        (operation) => includesDot(found.frontier, operation) && operation.ids.some((id) => !among.has(id)),
      );
      if (!isMissed) return isWhole(before, found.top, rule) ? found : undefined;
    }
    return undefined;
  }

  async #anew(): Promise<Evaluated> {
    const found = await this.#port.evaluate(undefined);
    await this.#untilTold(found.frontier);
    return found;
  }

  /** What made an answer is told of a moment after it can be read. */
  async #untilTold(frontier: VersionVector): Promise<void> {
    while (!this.#isClosed && (this.#told === undefined || !covers(this.#told, frontier))) {
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#waiting.delete(done);
          resolve();
        };
        this.#waiting.add(done);
      });
    }
  }
}
