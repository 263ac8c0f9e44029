import type { Violation } from "../checkers/checker.js";
import { describeOperations, type OperationNote } from "../describe.js";
import type { TraceEvent } from "../trace.js";

/** An event that carried an operation which the broken rule is about. */
export interface StoryEvent {
  readonly event: TraceEvent;
  /** Those of its operations, and only those. */
  readonly operations: readonly OperationNote[];
}

/** Is anything of it known to arrive? */
const arrives = ({ message }: TraceEvent) =>
  message !== undefined && message.fate !== "cut" && message.fate !== "dropped";

/**
 * What led to a violation: the client writes and the messages with operations on the points that it is about, and the first message that
 * brought each of them to each replica. Empty when nothing was broken, or when the checker names no point.
 */
export function storyOf(events: readonly TraceEvent[], violation: Violation | undefined): StoryEvent[] {
  const points = new Set(violation?.about?.points ?? []);
  const held = new Set<string>();
  return events.flatMap((event) => {
    const about = (event.operations ?? []).filter(({ ids }) => ids.some((id) => points.has(id)));
    const at = event.message?.to ?? event.node;
    const operations = about.filter(({ origin, sequence }) => !held.has(`${at} ${origin}:${sequence}`));
    if (operations.length === 0) return [];
    if (event.message === undefined || arrives(event)) {
      for (const { origin, sequence } of operations) held.add(`${at} ${origin}:${sequence}`);
    }
    return [{ event, operations }];
  });
}

/** The event as a sentence. */
export function tell({ event, operations }: StoryEvent): string {
  const { message, node } = event;
  const what = describeOperations(operations);
  if (message === undefined) return `a client writes to replica ${node}: ${what}`;
  const { from, to, fate, arrivesMs, sentMs } = message;
  const end = arrives(event)
    ? `arrives at ${event.atMs + arrivesMs - sentMs} ms`
    : `is ${fate === "cut" ? "cut off" : fate}`;
  const odd = fate === "duplicated" || fate === "replayed" ? ` (${fate})` : "";
  return `replica ${from} sends replica ${to} ${what}${odd}; it ${end}`;
}
