import { MurmurationError } from "@murmuration/index";
import { emptyVersionVector, sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import type { AskMessage, DurableMessage, Message } from "../../gossip/message.js";
import { limits } from "../../limits.js";
import { isPlanted } from "../../planted.js";
import type { Exchange, ExchangeContext } from "./exchange.js";
import type { Waits } from "./waits.js";

type Wanted = ReadonlyMap<string, VersionVector>;

/** What another replica waits for, as it asked last. */
interface Asker {
  readonly incarnation: number;
  readonly round: number;
  readonly wanted: Wanted;
  /** How much of what is wanted it was told of. */
  progress: number;
}

/**
 * Asks members for quorums, and answers them. A question is answered at once; while what is wanted is not here, every flush that brings
 * some of it is told, in one message for all that the asker waits for. A replica that does not count as a member does not answer.
 */
export class QuorumExchange implements Exchange {
  readonly kinds: readonly Message["kind"][] = ["ask", "durable"];
  readonly #context: ExchangeContext;
  readonly #waits: Waits;
  readonly #askers = new Map<number, Asker>();
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(context: ExchangeContext, waits: Waits) {
    this.#context = context;
    this.#waits = waits;
    waits.join({ members: () => context.members.active(), countsItself: () => context.countsAsMember() });
  }

  take(from: number, message: Message): void {
    if (message.kind === "ask") this.#takeQuestion(from, message);
    if (message.kind === "durable") this.#takeAnswer(from, message);
  }

  tick(nowMs: number): void {
    // the clock may have been put back
    if (Math.abs(nowMs - this.#askedMs) < limits.askAgainMs) return;
    this.#askedMs = nowMs;
    this.#waits.askAgain();
  }

  beforeSending(): void {
    this.#ask();
    // what is not in the log yet may be forgotten, and its name given to another operation
    if (!this.#context.store.isDurable() && !isPlanted("durable-before-flush")) return;
    this.#answer();
    this.#repair();
  }

  /** Tell those that reads found behind what they lack, so that they ask for it now. */
  #repair(): void {
    const lagging = this.#waits.takeLagging();
    if (lagging.size === 0 || !this.#context.store.trySync()) return;
    for (const [member, shards] of lagging) {
      const frontiers = new Map([...shards].map((shard) => [shard, this.#held(shard)]));
      this.#sayDurable(member, { incarnation: 0, round: 0, frontiers });
    }
  }

  // ---- asking

  #ask(): void {
    const questions = this.#waits.questions();
    if (questions === undefined) return;
    const { incarnation } = this.#context;
    for (const [member, wanted] of questions.byMember) {
      this.#context.send(member, "control", { kind: "ask", incarnation, round: questions.round, wanted });
    }
  }

  #takeAnswer(from: number, { incarnation, round, members, frontiers }: DurableMessage): void {
    this.#noteFrontiers(from, frontiers);
    const isMine = incarnation === this.#context.incarnation || isPlanted("read-takes-old-answers");
    if (isMine) this.#waits.note({ member: from, round, frontiers }, members);
  }

  // ---- answering

  #takeQuestion(from: number, { incarnation, round, wanted }: AskMessage): void {
    if (wanted.size > limits.collectionsMax + 1) {
      throw new MurmurationError("capacity", `${wanted.size} shards are asked about at once`);
    }
    this.#noteFrontiers(from, wanted);
    const before = this.#askers.get(from);
    const isLater = (one: Asker) =>
      one.incarnation > incarnation || (one.incarnation === incarnation && one.round > round);
    // what it still waits for is in its latest question
    if (before !== undefined && isLater(before)) return;
    this.#askers.set(from, { incarnation, round, wanted, progress: -1 });
  }

  /** Tell those who asked what has become durable. */
  #answer(): void {
    if (this.#askers.size === 0 || !this.#context.countsAsMember()) return;
    const active = this.#context.members.active();
    for (const [asker, asked] of this.#askers) {
      const { incarnation, round, wanted } = asked;
      const { progress, isComplete } = this.#progressOf(wanted);
      if (progress > asked.progress) {
        if (!this.#context.store.trySync() && !isPlanted("durable-before-flush")) return;
        const frontiers = new Map([...wanted.keys()].map((shard) => [shard, this.#held(shard)]));
        this.#sayDurable(asker, { incarnation, round, frontiers });
      }
      asked.progress = progress;
      if (isComplete || !active.includes(asker)) this.#askers.delete(asker);
    }
  }

  /** How many of the operations that are wanted are here, and whether all are. */
  #progressOf(wanted: Wanted): { readonly progress: number; readonly isComplete: boolean } {
    let progress = 0;
    let isComplete = true;
    for (const [shard, frontier] of wanted) {
      const held = this.#held(shard);
      for (const [origin, sequence] of frontier) {
        progress += Math.min(sequence, sequenceOf(held, origin));
        if (sequenceOf(held, origin) < sequence) isComplete = false;
      }
    }
    return { progress, isComplete };
  }

  #sayDurable(to: number, answer: Omit<DurableMessage, "kind" | "members">): void {
    const members = this.#context.members.active();
    this.#context.send(to, "control", { kind: "durable", members, ...answer });
  }

  #held(shard: string): VersionVector {
    return this.#context.store.causality(shard)?.frontier ?? emptyVersionVector;
  }

  #noteFrontiers(from: number, frontiers: Wanted): void {
    const known = [...frontiers].filter(([shard, { size }]) => size > 0 && this.#context.store.causality(shard));
    if (known.length > 0) this.#context.noteFrontiers(from, new Map(known));
  }
}
