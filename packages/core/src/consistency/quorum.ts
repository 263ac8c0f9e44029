import { emptyVersionVector, includesDot } from "../causality/version-vector.js";
import { isPlanted } from "../planted.js";
import type { Frontiers, ReadWait, WriteWait } from "./wait.js";

/** What a member said when it was asked in `round`: it holds this durably. */
export interface QuorumAnswer {
  readonly member: number;
  readonly round: number;
  readonly frontiers: Frontiers;
}

/** What a quorum is asked about. */
export interface QuorumSubject {
  /** Origin of the write. */
  readonly self: number;
  readonly request: WriteWait | ReadWait;
  /** Shards that an answer is about. */
  readonly shards: readonly string[];
}

/** Collects what the members say about one write or read, over one set of members: where that changes, a new one begins. */
export class Quorum {
  readonly members: readonly number[];
  readonly #subject: QuorumSubject;
  readonly #firstRound: number;
  readonly #answers = new Map<number, Frontiers>();

  /** Answers to questions from before `firstRound` may be older than a read. */
  constructor(subject: QuorumSubject, members: readonly number[], firstRound: number) {
    this.#subject = subject;
    this.members = members;
    this.#firstRound = firstRound;
  }

  /** A member answered. Only its first answer that is to the point counts: of a read it is the least to wait for. */
  note({ member, round, frontiers }: QuorumAnswer): void {
    if (!this.members.includes(member) || this.#answers.has(member)) return;
    if (this.#isToThePoint(round, frontiers)) this.#answers.set(member, frontiers);
  }

  /** Is this member still to be asked? */
  lacks(member: number): boolean {
    return !this.#answers.has(member);
  }

  /** Members that answered, with what they held. */
  answers(): ReadonlyMap<number, Frontiers> {
    return this.#answers;
  }

  /** Members that agree, ascending: they hold the write; or what they hold is held here (`isHeld`). */
  agreed(isHeld: (frontiers: Frontiers) => boolean): number[] {
    const isWrite = this.#subject.request.kind === "write";
    const agreed = [...this.#answers].filter(
      ([, held]) => isWrite || isPlanted("read-without-waiting") || isHeld(held),
    );
    return agreed.map(([member]) => member).sort((a, b) => a - b);
  }

  #isToThePoint(round: number, frontiers: Frontiers): boolean {
    const { self, request, shards } = this.#subject;
    if (request.kind === "write") {
      const held = frontiers.get(request.shard) ?? emptyVersionVector;
      return includesDot(held, { origin: self, sequence: request.operationId });
    }
    return (
      (round >= this.#firstRound || isPlanted("read-takes-old-answers")) &&
      shards.every((shard) => frontiers.has(shard))
    );
  }
}
