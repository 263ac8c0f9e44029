import type { Fault, Scenario } from "./scenario.js";
import { describeMessage, type RunResult, runScenario, type TraceEvent } from "./world.js";

const LANE = 280;
const LEFT = 90;
const TOP = 60;
/** Pixels between two moments at which something happened: time is ordered, not to scale. */
const ROW = 16;
const EVENTS_MAX = 1_500;

/** Faults that last, as bands behind a replica's line. */
const bandColours: Record<string, string> = {
  partition: "#b00020",
  flap: "#b00020",
  "one-way": "#e07b00",
  clog: "#e07b00",
  crash: "#444",
  wipe: "#444",
  pause: "#7a5cc0",
  "full-disk": "#8c6d1f",
  rot: "#8c6d1f",
  "rot-checkpoint": "#8c6d1f",
  "clock-jump": "#1f7a8c",
  "clock-freeze": "#1f7a8c",
  clone: "#a0207a",
};
const BAND = 150;

const colours: Record<string, string> = {
  operations: "#1f77b4",
  request: "#9467bd",
  heartbeat: "#c8c8c8",
  compacted: "#8c564b",
  snapshot: "#17806d",
  "snapshot-request": "#17806d",
};

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** A run as a page with a space-time diagram: a line per replica, time downward, messages as arrows. */
export function reportOf(scenario: Scenario, title: string): { readonly html: string; readonly result: RunResult } {
  const all: TraceEvent[] = [];
  const result = runScenario(scenario, (event) => all.push(event));
  // heartbeats that arrive say little; what was lost of them, and everything else, is shown up to the bound, the end first
  const shown = all.filter((event) => event.message === undefined || describeMessage(event.message) !== "heartbeat");
  const events = shown.slice(-EVENTS_MAX);
  const nodes = [
    ...new Set(events.flatMap((event) => (event.message ? [event.message.from, event.message.to] : [event.node]))),
  ]
    .filter((id) => id > 0)
    .sort((a, b) => a - b);
  const laneOf = (id: number) => LEFT + nodes.indexOf(id) * LANE + LANE / 2;
  const moments = new Set<number>();
  for (const { atMs, message } of events) {
    moments.add(atMs);
    if (message !== undefined && message.fate !== "cut" && message.fate !== "dropped") {
      moments.add(atMs + message.arrivesMs - message.sentMs);
    }
  }
  const rows = [...moments].sort((a, b) => a - b);
  const rowOf = new Map(rows.map((atMs, row) => [atMs, TOP + row * ROW]));
  const y = (atMs: number) => rowOf.get(atMs) ?? TOP;
  const width = LEFT + nodes.length * LANE + 120;
  const height = TOP + rows.length * ROW + 60;
  const parts: string[] = [];
  for (const id of nodes) {
    parts.push(`<line x1="${laneOf(id)}" y1="${TOP - 20}" x2="${laneOf(id)}" y2="${height - 30}" stroke="#444"/>`);
    parts.push(`<text x="${laneOf(id)}" y="${TOP - 28}" text-anchor="middle" class="head">replica ${id}</text>`);
  }
  for (const fault of scenario.faults) parts.push(band(fault, rows, y, laneOf, nodes));
  let lastShownAt = Number.NEGATIVE_INFINITY;
  for (const atMs of rows) {
    if (y(atMs) - lastShownAt < 30) continue;
    lastShownAt = y(atMs);
    parts.push(`<text x="8" y="${y(atMs) + 4}" class="time">${atMs} ms</text>`);
  }
  // labels over arrows
  for (const event of events) if (event.message !== undefined) parts.push(draw(event, laneOf, y, width));
  for (const event of events) if (event.message === undefined) parts.push(draw(event, laneOf, y, width));
  const { violation } = result;
  const outcome =
    violation === undefined
      ? "<p>No rule was broken.</p>"
      : `<p class="bad"><b>${escapeHtml(violation.checker)}</b> was broken at ${violation.atMs} ms:</p><pre>${escapeHtml(violation.detail)}</pre>`;
  const faults = scenario.faults.map(
    (fault) => `<li>${fault.atMs} ms: ${fault.kind}, node ${fault.node + 1}, for ${fault.forMs} ms</li>`,
  );
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title><style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 24px; color: #222; }
pre { background: #fdf0f0; padding: 12px; overflow: auto; max-width: 1100px; }
.bad { color: #b00020; font-size: 16px; } .head { font-weight: 600; } .time { fill: #777; font-size: 11px; }
text { font: 11px system-ui, sans-serif; } .band { opacity: 0.8; } .label { paint-order: stroke; stroke: #fff; stroke-width: 3px; } .write { fill: #2a7d2a; } .refused { fill: #b36b00; } .fault { fill: #b00020; }
.legend span { display: inline-block; margin-right: 18px; }
</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>Seed ${scenario.seed}, profile ${escapeHtml(scenario.profile)}: ${scenario.steps.length} steps of clients, ${scenario.faults.length} faults,
${result.messages} messages, ${result.simulatedMs} ms. Time runs downward and is not to scale; heartbeats are left out.</p>
${outcome}
<ul>${faults.join("")}</ul>
<p class="legend"><span style="color:#1f77b4">&#8594; operations</span><span style="color:#9467bd">&#8594; requests</span>
<span style="color:#b00020">&#8675; lost or damaged</span><span style="color:#2a7d2a">&#9679; acknowledged write</span>
<span style="color:#b36b00">&#9675; refused</span><span style="color:#b00020">&#9632; fault</span><span>shaded: a fault lasts</span></p>
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img" aria-label="space-time diagram">
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="context-stroke"/></marker></defs>
${parts.join("\n")}
</svg></body></html>
`;
  return { html, result };
}

/** The time of a fault, as far as it is shown, behind the line of its replica. */
function band(
  { kind, node, atMs, forMs }: Fault,
  rows: readonly number[],
  y: (atMs: number) => number,
  laneOf: (id: number) => number,
  nodes: readonly number[],
): string {
  const colour = bandColours[kind];
  const within = rows.filter((row) => row >= atMs && row <= atMs + forMs);
  const [first, last] = [within[0], within.at(-1)];
  if (colour === undefined || first === undefined || last === undefined || !nodes.includes(node + 1)) return "";
  const [x, top, height] = [laneOf(node + 1) - BAND / 2, y(first) - ROW / 2, y(last) - y(first) + ROW];
  const title = `<title>${kind}, ${atMs} to ${atMs + forMs} ms</title>`;
  return `<rect x="${x}" y="${top}" width="${BAND}" height="${height}" fill="${colour}" fill-opacity="0.1">${title}</rect><text x="${x + 4}" y="${top + 11}" fill="${colour}" class="band">${kind}</text>`;
}

function draw(event: TraceEvent, laneOf: (id: number) => number, y: (atMs: number) => number, width: number): string {
  const { atMs, kind, node, text, message } = event;
  const label = escapeHtml(text);
  if (message !== undefined) {
    const what = describeMessage(message);
    const isLost = message.fate === "cut" || message.fate === "dropped";
    const isBad = isLost || message.fate === "damaged";
    const [x1, y1] = [laneOf(message.from), y(atMs)];
    const full = [laneOf(message.to), isLost ? y1 + ROW : y(atMs + message.arrivesMs - message.sentMs)] as const;
    const x2 = isLost ? x1 + (full[0] - x1) * 0.4 : full[0];
    const colour = isBad ? "#b00020" : (colours[what.split(" ")[0] ?? ""] ?? "#888");
    const dash = isBad ? ' stroke-dasharray="4 3"' : "";
    return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${full[1]}" stroke="${colour}"${dash} marker-end="url(#tip)"><title>${atMs} ms: ${label}</title></line>`;
  }
  if (kind === "phase" || kind === "violation") {
    const colour = kind === "violation" ? "#b00020" : "#999";
    const short = escapeHtml(text.split("\n")[0]?.slice(0, 140) ?? "");
    return `<line x1="${LEFT - 20}" y1="${y(atMs)}" x2="${width}" y2="${y(atMs)}" stroke="${colour}" stroke-width="2"/><text x="${LEFT}" y="${y(atMs) - 4}" fill="${colour}">${short}</text>`;
  }
  const filled = kind === "write" || kind === "wait";
  const isFault = kind === "fault" || kind === "crash" || kind === "restored" || kind === "start";
  const name = isFault ? "fault" : filled ? "write" : "refused";
  const shape = isFault
    ? `<rect x="${laneOf(node) - 5}" y="${y(atMs) - 5}" width="10" height="10" class="fault"/>`
    : `<circle cx="${laneOf(node)}" cy="${y(atMs)}" r="4.5" class="${name}"${filled ? "" : ' fill-opacity="0.2" stroke="#b36b00"'}/>`;
  return `${shape}<text x="${laneOf(node) + 9}" y="${y(atMs) + 4}" class="${name} label">${escapeHtml(text.length > 40 ? `${text.slice(0, 38)}…` : text)}<title>${atMs} ms: ${label}</title></text>`;
}
