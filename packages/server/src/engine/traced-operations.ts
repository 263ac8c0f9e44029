import { type Command, type Outgoing, type Receipt, type Replica, sequenceOf } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { processClockMs } from "../timing/process-clock.js";
import { TRACEPARENT } from "../traceparent.js";
import type { ArrivedHere } from "./cluster-link.js";
import type { PhaseReport, WatchedReplica } from "./watched-replica.js";

/** Own operations of traces that wait to be sent, and those of others that wait to be applied: those beyond are not traced further. */
const WAITING_MAX = 256;
/** One that is not applied within so long is not waited for any more. */
const WAIT_MS_MAX = 60_000;
/** Of one context. */
const ENTRIES_MAX = 5;
const CHARACTERS_MAX = 480;
const SHARD_CHARACTERS_MAX = 128;

/** The operations of a trace: those of an origin up to a sequence. */
export interface TracedOperation {
  readonly shard: string;
  readonly origin: number;
  readonly sequence: number;
  readonly traceparent: string;
}

/** What became of operations of a trace here, on the clock of `processClockMs`. */
export interface AppliedTrace extends TracedOperation {
  readonly arrivedMs: number;
  /** Of the messages that were taken together with them. */
  readonly report: PhaseReport;
}

interface Waiting extends TracedOperation {
  readonly arrivedMs: number;
}

/** A context as it goes along with messages. */
export function contextOf(traced: readonly TracedOperation[]): string {
  return JSON.stringify(
    traced.map(({ shard, origin, sequence, traceparent }) => [shard, origin, sequence, traceparent]),
  );
}

function tracedIn(line: string): TracedOperation[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  return value.slice(0, ENTRIES_MAX).flatMap((entry: unknown) => {
    if (!Array.isArray(entry)) return [];
    const [shard, origin, sequence, traceparent] = entry as unknown[];
    if (typeof shard !== "string" || shard.length > SHARD_CHARACTERS_MAX) return [];
    if (typeof origin !== "number" || typeof sequence !== "number" || !Number.isSafeInteger(sequence)) return [];
    if (typeof traceparent !== "string" || !TRACEPARENT.test(traceparent)) return [];
    return [{ shard, origin, sequence, traceparent }];
  });
}

/** The operations that a context names; anybody may have made it up: what is no entry is passed over. */
export function tracedOf(context: string): TracedOperation[] {
  if (context.length > 4 * CHARACTERS_MAX) return [];
  return context.split("\n").flatMap(tracedIn);
}

function isHeld(replica: Replica, { shard, origin, sequence }: TracedOperation): boolean {
  return sequenceOf(replica.frontiers([shard]).get(shard) ?? new Map(), origin) >= sequence;
}

/**
 * Traces of writes as they go through the replicas: which own operations are parts of one goes along with the messages that carry them, outside of what is
 * signed, compared and kept; and what becomes of those of others is told when they are applied. Bounded, and of no effect on anything else.
 */
export class TracedOperations {
  readonly #isOn: boolean;
  #own: TracedOperation[] = [];
  #waiting: Waiting[] = [];
  #applied: AppliedTrace[] = [];

  /** `isOn`: is anybody told here? */
  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  /** A write that is a part of a trace was executed. */
  noteOwn(
    replica: Replica,
    command: Command,
    outcome: Receipt | MurmurationError,
    traceparent: string | undefined,
  ): void {
    if (traceparent === undefined || outcome instanceof MurmurationError || !outcome.changed) return;
    if (this.#own.length >= WAITING_MAX) return;
    try {
      const shard = replica.shardOf(command);
      this.#own.push({ shard, origin: replica.id, sequence: outcome.operationId, traceparent });
    } catch (error) {
      // its collection is gone already
      if (!(error instanceof MurmurationError)) throw error;
    }
  }

  /** What goes out, with the traces that own operations in it are parts of. */
  addTo(outgoing: readonly Outgoing[]): readonly Outgoing[] {
    if (this.#own.length === 0) return outgoing;
    const first = outgoing.findIndex(({ lane }) => lane === "live");
    if (first < 0) return outgoing;
    const some: TracedOperation[] = [];
    for (const one of this.#own.splice(0)) {
      if (some.length < ENTRIES_MAX && contextOf([...some, one]).length <= CHARACTERS_MAX) some.push(one);
    }
    return outgoing.map((message, i) => (i === first ? { ...message, context: contextOf(some) } : message));
  }

  /** Has the replica take what arrived. `watched` has the clock. */
  receive(replica: Replica, messages: readonly ArrivedHere[], watched: WatchedReplica): void {
    if (this.#isOn) for (const message of messages) this.#note(replica, message);
    const { report } = watched.run(this.#waiting.length > 0, () => replica.receiveAll(messages));
    if (report === undefined) return;
    const nowMs = processClockMs();
    const waiting: Waiting[] = [];
    for (const one of this.#waiting) {
      if (isHeld(replica, one)) this.#applied.push({ ...one, report });
      else if (nowMs - one.arrivedMs < WAIT_MS_MAX) waiting.push(one);
    }
    this.#waiting = waiting;
  }

  #note(replica: Replica, { context, sender, arrivedMs = processClockMs() }: ArrivedHere): void {
    if (context === undefined || sender === undefined || !replica.isMember(sender)) return;
    for (const one of tracedOf(context)) {
      // everybody speaks for itself, and of what is to come
      if (one.origin !== sender || isHeld(replica, one) || this.#waiting.length >= WAITING_MAX) continue;
      this.#waiting.push({ ...one, arrivedMs });
    }
  }

  /** Takes what was applied since the last call, and is shown. */
  takeApplied(): readonly AppliedTrace[] {
    return this.#applied.splice(0);
  }
}
