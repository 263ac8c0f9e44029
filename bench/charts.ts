import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { BenchResult, BenchRow } from "./harness.js";
import { type Machine, thisMachine } from "./machine.js";

const WIDTH = 420;
const PANEL_HEIGHT = 200;
/** Of Okabe and Ito, told apart also by people who see few colours. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/** A result and what it has to be read with: the command that repeats it, and where it ran. */
interface Kept {
  readonly command: string;
  readonly machine: Machine;
  readonly result: BenchResult;
}

/** Command, sizes and machine, which every figure has to be read with. */
function caption({ command, machine, result }: Kept): string[] {
  const { processor, cores, memoryGib, node } = machine;
  const load = `load ${result.params["load_before"]} before and ${result.params["load_after"]} after`;
  return [command, `${cores} × ${processor}, ${memoryGib} GiB, Node ${node.slice(1)}, ${load}`];
}

type Panel = Readonly<Record<string, unknown>>;

function spec(title: string, subtitle: readonly string[], content: Panel, rows: readonly BenchRow[]): TopLevelSpec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 12,
    title: { text: title, subtitle: [...subtitle], anchor: "start", subtitleColor: "#555", offset: 12 },
    config: {
      font: "sans-serif",
      range: { category: COLOURS },
      axis: { gridColor: "#e5e5e5", domainColor: "#888", tickColor: "#888", labelFontSize: 11, titleFontSize: 11 },
      view: { stroke: null },
    },
    data: { values: rows.map((row) => ({ ...row })) },
    ...content,
  } as unknown as TopLevelSpec;
}

/** Recall against queries a second, one line an engine: up and to the right is better. */
function recallChart(kept: Kept): TopLevelSpec {
  const { result } = kept;
  const { vectors, dimensions, k } = result.params;
  const title = `Search: ${Number(vectors).toLocaleString("en-US")} vectors of ${dimensions} dimensions, one thread`;
  const content = {
    width: WIDTH,
    height: 300,
    mark: { type: "line", point: true, interpolate: "monotone" },
    encoding: {
      x: { field: "recall", type: "quantitative", title: `recall@${k}`, scale: { zero: false, domainMax: 1 } },
      y: {
        field: "queries_per_s",
        type: "quantitative",
        title: "queries/s (processor time)",
        scale: { type: "log", nice: false },
        axis: { format: "~s" },
      },
      color: { field: "engine", type: "nominal", title: null },
      order: { field: "ef" },
    },
  };
  return spec(title, caption(kept), content, result.series ?? []);
}

/** One small panel for each figure over the number of points, both axes logarithmic: equal slopes are equal powers. */
function growthChart(kept: Kept): TopLevelSpec {
  const figures = [
    ["query_cpu_us", "processor time of a query, µs"],
    ["insert_cpu_us", "processor time of an insert, µs"],
    ["start_s", "start to first answer, s"],
    ["resident_mib", "resident memory, MiB"],
  ] as const;
  const panel = ([field, title]: readonly [string, string]): Panel => ({
    width: WIDTH / 1.5,
    height: PANEL_HEIGHT,
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "points", type: "quantitative", scale: { type: "log" }, axis: { format: "~s", tickCount: 4 } },
      y: {
        field,
        type: "quantitative",
        title,
        scale: { type: "log", nice: true },
        axis: { format: "~s", tickCount: 5 },
      },
      color: { value: COLOURS[0] },
    },
  });
  const content = { columns: 2, spacing: 28, concat: figures.map(panel) };
  return spec("Growth: 100 dimensions, five indexed fields", caption(kept), content, kept.result.rows);
}

