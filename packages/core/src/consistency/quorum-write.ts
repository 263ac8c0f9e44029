import { assert } from "@murmuration/index";
import type { Dot } from "../causality/dot.js";
import { includesDot, type VersionVector } from "../causality/version-vector.js";

/** How a write stands. */
export type QuorumWriteOutcome =
  | { readonly state: "waiting" }
  /** As many members as asked for hold it durably. */
  | { readonly state: "done"; readonly acknowledged: readonly number[] }
  /** It is durable here and stays, and goes on to the others; but too few have said in time that they hold it. */
  | { readonly state: "quorum-missed"; readonly acknowledged: readonly number[]; readonly needed: number };

/** What a write waits for. */
export interface QuorumWriteOptions {
  readonly shard: string;
  /** The last operation of the write. */
  readonly dot: Dot;
  /** Members that must hold it, this replica included. */
  readonly needed: number;
  readonly members: readonly number[];
  readonly deadlineMs: number;
}

/** Waits until enough members say that they hold a write durably: `durable` messages, and the replica's own word for itself. */
export class QuorumWrite {
  readonly #options: QuorumWriteOptions;
  readonly #members: ReadonlySet<number>;
  readonly #acknowledged = new Set<number>();
  #missed = false;

  constructor(options: QuorumWriteOptions) {
    this.#options = options;
    this.#members = new Set(options.members);
    assert(options.needed >= 1 && options.needed <= this.#members.size, "a quorum is among the members");
  }

  /** A replica holds this of a shard durably. Those that are no members do not count. */
  noteDurable(member: number, shard: string, frontier: VersionVector): void {
    const counts = shard === this.#options.shard && this.#members.has(member);
    if (counts && includesDot(frontier, this.#options.dot)) this.#acknowledged.add(member);
  }

  /** How the write stands. Once missed it stays missed: the client has been told. */
  outcome(nowMs: number): QuorumWriteOutcome {
    const acknowledged = [...this.#acknowledged].sort((a, b) => a - b);
    const { needed, deadlineMs } = this.#options;
    if (acknowledged.length >= needed && !this.#missed) return { state: "done", acknowledged };
    if (nowMs < deadlineMs && !this.#missed) return { state: "waiting" };
    this.#missed = true;
    return { state: "quorum-missed", acknowledged, needed };
  }
}
