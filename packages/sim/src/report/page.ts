import type { Violation } from "../checkers/checker.js";
import { describeMessage } from "../describe.js";
import type { Scenario } from "../scenario.js";
import type { TraceEvent } from "../trace.js";
import { type RunResult, runScenario } from "../world.js";
import { diagramOf } from "./diagram.js";
import { escapeHtml } from "./escape.js";
import { legendHtml } from "./marks.js";
import { runJson } from "./run-json.js";
import { type StoryEvent, storyOf, tell } from "./story.js";
import { style } from "./style.js";

const EVENTS_MAX = 1_500;
/** Lines of the story: its end. */
const STORY_MAX = 60;

/** A run as a page: what was broken, what led to it, a space-time diagram, and all of it as JSON, which the dashboard plays. */
export function reportOf(scenario: Scenario, title: string): { readonly html: string; readonly result: RunResult } {
  const all: TraceEvent[] = [];
  const result = runScenario(scenario, (event) => all.push(event));
  // heartbeats say little; everything else is shown up to the bound, the end first
  const shown = all.filter(({ message }) => message === undefined || describeMessage(message) !== "heartbeat");
  const events = shown.slice(-EVENTS_MAX);
  const { violation } = result;
  const story = storyOf(events, violation);
  const faults = scenario.faults.map(
    ({ atMs, kind, node, forMs }) =>
      `<tr><td>${atMs} ms</td><td>${kind}, replica ${node + 1}, for ${forMs} ms</td></tr>`,
  );
  const { simulatedMs } = result;
  const isCut = shown.length > events.length;
  const run = runJson(scenario, { title, events, story, violation, simulatedMs, isCut });
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${style}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>Seed ${scenario.seed}, profile ${escapeHtml(scenario.profile)}: ${scenario.steps.length} steps of clients, ${scenario.faults.length} faults,
${result.messages} messages, ${result.simulatedMs} ms.</p>
${outcome(violation)}
${told(story, violation)}
${faults.length > 0 ? `<h2>Faults</h2><table>${faults.join("")}</table>` : ""}
<h2>What happened</h2>
<p>Time runs downward and is not to scale; heartbeats are left out. An operation is named by its origin and its sequence; hover for more.</p>
${legendHtml()}
<div class="wide">${diagramOf(events, scenario, story, violation)}</div>
<script type="application/json" id="murmuration-run">${run}</script>
</body></html>
`;
  return { html, result };
}

function outcome(violation: Violation | undefined): string {
  if (violation === undefined) return "<p>No rule was broken.</p>";
  const { checker, atMs, detail } = violation;
  return `<h2 class="bad">${escapeHtml(checker)}: broken at ${atMs} ms</h2><pre>${escapeHtml(detail)}</pre>
<p><a href="#violation">Show it in the diagram</a></p>`;
}

/** What led to the violation, in words. */
function told(story: readonly StoryEvent[], violation: Violation | undefined): string {
  const points = violation?.about?.points ?? [];
  if (violation === undefined || story.length === 0) return "";
  const rows = story
    .slice(-STORY_MAX)
    .map((one) => `<tr><td>${one.event.atMs} ms</td><td>${escapeHtml(tell(one))}</td></tr>`);
  const named = points.length === 1 ? `point ${points[0]}` : `points ${points.slice(0, 20).join(", ")}`;
  return `<h2>What led to it: ${escapeHtml(named)}</h2><table>${rows.join("")}<tr class="bad"><td>${violation.atMs} ms</td><td>${escapeHtml(violation.detail.split("\n")[0] ?? "")}</td></tr></table>`;
}
