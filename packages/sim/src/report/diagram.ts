import type { Violation } from "../checkers/checker.js";
import { describeOperations } from "../describe.js";
import type { Fault, Scenario } from "../scenario.js";
import type { TraceEvent } from "../trace.js";
import { escapeHtml } from "./escape.js";
import { arrowName, isLost, spotName, spotShape } from "./marks.js";
import type { StoryEvent } from "./story.js";

const LANE = 330;
const LEFT = 90;
const TOP = 60;
/** Pixels between two moments at which something happened: time is ordered, not to scale. */
const ROW = 22;
const BAND = 170;
/** Messages that are labelled on their arrows, all of them, in a run of so few. */
const LABELLED_MAX = 60;
const LABEL_CHARACTERS = 28;
const SPOT_CHARACTERS = 38;
const LINE_CHARACTERS = 130;

/** Where things are drawn. */
interface Plan {
  readonly nodes: readonly number[];
  readonly rows: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly laneOf: (id: number) => number;
  readonly y: (atMs: number) => number;
}

const neverArrives = ({ message }: TraceEvent) => message !== undefined && isLost(message);
const arrivalMs = ({ atMs, message }: TraceEvent) =>
  atMs + (message === undefined ? 0 : message.arrivesMs - message.sentMs);
const shortened = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function planOf(events: readonly TraceEvent[]): Plan {
  const seen = new Set(events.flatMap(({ message, node }) => (message ? [message.from, message.to] : [node])));
  const nodes = [...seen].filter((id) => id > 0).sort((a, b) => a - b);
  const moments = new Set(
    events.flatMap((event) => (neverArrives(event) ? [event.atMs] : [event.atMs, arrivalMs(event)])),
  );
  const rows = [...moments].sort((a, b) => a - b);
  const rowOf = new Map(rows.map((atMs, row) => [atMs, TOP + row * ROW]));
  return {
    nodes,
    rows,
    width: LEFT + nodes.length * LANE + 60,
    height: TOP + rows.length * ROW + 100,
    laneOf: (id) => LEFT + nodes.indexOf(id) * LANE + LANE / 2,
    y: (atMs) => rowOf.get(atMs) ?? TOP,
  };
}

