import type { Violation } from "../checkers/checker.js";
import { describeMessage, describeOperations } from "../describe.js";
import type { Scenario } from "../scenario.js";
import type { TraceEvent } from "../trace.js";
import type { StoryEvent } from "./story.js";

/** Characters of one text: a batch may name thousands of points. */
const TEXT_MAX = 400;

const shortened = (text: string) => (text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text);

/** What a page takes to show a run; times in milliseconds from its start. */
interface Told {
  readonly title: string;
  readonly events: readonly TraceEvent[];
  readonly story: readonly StoryEvent[];
  readonly violation: Violation | undefined;
  readonly simulatedMs: number;
  /** Were there more events before these? */
  readonly isCut: boolean;
}

function eventOf(event: TraceEvent, told: ReadonlySet<TraceEvent>) {
  const { atMs, kind, node, text, message, operations = [] } = event;
  const what = operations.length > 0 ? { operations: shortened(describeOperations(operations)) } : {};
  return {
    at_ms: atMs,
    kind,
    replica: node,
    text: shortened(message === undefined ? text : describeMessage(message)),
    ...what,
    ...(told.has(event) ? { told: true } : {}),
    ...(message === undefined
      ? {}
      : {
          from: message.from,
          to: message.to,
          fate: message.fate,
          // relative to the run, as the time of the event is
          arrives_ms: atMs + message.arrivesMs - message.sentMs,
        }),
  };
}

/** A run as JSON for programs: the dashboard opens it and plays it step by step. It can stand in HTML: no tag can begin in it. */
export function runJson(scenario: Scenario, { title, events, story, violation, simulatedMs, isCut }: Told): string {
  const told = new Set(story.map(({ event }) => event));
  const replicas = new Set(
    events.flatMap(({ message, node }) => (message === undefined ? [node] : [message.from, message.to])),
  );
  const run = {
    format: "murmuration-run",
    version: 1,
    title,
    seed: scenario.seed,
    profile: scenario.profile,
    simulated_ms: simulatedMs,
    cut: isCut,
    replicas: [...replicas].filter((id) => id > 0).sort((a, b) => a - b),
    faults: scenario.faults.map(({ kind, atMs, forMs, node, other }) => ({
      kind,
      at_ms: atMs,
      for_ms: forMs,
      replica: node + 1,
      other: other + 1,
    })),
    events: events.map((event) => eventOf(event, told)),
    violation:
      violation === undefined
        ? null
        : {
            checker: violation.checker,
            at_ms: violation.atMs,
            detail: violation.detail.slice(0, 20_000),
            replicas: violation.about?.nodes ?? [],
            points: (violation.about?.points ?? []).slice(0, 100),
          },
  };
  return JSON.stringify(run).replaceAll("<", "\\u003c");
}
