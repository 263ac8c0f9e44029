import { describeMessage } from "../describe.js";
import type { SentMessage } from "../network.js";
import type { TraceEvent } from "../trace.js";

/** What stands at a replica's line, by the class that colours it. */
export type SpotName = "write" | "refused" | "start" | "wait" | "fault";

/** What an arrow is, by the class that colours it. */
export type ArrowName = "operations" | "request" | "other" | "lost";

const spots: { readonly [kind in TraceEvent["kind"]]?: SpotName } = {
  write: "write",
  refused: "refused",
  start: "start",
  restored: "start",
  wait: "wait",
};

/** How an event at one replica is drawn. */
export function spotName(kind: TraceEvent["kind"]): SpotName {
  return spots[kind] ?? "fault";
}

/** Is it known not to arrive, or not as it was sent? */
export function isLost({ fate }: SentMessage): boolean {
  return fate === "cut" || fate === "dropped";
}

/** How a message is drawn. */
export function arrowName(message: SentMessage): ArrowName {
  if (isLost(message) || message.fate === "damaged") return "lost";
  const [kind] = describeMessage(message).split(" ");
  return kind === "operations" || kind === "request" ? kind : "other";
}

/** The shape of a spot around a point. */
export function spotShape(name: SpotName, x: number, y: number): string {
  switch (name) {
    case "write":
    case "refused":
      return `<circle cx="${x}" cy="${y}" r="5"/>`;
    case "start":
      return `<path d="M${x - 6} ${y + 5}h12l-6 -11z"/>`;
    case "wait":
      return `<path d="M${x} ${y - 6}l6 6l-6 6l-6 -6z"/>`;
    case "fault":
      return `<rect x="${x - 5}" y="${y - 5}" width="10" height="10"/>`;
  }
}

const arrowShape = '<line x1="1" y1="9" x2="27" y2="9" marker-end="url(#tip)"/>';
const spotEntry = (name: SpotName, says: string) => [`<g class="${name}">${spotShape(name, 14, 9)}</g>`, says] as const;
const arrowEntry = (name: ArrowName, says: string) => [`<g class="message ${name}">${arrowShape}</g>`, says] as const;

/** Every mark of the diagram, drawn as there, and what it says. */
const legend: readonly (readonly [drawing: string, says: string])[] = [
  arrowEntry("operations", "operations"),
  arrowEntry("request", "request for operations"),
  arrowEntry("other", "another message"),
  arrowEntry("lost", "lost or damaged on the way"),
  spotEntry("write", "acknowledged write"),
  spotEntry("refused", "refused"),
  spotEntry("start", "starts, or is whole again"),
  spotEntry("wait", "waits for other replicas"),
  spotEntry("fault", "fault"),
  ['<g class="band"><rect x="1" y="1" width="26" height="16"/></g>', "while a fault lasts"],
  ['<g class="phase"><line x1="0" y1="9" x2="28" y2="9"/></g>', "a phase of the run begins"],
  ['<g class="violation"><path d="M6 1l16 16m0 -16l-16 16" class="cross"/></g>', "rule broken"],
  [
    '<g class="write told"><circle cx="8" cy="9" r="5"/></g><g class="write aside"><circle cx="22" cy="9" r="5"/></g>',
    "what led to the broken rule; what did not is pale",
  ],
];

/** The legend as HTML. */
export function legendHtml(): string {
  const entries = legend.map(
    ([drawing, says]) => `<span><svg width="28" height="18" aria-hidden="true">${drawing}</svg> ${says}</span>`,
  );
  return `<p class="legend">${entries.join("\n")}</p>`;
}
