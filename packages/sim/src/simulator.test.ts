import assert from "node:assert/strict";
import { test } from "node:test";
import { type PlantedBug, plant } from "@murmuration/core/planted";
import { rotation } from "./profiles.js";
import { reportOf } from "./report/page.js";
import { makeScenario } from "./scenario.js";
import { shrinkScenario, smallest } from "./shrink.js";
import { work } from "./worker.js";
import { runScenario } from "./world.js";

/** Most seeds of each profile; `npm run sim` is for more. */
const RUNS_MAX = 4;
/** So many accepted writes say something. A seed that has fewer, as much of what it asks being refused, is followed by another. */
const WRITES_ENOUGH = 30;
/** The same in every run, unless another is asked for (`scripts/lib/test-seed.mjs`). */
const firstSeed = Number(process.env.MURMUR_TEST_SEED ?? 1);

for (const profile of [...rotation, "evictions"]) {
  test(`replicas converge under the faults of the profile ${profile}`, () => {
    let accepted = 0;
    for (let seed = firstSeed; accepted < WRITES_ENOUGH && seed < firstSeed + RUNS_MAX; seed++) {
      const { violation, writes } = work({ seed, profile, twice: false });
      assert.equal(violation, undefined, `${profile} ${seed}: ${violation?.checker} ${violation?.detail}`);
      accepted += writes;
    }
    assert.ok(accepted > 0, "runs without writes say nothing");
  });
}

test("one seed, one run: the trace is the same to the byte", () => {
  // with the faults of `default`, and replicas that join and go
  const scenario = makeScenario(7, "membership");
  const [first, second] = [runScenario(scenario), runScenario(scenario)];
  assert.equal(first.traceDigest, second.traceDigest);
  assert.notEqual(first.traceDigest, runScenario(makeScenario(8, "membership")).traceDigest);
});

const quickBugs: readonly (readonly [PlantedBug, string])[] = [
  ["no-dependencies", "default"],
  ["forget-tombstone", "deletes"],
  ["last-arrival-wins", "default"],
  ["stability-alone", "deletes"],
  ["tombstones-forgotten-early", "deletes"],
  ["projection-lost", "disk"],
  ["no-rescue", "default"],
  ["token-unchecked", "quorum"],
  ["read-without-waiting", "quorum"],
  ["signatures-unchecked", "impostor"],
  ["replays-taken", "impostor"],
];

test("planted bugs are found", () => {
  for (const [bug, profile] of quickBugs) {
    let caught = false;
    for (let seed = 1; seed <= 8 && !caught; seed++) {
      caught = work({ seed, profile, twice: false, bug }).violation !== undefined;
    }
    assert.ok(caught, bug);
  }
  plant([]);
});

/** The run as programs read it out of a report. */
function runIn(html: string) {
  const [, text = ""] = /<script type="application\/json" id="murmuration-run">(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(text) as {
    readonly format: string;
    readonly version: number;
    readonly title: string;
    readonly replicas: readonly number[];
    readonly cut: boolean;
    readonly events: readonly { readonly kind: string; readonly replica: number; readonly told?: true }[];
    readonly violation: { readonly checker: string } | null;
  };
}

test("a failing run shrinks to less that fails in the same way, and is drawn", () => {
  plant(["forget-tombstone"]);
  try {
    let seed = 1;
    let rule: string | undefined;
    for (; rule === undefined; seed++) rule = runScenario(makeScenario(seed, "deletes")).violation?.checker;
    const scenario = makeScenario(seed - 1, "deletes");
    const shrunk = shrinkScenario(scenario);
    assert.equal(shrunk.violation?.checker, rule);
    assert.ok(shrunk.scenario.steps.length < 20, `${shrunk.scenario.steps.length} steps are left`);
    const { html } = reportOf(shrunk.scenario, "a title <with> signs");
    assert.ok(html.includes("<svg") && html.includes("a title &lt;with&gt; signs") && html.includes(rule ?? "?"));
    // the write that broke the rule is drawn, and stands out as what led to it
    assert.match(html, /What led to it: point \d+/);
    const [last = ""] = html.match(/<g class="write told">.*<\/g>/g)?.slice(-1) ?? [];
    assert.match(last, /delete/);
    assert.match(html, /<a href="#violation">.*<g class="violation" id="violation">/s);
    assert.ok(html.includes(`<title>${shrunk.violation?.atMs} ms: `));
    const run = runIn(html);
    assert.deepEqual([run.format, run.version, run.title], ["murmuration-run", 1, "a title <with> signs"]);
    assert.equal(run.violation?.checker, rule);
    assert.ok(run.events.some(({ told, kind }) => told === true && kind === "write"));
  } finally {
    plant([]);
  }
});

test("the legend has every mark of the diagrams, and a start is no fault", () => {
  const marksOf = (html: string) =>
    new Set(Array.from(html.matchAll(/<g class="([^"]*?)(?: told| aside| )?"/g), ([, name]) => name as string));
  const drawn = new Set<string>();
  for (const [seed, profile] of [
    [3, "quorum"],
    [7, "membership"],
  ] as const) {
    const { html } = reportOf(makeScenario(seed, profile), "a run");
    const { events, replicas, violation } = runIn(html);
    assert.equal(violation, null);
    assert.ok(events.length > 50 && events.length <= 1_500);
    assert.ok(events.every(({ replica }) => replica === 0 || replica === -1 || replicas.includes(replica)));
    const [legend = "", diagram = ""] = html.split('<div class="wide">');
    const known = marksOf(legend.slice(legend.indexOf('<p class="legend">')));
    for (const mark of marksOf(diagram)) {
      drawn.add(mark);
      assert.ok(known.has(mark), `${mark} is in the legend`);
    }
    for (const [, label] of diagram.matchAll(/<g class="fault[^>]*>.*?<text[^>]*>([^<]*)</g))
      assert.doesNotMatch(label as string, /^starts/);
  }
  for (const mark of [
    "start",
    "wait",
    "fault",
    "write",
    "refused",
    "band",
    "phase",
    "message operations",
    "message other",
  ])
    assert.ok(drawn.has(mark), `${mark} is drawn`);
});

test("the smallest part that fails is found", () => {
  const numbers = Array.from({ length: 50 }, (_, i) => i);
  assert.deepEqual(
    smallest(numbers, (some) => some.includes(7) && some.includes(31)),
    [7, 31],
  );
});
