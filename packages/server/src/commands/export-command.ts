import { readFileSync } from "node:fs";
import { isJsonObject, type Json, type JsonObject, MurmurationError } from "@murmuration/index";
import { Command, CommanderError, Option } from "commander";
import { parseJson } from "../http/json.js";
import { type SinkFormat, sinkFormatOf, sinkFormats } from "../transfer/open-sink.js";
import { progressBar } from "../transfer/progress.js";
import { type ExportOptions, type ExportReport, runExport } from "../transfer/run-export.js";
import { onOneLine } from "../transfer/tell-import.js";
import { pagePointsDefault, pagePointsMax } from "../transfer/transfer-limits.js";
import { wholeNumber } from "./numbers.js";
import { type TransferFlags, transferServerOf, withTransferFlags } from "./transfer-server.js";

const DONE = 0;
const FAILED = 1;
const MISUSED = 2;

interface Flags extends TransferFlags {
  readonly collection: string;
  readonly output: string;
  readonly format?: SinkFormat;
  readonly filter?: string;
  /** `undefined`: all. */
  readonly vectors?: false | string;
  readonly payload: boolean;
  readonly header: boolean;
  readonly page: number;
  readonly strict?: true;
  readonly json?: true;
}

/** A filter as JSON, or as the file behind `@` holds it. Throws `format`. */
function filterOf(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  const filter = parseJson(text.startsWith("@") ? readFileSync(text.slice(1), "utf8") : text) as Json;
  if (isJsonObject(filter)) return filter;
  throw new MurmurationError("format", "--filter: expected an object of JSON");
}

function optionsOf(flags: Flags): ExportOptions {
  return {
    collection: flags.collection,
    output: flags.output,
    format: sinkFormatOf(flags.output, flags.format),
    filter: filterOf(flags.filter),
    vectors: typeof flags.vectors === "string" ? flags.vectors.split(",") : flags.vectors !== false,
    withPayload: flags.payload,
    pagePoints: flags.page,
    isHeaderWanted: flags.header,
    isStrict: flags.strict === true,
  };
}

async function act(flags: Flags): Promise<ExportReport> {
  const options = optionsOf(flags);
  const server = transferServerOf(flags);
  let bar = progressBar("points", undefined, false);
  try {
    return await runExport(server, options, {
      onStart: (leftOut, points) => {
        for (const what of leftOut) process.stderr.write(`${options.format} cannot carry ${onOneLine(what)}\n`);
        bar = progressBar("points", points, flags.json !== true && flags.output !== "-");
        bar.begin(0);
      },
      onProgress: (points) => bar.update(points, ""),
    });
  } finally {
    bar.end();
    server.client.close();
  }
}

function describe({ points, files, digest, seconds, points_per_second }: ExportReport): string {
  const where = files.length === 0 ? "" : ` to ${files.join(" and ")}`;
  return `${points} points${where} in ${seconds.toFixed(1)} s (${points_per_second} points/s), content digest ${digest}\n`;
}

async function run(flags: Flags): Promise<number> {
  const isForPrograms = flags.json === true;
  // the points themselves may go to stdout
  const out = flags.output === "-" && flags.format !== "digest" ? process.stderr : process.stdout;
  try {
    const report = await act(flags);
    out.write(isForPrograms ? `${JSON.stringify({ ok: true, ...report })}\n` : describe(report));
    return DONE;
  } catch (error) {
    const { message } = error as Error;
    if (isForPrograms) out.write(`${JSON.stringify({ ok: false, error: message })}\n`);
    process.stderr.write(`error: ${onOneLine(message)}\n`);
    return FAILED;
  }
}

const HELP = `
The ending of the output tells its format (.ndjson, .csv, .parquet, .npy, .fvecs, .usearch); --format digest writes nothing and prints a digest of what the points hold, by which two
collections are compared. What a format cannot carry is said before it begins. docs/import.md has more.

Exit codes: 0 done, 1 it failed and left no file, 2 wrong use.`;

/** Runs `murmur export`. Resolves to the exit code. */
export async function exportPoints(argv: readonly string[]): Promise<number> {
  let code = DONE;
  const command = new Command("murmur export")
    .description("Writes the points of a collection of a running server to a file.")
    .requiredOption("--collection <name>", "the collection")
    .option("--output <file>", "the file; - for the standard output", "-")
    .addOption(new Option("--format <format>", "what is written (default: as the output ends)").choices(sinkFormats))
    .option("--filter <json>", "only points that match; @FILE reads it")
    .option("--vectors <names>", "only these vectors, separated by commas")
    .option("--no-vectors", "points without their vectors")
    .option("--no-payload", "points without their payload")
    .option("--no-header", "without the collection's configuration in front of the points")
    .option("--strict", "refuse what the format cannot carry whole")
    .option("--page <n>", "points a request", wholeNumber(1, pagePointsMax), pagePointsDefault)
    .option("--json", "print one JSON object")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", HELP)
    .exitOverride()
    .action(async (flags: Flags) => {
      code = await run(flags);
    });
  try {
    await withTransferFlags(command).parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? DONE : MISUSED;
  }
}