/** Bars of a figure by what it was measured with. */
function barChart(
  kept: Kept,
  { title, category, figure, label }: { title: string; category: string; figure: string; label: string },
): TopLevelSpec {
  const encoding = {
    y: { field: category, type: "nominal", title: null, sort: null, axis: { labelLimit: 0 } },
    x: { field: figure, type: "quantitative", title: label },
  };
  const content = {
    width: WIDTH,
    height: { step: 26 },
    layer: [
      { mark: { type: "bar", color: COLOURS[0] }, encoding },
      {
        mark: { type: "text", align: "left", dx: 4, fontSize: 11 },
        encoding: { ...encoding, text: { field: figure, type: "quantitative", format: ",.3~r" } },
      },
    ],
  };
  return spec(title, caption(kept), content, kept.result.rows);
}

/** Recall and memory over the rounds of a stream. */
function streamChart(kept: Kept): TopLevelSpec {
  const panel = (field: string, title: string, zero: boolean): Panel => ({
    width: WIDTH / 1.5,
    height: PANEL_HEIGHT,
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "round", type: "ordinal", title: "round", axis: { labelAngle: 0 } },
      y: { field, type: "quantitative", title, scale: zero ? { zero } : { domain: [0.9, 1] } },
      color: { value: COLOURS[0] },
    },
  });
  const content = {
    spacing: 28,
    hconcat: [panel("recall", "recall@10", false), panel("resident_mib", "resident memory, MiB", true)],
  };
  const title = `Stream: a fifth inserted, replaced and deleted a round, ${kept.result.params["points"]} points`;
  return spec(title, caption(kept), content, kept.result.rows);
}

/** What each benchmark that has a chart is drawn as. */
const CHARTS: Readonly<Record<string, (kept: Kept) => TopLevelSpec>> = {
  search: recallChart,
  scale: growthChart,
  stream: streamChart,
  slices: (kept) =>
    barChart(kept, {
      title: "200 small queries/s beside one heavy request after the other: their p99",
      category: "beside",
      figure: "query_p99_ms",
      label: "p99 of small queries, ms",
    }),
  planners: (kept) =>
    barChart(kept, {
      title: "Inserting in batches of 100, by planners",
      category: "planners",
      figure: "insert_us",
      label: "time of an insert, µs",
    }),
  readers: (kept) =>
    barChart(kept, {
      title: "Queries a second inside the process, by reader threads",
      category: "threads",
      figure: "queries_per_s",
      label: "queries/s",
    }),
};

/** File name of a result: benchmarks that were run with several numbers of dimensions have one each. */
function fileName({ bench, params }: BenchResult): string {
  return bench === "search" ? `search-${params["dimensions"]}` : bench;
}

async function draw(folder: string, kept: Kept): Promise<void> {
  const chart = CHARTS[kept.result.bench]?.(kept);
  if (chart === undefined) return;
  const view = new View(parse(compile(chart).spec), { renderer: "none" });
  writeFileSync(join(folder, `${fileName(kept.result)}.svg`), `${await view.toSVG()}\n`);
  view.finalize();
}

/** Writes a result as JSON, and as an SVG where there is a chart for it, into a folder; `command` repeats the run. */
export async function writeCharts(folder: string, result: BenchResult, command: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const machine = thisMachine();
  const text = JSON.stringify({ command, machine, ...result }, undefined, 2);
  writeFileSync(join(folder, `${fileName(result)}.json`), `${text}\n`);
  await draw(folder, { command, machine, result });
}

/** Draws the charts of the results that a folder holds anew, from what was measured then. Returns the benchmarks that they are of. */
export async function redrawCharts(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".json")) continue;
    const kept: unknown = JSON.parse(readFileSync(join(folder, file), "utf8"));
    if (!isKept(kept)) throw new Error(`${join(folder, file)} is not the result of a benchmark`);
    const { command, machine, ...result } = kept;
    await draw(folder, { command, machine, result });
    names.push(result.bench);
  }
  return names;
}

function isKept(value: unknown): value is BenchResult & Omit<Kept, "result"> {
  const fields = ["command", "machine", "bench", "params", "rows"];
  return typeof value === "object" && value !== null && fields.every((field) => Object.hasOwn(value, field));
}
