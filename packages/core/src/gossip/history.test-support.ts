import fc from "fast-check";
import { covers, sequenceOf, type VersionVector } from "../causality/version-vector.js";

/** An event of a causal history: the next one of its origin, made knowing exactly `past`. */
export interface CausalEvent {
  readonly origin: number;
  readonly sequence: number;
  /** Earlier events of its own origin included. */
  readonly past: VersionVector;
}

export const dotText = ({ origin, sequence }: CausalEvent) => `${origin}:${sequence}`;

/** Neither of the two knew of the other. */
export function areConcurrent(a: CausalEvent, b: CausalEvent): boolean {
  return a.sequence > sequenceOf(b.past, a.origin) && b.sequence > sequenceOf(a.past, b.origin);
}

/** A replica of a model: holds events in causal order. */
export class Site<E extends CausalEvent> {
  readonly id: number;
  readonly frontier = new Map<number, number>();
  readonly events: E[] = [];

  constructor(id: number) {
    this.id = id;
  }

  holds(event: CausalEvent): boolean {
    return event.sequence <= sequenceOf(this.frontier, event.origin);
  }

  canTake(event: CausalEvent): boolean {
    return event.sequence === sequenceOf(this.frontier, event.origin) + 1 && covers(this.frontier, event.past);
  }

  take(event: E): void {
    this.events.push(event);
    this.frontier.set(event.origin, event.sequence);
  }

  /** The event that this site would make next. */
  next(): CausalEvent {
    return {
      origin: this.id,
      sequence: sequenceOf(this.frontier, this.id) + 1,
      past: new Map(this.frontier),
    };
  }
}

/** The same events in another causal order: `choices` picks among those that are ready. */
export function reorder<E extends CausalEvent>(events: readonly E[], choices: readonly number[]): E[] {
  const site = new Site<E>(0);
  const left = [...events];
  for (let step = 0; left.length > 0; step += 1) {
    const ready = left.filter((event) => site.canTake(event));
    const event = ready[(choices[step % choices.length] ?? 0) % ready.length] as E;
    site.take(event);
    left.splice(left.indexOf(event), 1);
  }
  return site.events;
}

/** What happens to a model: numbers that a test reads as it likes. */
export const steps = (length: number) =>
  fc.array(fc.record({ actor: fc.nat(99), kind: fc.nat(99), choice: fc.nat(9999) }), {
    minLength: length / 2,
    maxLength: length,
    size: "max",
  });
