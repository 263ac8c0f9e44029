import { Argument, Command, InvalidArgumentError } from "commander";
import { applyBenchmark } from "./apply.js";
import { backupBenchmark } from "./backup.js";
import { buildBenchmark } from "./build.js";
import { catalogueBenchmark } from "./catalogue.js";
import { changesBenchmark } from "./changes.js";
import { redrawCharts, writeCharts } from "./charts.js";
import { columnsBenchmark } from "./columns.js";
import { convergeBenchmark } from "./converge.js";
import { datatypesBenchmark } from "./datatypes.js";
import { exactBenchmark } from "./exact.js";
import { filterBenchmark } from "./filter.js";
import { filterGraphBenchmark } from "./filter-graph.js";
import { type Benchmark, type BenchOptions, describeResult } from "./harness.js";
import { hybridBenchmark } from "./hybrid.js";
import { importBenchmark } from "./import.js";
import { machineLoad, thisMachine } from "./machine.js";
import { memoryBenchmark } from "./memory.js";
import { multivectorBenchmark } from "./multivector.js";
import { offMemoryBenchmark } from "./off-memory.js";
import { oplogBenchmark } from "./oplog.js";
import { plannersBenchmark } from "./planners.js";
import { postingsBenchmark } from "./postings.js";
import { queriesBenchmark } from "./queries.js";
import { ragBenchmark } from "./rag.js";
import { readersBenchmark } from "./readers.js";
import { regionsBenchmark } from "./regions.js";
import { replicateBenchmark } from "./replicate.js";
import { restBenchmark } from "./rest.js";
import { rowsBenchmark } from "./rows.js";
import { scaleBenchmark } from "./scale.js";
import { searchBenchmark } from "./search.js";
import { secureBenchmark } from "./secure.js";
import { removeLoaded } from "./service/kept.js";
import { slicesBenchmark } from "./slices.js";
import { sparseBenchmark } from "./sparse.js";
import { startBenchmark } from "./start.js";
import { streamBenchmark } from "./stream.js";
import { wireBenchmark } from "./wire.js";

/** All benchmarks by the name on the command line. */
const BENCHMARKS: readonly Benchmark[] = [
  searchBenchmark,
  buildBenchmark,
  applyBenchmark,
  exactBenchmark,
  filterGraphBenchmark,
  filterBenchmark,
  queriesBenchmark,
  hybridBenchmark,
  oplogBenchmark,
  restBenchmark,
  convergeBenchmark,
  replicateBenchmark,
  wireBenchmark,
  datatypesBenchmark,
  regionsBenchmark,
  catalogueBenchmark,
  rowsBenchmark,
  plannersBenchmark,
  columnsBenchmark,
  memoryBenchmark,
  startBenchmark,
  scaleBenchmark,
  streamBenchmark,
  changesBenchmark,
  slicesBenchmark,
  readersBenchmark,
  offMemoryBenchmark,
  sparseBenchmark,
  postingsBenchmark,
  multivectorBenchmark,
  secureBenchmark,
  ragBenchmark,
  importBenchmark,
  backupBenchmark,
];

interface Options extends Omit<BenchOptions, "quick"> {
  readonly json?: true;
  readonly quick?: true;
  readonly keep?: true;
  readonly charts?: string;
  readonly redraw?: string;
}

function wholeNumber(text: string): number {
  const value = Number(text.replaceAll(/[_,]/g, ""));
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("it must be a whole number from 1");
  return value;
}

/** The command that repeats one benchmark of this run. */
function commandOf(name: string, { points, dimensions, only, quick }: Options): string {
  const given = { points, dimensions, only };
  const flags = Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag} ${value}`]));
  return ["npm run bench --", name, ...flags, ...(quick ? ["--quick"] : [])].join(" ");
}

async function run(names: readonly string[], options: Options, command: Command): Promise<void> {
  const { quick, json, keep, charts, redraw, ...asked } = options;
  if (redraw !== undefined) {
    const drawn = await redrawCharts(redraw);
    return console.log(`drawn in ${redraw}: ${drawn.join(", ")}`);
  }
  if (names.length === 0) command.error("error: name a benchmark, or --redraw a folder");
  try {
    for (const benchmark of BENCHMARKS.filter(({ name }) => names.includes(name))) {
      const loadBefore = machineLoad();
      const measured = await benchmark.run({ ...asked, quick: quick === true });
      // what a figure by the clock has to be read beside
      const params = { ...measured.params, load_before: loadBefore, load_after: machineLoad() };
      const result = { ...measured, params };
      console.log(json ? JSON.stringify({ ...result, machine: thisMachine() }) : `${describeResult(result)}\n`);
      if (charts !== undefined) await writeCharts(charts, result, commandOf(benchmark.name, options));
    }
  } finally {
    if (!keep) removeLoaded();
  }
}

const list = BENCHMARKS.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`).join("\n");

await new Command()
  .name("npm run bench --")
  .description("Measures Murmuration, and its peers in the same run.")
  .addArgument(new Argument("[name...]", "which benchmarks to run").choices(BENCHMARKS.map(({ name }) => name)))
  .option("--json", "one JSON object a benchmark and line: {bench, params, rows, ratios, machine}")
  .option("--quick", "each benchmark ends within 45 s (once its data is there)")
  .option("--points <number>", "so many vectors or points, instead of a benchmark's own number", wholeNumber)
  .option("--dimensions <number>", "search: so many dimensions, of vectors made from the real ones", wholeNumber)
  .option("--only <part>", "one part of a benchmark that has several")
  .option("--server <cli.js>", "measure the server of another checkout (its packages/server/bundle/release/cli.js)")
  .option(
    "--keep",
    "keep loaded data folders in .cache/bench/loaded for later runs; a load that was broken off goes on",
  )
  .option("--charts <folder>", "write the results as JSON and, where there is a chart, as SVG into a folder")
  .option("--redraw <folder>", "draw the charts of the results in a folder anew, without measuring")
  .addHelpText("after", `\nBenchmarks:\n${list}`)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(run)
  .parseAsync();
