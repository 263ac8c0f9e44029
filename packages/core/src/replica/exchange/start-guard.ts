import { covers, emptyVersionVector, sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import type { Message, WelcomeMessage } from "../../gossip/message.js";
import { limits } from "../../limits.js";
import { mark } from "../../marks.js";
import { isPlanted } from "../../planted.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";
import type { Exchange, ExchangeContext } from "./exchange.js";
import { isBehindItself } from "./missing.js";

/**
 * Keeps a replica that has started on an older copy of its disk from giving names to operations that it has given out before. A disk
 * cannot tell that it is one; the other members can. A replica that starts asks them what they hold of its operations, and writes when
 * all have answered, or after a bounded wait: a member that is away keeps nobody from writing. Where an answer shows that the disk is an
 * older copy, nothing is written before every member has answered and everything that they hold of it has been fetched.
 *
 * An older copy that starts while no member that knows better can be reached is not noticed in time (docs/convergence.md).
 */
export class StartGuard implements Exchange {
  readonly kinds = ["start", "welcome"] as const;
  readonly #context: ExchangeContext;
  readonly #incarnation: number;
  readonly #waitMs: number;
  readonly #onStart: (replica: number, incarnation: number) => void;
  /** What each member held when it answered this start. */
  readonly #answers = new Map<number, ReadonlyMap<string, VersionVector>>();
  #startedMs: number | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** When the last member gave its first answer; what was under way then has arrived soon after. */
  #answeredMs = 0;
  #nowMs = 0;
  #isOlderCopy = false;
  #isOpen = false;

  /** `onStart` is told which start of another replica asks. */
  constructor(
    context: ExchangeContext,
    incarnation: number,
    waitMs: number,
    onStart: (replica: number, incarnation: number) => void,
  ) {
    this.#context = context;
    this.#incarnation = incarnation;
    this.#waitMs = waitMs;
    this.#onStart = onStart;
  }

  /** Why this replica must not write yet. */
  refuses(): string | undefined {
    if (this.#isOpen || this.#waitMs === 0 || this.#others().length === 0) return undefined;
    return this.#isOlderCopy
      ? "this replica was restored from an older copy and first fetches from every member what it had written since"
      : "this replica has just started and first asks the others what they hold of its writes";
  }

  tick(nowMs: number): void {
    if (this.#isOpen) return;
    this.#nowMs = nowMs;
    if (this.#startedMs === undefined || nowMs < this.#startedMs) this.#startedMs = nowMs;
    if (this.#waitMs === 0 || isPlanted("no-start-guard")) {
      this.#isOpen = true;
      return;
    }
    this.#settle();
    if (this.#isOpen || Math.abs(nowMs - this.#askedMs) < limits.heartbeatMs) return;
    this.#askedMs = nowMs;
    this.#context.send(undefined, "control", { kind: "start", incarnation: this.#incarnation });
  }

  take(from: number, message: Message, nowMs: number): void {
    if (message.kind === "start") {
      this.#onStart(from, message.incarnation);
      this.#answer(from, message.incarnation, nowMs);
    }
    // an answer to an earlier start says what was known then
    else if (message.kind === "welcome" && message.incarnation === this.#incarnation) this.#note(from, message, nowMs);
  }

  #others(): number[] {
    const { store, members } = this.#context;
    return members.active().filter((id) => id !== store.id);
  }

  #answer(to: number, incarnation: number, nowMs: number): void {
    const { store } = this.#context;
    // what is not durable here may be forgotten here
    if (!store.isDurable() || !store.trySync()) return;
    // from before the start, and perhaps forgotten by now: their names may be given to others
    this.#context.forgetWaiting(to);
    const frontiers = new Map<string, VersionVector>([[SYSTEM_SHARD, new Map(store.system.frontier)]]);
    for (const [id, { shard }] of store.shards) {
      const own = sequenceOf(shard.frontier, to);
      frontiers.set(id, own === 0 ? emptyVersionVector : new Map([[to, own]]));
    }
    this.#context.send(to, "control", { kind: "welcome", incarnation, nowMs, frontiers });
  }

  #note(from: number, { frontiers, nowMs: theirMs }: WelcomeMessage, nowMs: number): void {
    // before it writes with a clock that is wrong
    this.#context.noteClock(from, theirMs, nowMs);
    // where the catalogue that names the members is not here yet, they are asked again when it is
    if (this.#isOpen || !this.#others().includes(from)) return;
    if (!this.#answers.has(from)) this.#answeredMs = nowMs;
    this.#answers.set(from, frontiers);
    if (isBehindItself(this.#context.store, [frontiers])) {
      if (!this.#isOlderCopy) {
        mark("older copy");
        this.#context.refuse("older copy", `replica ${from} holds operations of this replica that its log does not`);
      }
      this.#isOlderCopy = true;
    }
    this.#settle();
  }

  #settle(): void {
    const { store } = this.#context;
    const others = this.#others();
    // the catalogue, which names the members, is not here yet; or there are none
    if (others.length === 0) return;
    const answers = others.flatMap((id) => this.#answers.get(id) ?? []);
    const hasAll = answers.length === others.length;
    const waitedMs = this.#nowMs - (this.#startedMs ?? this.#nowMs);
    // a collection that is not known here yet comes with the catalogue
    const isCurrent = answers.every((held) =>
      covers(store.system.frontier, held.get(SYSTEM_SHARD) ?? emptyVersionVector),
    );
    const isBehind = isBehindItself(store, answers);
    if (isBehind) this.#isOlderCopy = true;
    if (isBehind || !isCurrent) {
      // only what this replica lacks of its own keeps it from writing for longer
      if (isBehind || waitedMs < this.#waitMs) return;
    }
    if (this.#isOlderCopy) this.#isOpen = hasAll && this.#nowMs - this.#answeredMs >= 2 * limits.heartbeatMs;
    else this.#isOpen = hasAll || waitedMs >= this.#waitMs;
  }
}
