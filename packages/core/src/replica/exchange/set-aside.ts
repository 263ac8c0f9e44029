import type { ErrorCode } from "@murmuration/index";
import { limits } from "../../limits.js";

/** An operation that does not fit the state here: it and what follows it of its origin, in its shard, wait. */
export interface SetAsideOperation {
  readonly shard: string;
  readonly origin: number;
  readonly sequence: number;
  readonly code: ErrorCode;
  readonly reason: string;
  /** Replica that sent the copy that was tried last. */
  readonly from: number;
  /** Since when, by this replica's clock. */
  readonly sinceMs: number;
  /** Copies that were tried. */
  readonly attempts: number;
}

interface Entry extends SetAsideOperation {
  readonly retryAtMs: number;
  /** Replicas whose copies were tried in this round. */
  readonly tried: ReadonlySet<number>;
}

/** What may be asked for of an origin of which an operation is set aside. */
export interface Wanted {
  /** Up to this sequence. */
  readonly known: number;
  /** Replicas to ask last. */
  readonly avoid: ReadonlySet<number>;
}

const key = (shard: string, origin: number) => `${origin} ${shard}`;
const nobody: ReadonlySet<number> = new Set();

/**
 * Operations of others that could not be taken over. The fault may be that of the copy that came: it is asked for again, of another replica
 * first, after a time that doubles up to a bound. Other origins go on.
 */
export class SetAside {
  readonly #entries = new Map<string, Entry>();

  /** A copy of an operation could not be taken over. Beyond a bound it is not remembered, and only asked for again. */
  note(failed: Omit<SetAsideOperation, "sinceMs" | "attempts">, nowMs: number): void {
    const name = key(failed.shard, failed.origin);
    const known = this.#entries.get(name);
    if (known === undefined && this.#entries.size >= limits.setAsideMax) return;
    const before = known?.sequence === failed.sequence ? known : undefined;
    const attempts = (before?.attempts ?? 0) + 1;
    const waitMs = Math.min(limits.setAsideRetryMs * 2 ** Math.min(attempts - 1, 16), limits.setAsideRetryMsMax);
    const tried = new Set(before === undefined || before.tried.has(failed.from) ? [] : before.tried).add(failed.from);
    const sinceMs = before?.sinceMs ?? nowMs;
    this.#entries.set(name, { ...failed, sinceMs, attempts, retryAtMs: nowMs + waitMs, tried });
  }

  /** Is an operation behind one that is set aside? It cannot be applied, whatever it is. */
  isBehind(shard: string, origin: number, sequence: number): boolean {
    const entry = this.#entries.get(key(shard, origin));
    return entry !== undefined && sequence > entry.sequence;
  }

  /** An origin's operations are held up to here: what was set aside of them is so no more. */
  noteHeld(shard: string, origin: number, held: number): void {
    const name = key(shard, origin);
    if ((this.#entries.get(name)?.sequence ?? Number.POSITIVE_INFINITY) <= held) this.#entries.delete(name);
  }

  /** What may be asked for now of an origin that is known to have operations up to `known`. */
  wanted(shard: string, origin: number, known: number, nowMs: number): Wanted {
    const entry = this.#entries.get(key(shard, origin));
    if (entry === undefined) return { known, avoid: nobody };
    const isDue = nowMs >= entry.retryAtMs;
    return { known: Math.min(known, isDue ? entry.sequence : entry.sequence - 1), avoid: isDue ? entry.tried : nobody };
  }

  /** Forget those of shards that are not here any more. */
  keepShards(isHere: (shard: string) => boolean): void {
    for (const [name, { shard }] of this.#entries) if (!isHere(shard)) this.#entries.delete(name);
  }

  /** Everything that is set aside, in the order in which it was. */
  list(): SetAsideOperation[] {
    return [...this.#entries.values()].map(({ retryAtMs: _, tried: __, ...operation }) => operation);
  }
}
