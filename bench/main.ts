import { Argument, Command } from "commander";
import { applyBenchmark } from "./apply.js";
import { buildBenchmark } from "./build.js";
import { catalogueBenchmark } from "./catalogue.js";
import { columnsBenchmark } from "./columns.js";
import { convergeBenchmark } from "./converge.js";
import { exactBenchmark } from "./exact.js";
import { filterBenchmark } from "./filter.js";
import { type Benchmark, describeResult } from "./harness.js";
import { oplogBenchmark } from "./oplog.js";
import { plannersBenchmark } from "./planners.js";
import { regionsBenchmark } from "./regions.js";
import { replicateBenchmark } from "./replicate.js";
import { restBenchmark } from "./rest.js";
import { rowsBenchmark } from "./rows.js";
import { searchBenchmark } from "./search.js";
import { wireBenchmark } from "./wire.js";

/** All benchmarks by the name on the command line. */
const BENCHMARKS: readonly Benchmark[] = [
  searchBenchmark,
  buildBenchmark,
  applyBenchmark,
  exactBenchmark,
  filterBenchmark,
  oplogBenchmark,
  restBenchmark,
  convergeBenchmark,
  replicateBenchmark,
  wireBenchmark,
  regionsBenchmark,
  catalogueBenchmark,
  rowsBenchmark,
  plannersBenchmark,
  columnsBenchmark,
];

async function run(names: readonly string[], options: { readonly json?: true; readonly quick?: true }): Promise<void> {
  for (const benchmark of BENCHMARKS.filter(({ name }) => names.includes(name))) {
    const result = await benchmark.run({ quick: options.quick === true });
    console.log(options.json ? JSON.stringify(result) : `${describeResult(result)}\n`);
  }
}

const list = BENCHMARKS.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`).join("\n");

await new Command()
  .name("npm run bench --")
  .description("Measures Murmuration, and its peers in the same run.")
  .addArgument(new Argument("<name...>", "which benchmarks to run").choices(BENCHMARKS.map(({ name }) => name)))
  .option("--json", "one JSON object a benchmark and line: {bench, params, rows, ratios}")
  .option("--quick", "each benchmark ends within 45 s (once its data is there)")
  .addHelpText("after", `\nBenchmarks:\n${list}`)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(run)
  .parseAsync();