/** The run as an SVG: a line per replica, time downward, messages as arrows; what is in the story stands out. */
export function diagramOf(
  events: readonly TraceEvent[],
  { faults }: Scenario,
  story: readonly StoryEvent[],
  violation: Violation | undefined,
): string {
  const plan = planOf(events);
  const { nodes, rows, width, height, laneOf, y } = plan;
  const told = new Map(story.map(({ event, operations }) => [event, describeOperations(operations)]));
  const messages = events.filter(({ message }) => message !== undefined);
  const labelsAll = messages.length <= LABELLED_MAX;
  const parts: string[] = faults.map((fault) => band(fault, plan));
  for (const id of nodes) {
    parts.push(`<line x1="${laneOf(id)}" y1="${TOP - 20}" x2="${laneOf(id)}" y2="${height - 70}" class="lane"/>`);
    parts.push(`<text x="${laneOf(id)}" y="${TOP - 28}" text-anchor="middle" class="head">replica ${id}</text>`);
  }
  for (const atMs of rows) parts.push(`<text x="8" y="${y(atMs) + 4}" class="time">${atMs} ms</text>`);
  // what stands out is drawn over the rest, and labels over arrows
  const aside = told.size > 0 ? "aside" : "";
  for (const event of messages) if (!told.has(event)) parts.push(arrow(event, plan, aside, labelsAll));
  for (const event of messages) if (told.has(event)) parts.push(arrow(event, plan, "told", true, told.get(event)));
  for (const event of events) {
    if (event.kind === "violation") parts.push(broken(event, plan, violation));
    else if (event.kind === "phase") parts.push(across(event, plan));
    else if (event.message === undefined) parts.push(spot(event, plan, told.has(event) ? "told" : aside));
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img" aria-label="space-time diagram">
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" fill="context-stroke"/></marker></defs>
${parts.join("\n")}
</svg>`;
}

/** The time of a fault, as far as it is shown, behind the line of its replica. */
function band({ kind, node, atMs, forMs }: Fault, { rows, nodes, laneOf, y }: Plan): string {
  const within = rows.filter((row) => row >= atMs && row <= atMs + forMs);
  const [first, last] = [within[0], within.at(-1)];
  if (first === undefined || last === undefined || !nodes.includes(node + 1)) return "";
  const [x, top, height] = [laneOf(node + 1) - BAND / 2, y(first) - ROW / 2, y(last) - y(first) + ROW];
  return `<g class="band"><rect x="${x}" y="${top}" width="${BAND}" height="${height}"><title>${kind}, ${atMs} to ${atMs + forMs} ms</title></rect><text x="${x + 4}" y="${top + 12}">${kind}</text></g>`;
}

function arrow(event: TraceEvent, { laneOf, y }: Plan, stands: string, labelled: boolean, label?: string): string {
  const { atMs, message, operations = [], text } = event;
  if (message === undefined) return "";
  const lost = isLost(message);
  const [x1, y1] = [laneOf(message.from), y(atMs)];
  const [fullX, fullY] = [laneOf(message.to), lost ? y1 + ROW : y(arrivalMs(event))];
  const [x2, y2] = lost ? [x1 + (fullX - x1) * 0.4, fullY] : [fullX, fullY];
  const line = `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" marker-end="url(#tip)"/>`;
  // below the tip, where arrows from one sender lie apart
  const what = label ?? describeOperations(operations);
  const isRightward = x2 > x1;
  const words =
    labelled && what !== ""
      ? `<text x="${x2 + (isRightward ? -10 : 10)}" y="${y2 + 13}" text-anchor="${isRightward ? "end" : "start"}" class="label">${escapeHtml(shortened(what, LABEL_CHARACTERS))}</text>`
      : "";
  return `<g class="message ${arrowName(message)} ${stands}">${line}${words}<title>${atMs} ms: ${escapeHtml(text)}</title></g>`;
}

/** A line through all lanes. */
function across({ atMs, text }: TraceEvent, { width, y }: Plan): string {
  return `<g class="phase"><line x1="${LEFT - 20}" y1="${y(atMs)}" x2="${width}" y2="${y(atMs)}"/><text x="${LEFT}" y="${y(atMs) - 5}">${escapeHtml(text)}</text></g>`;
}

/** The violation: a cross at the replica that shows it, and its text below. */
function broken(
  { atMs, node, text }: TraceEvent,
  { width, nodes, laneOf, y }: Plan,
  violation: Violation | undefined,
): string {
  const at = y(atMs) + ROW;
  const involved = (violation?.about?.nodes ?? [node]).filter((id) => nodes.includes(id));
  const crosses = involved.map((id) => `<path d="M${laneOf(id) - 8} ${at - 8}l16 16m0 -16l-16 16" class="cross"/>`);
  const lines = text
    .split("\n")
    .slice(0, 3)
    .map(
      (line, i) =>
        `<tspan x="${LEFT}" dy="${i === 0 ? 0 : 16}">${escapeHtml(shortened(line, LINE_CHARACTERS))}</tspan>`,
    );
  return `<g class="violation" id="violation"><line x1="${LEFT - 20}" y1="${at}" x2="${width}" y2="${at}"/>${crosses.join("")}<text x="${LEFT}" y="${at + 26}">${lines.join("")}</text></g>`;
}

/** Something at one replica: a write, a refusal, a start, a fault. */
function spot({ atMs, kind, node, text, operations = [] }: TraceEvent, { laneOf, y }: Plan, stands: string): string {
  const [x, at] = [laneOf(node), y(atMs)];
  const name = spotName(kind);
  // what it wrote, by name; what a client asked for when it came to nothing
  const how = text.endsWith("by filter") ? " (by filter)" : "";
  const what = operations.length > 0 ? `${describeOperations(operations)}${how}` : text;
  return `<g class="${name} ${stands}">${spotShape(name, x, at)}<text x="${x + 11}" y="${at + 4}" class="label">${escapeHtml(shortened(what, SPOT_CHARACTERS))}</text><title>${atMs} ms: ${escapeHtml(what)}</title></g>`;
}
