import { assert, type PointId } from "@murmuration/index";
import { mergeInto, type VersionVector } from "../causality/version-vector.js";
import type { EncodedState } from "../gossip/message.js";

/** Merges two states of one point: commutative, associative and idempotent, so that the order of answers does not matter. */
export type MergeStates = (a: Uint8Array, b: Uint8Array) => Uint8Array;

/** What a read waits for. */
export interface QuorumReadOptions {
  readonly requestId: number;
  readonly ids: readonly PointId[];
  /** Members that must answer, this replica included. */
  readonly needed: number;
  readonly members: readonly number[];
  readonly deadlineMs: number;
  readonly merge: MergeStates;
}

/** A member that answered with less than the merged state. */
export interface LaggingMember {
  readonly member: number;
  /** Points whose merged states it is to be sent, in the order asked for. */
  readonly ids: readonly PointId[];
}

/** How a read stands. */
export type QuorumReadOutcome =
  | { readonly state: "waiting" }
  | {
      readonly state: "done";
      /** Merged; points that nobody knows are absent. */
      readonly states: ReadonlyMap<PointId, Uint8Array>;
      /** What those who answered hold together, for the session's token. */
      readonly frontier: VersionVector;
      /** For read repair, by ascending member. */
      readonly lagging: readonly LaggingMember[];
    }
  | { readonly state: "quorum-missed"; readonly answered: readonly number[]; readonly needed: number };

interface Answer {
  readonly frontier: VersionVector;
  readonly states: ReadonlyMap<PointId, Uint8Array>;
}

/** Waits for the states of points from enough members and merges them: `read-answer` messages, and the replica's own states. */
export class QuorumRead {
  readonly #options: QuorumReadOptions;
  readonly #members: ReadonlySet<number>;
  readonly #answers = new Map<number, Answer>();
  #outcome: QuorumReadOutcome = { state: "waiting" };

  constructor(options: QuorumReadOptions) {
    this.#options = options;
    this.#members = new Set(options.members);
    assert(options.needed >= 1 && options.needed <= this.#members.size, "a quorum is among the members");
  }

  /** A replica answered. Answers to other reads, of others than members and after the outcome do not count. */
  noteAnswer(
    member: number,
    { requestId, frontier, states }: { requestId: number; frontier: VersionVector; states: readonly EncodedState[] },
  ): void {
    if (requestId !== this.#options.requestId || !this.#members.has(member) || this.#answers.has(member)) return;
    this.#answers.set(member, { frontier, states: new Map(states.map(({ id, bytes }) => [id, bytes])) });
  }

  /** How the read stands. The first outcome other than `waiting` is final. */
  outcome(nowMs: number): QuorumReadOutcome {
    if (this.#outcome.state !== "waiting") return this.#outcome;
    const { needed, deadlineMs } = this.#options;
    if (this.#answers.size >= needed) this.#outcome = this.#merge();
    else if (nowMs >= deadlineMs) {
      const answered = [...this.#answers.keys()].sort((a, b) => a - b);
      this.#outcome = { state: "quorum-missed", answered, needed };
    }
    return this.#outcome;
  }

  #merge(): QuorumReadOutcome {
    const { ids, merge } = this.#options;
    const answers = [...this.#answers].sort(([a], [b]) => a - b);
    const frontier = new Map<number, number>();
    for (const [, answer] of answers) mergeInto(frontier, answer.frontier);
    const states = new Map<PointId, Uint8Array>();
    for (const id of ids) {
      for (const [, answer] of answers) {
        const state = answer.states.get(id);
        const merged = states.get(id);
        if (state !== undefined) states.set(id, merged === undefined ? state : merge(merged, state));
      }
    }
    const lagging: LaggingMember[] = [];
    for (const [member, answer] of answers) {
      const behind = [...states].filter(([id, merged]) => !areEqual(answer.states.get(id), merged)).map(([id]) => id);
      if (behind.length > 0) lagging.push({ member, ids: behind });
    }
    return { state: "done", states, frontier, lagging };
  }
}

function areEqual(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}
