import { basename, dirname, join, resolve } from "node:path";
import { distances } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { openSource, type SourceFormat, sourceFormats } from "../transfer/open-source.js";
import { progressBar } from "../transfer/progress.js";
import { type ImportOptions, type ImportReport, runImport } from "../transfer/run-import.js";
import type { Server } from "../transfer/server.js";
import { type CellType, cellTypes } from "../transfer/sources/csv.js";
import { describePlan, describeReport, onOneLine } from "../transfer/tell-import.js";
import {
  batchPointsDefault,
  batchPointsMax,
  errorsMaxDefault,
  pagePointsDefault,
  pagePointsMax,
  parallelDefault,
  parallelMax,
  sampleRowsDefault,
  sampleRowsMax,
} from "../transfer/transfer-limits.js";
import { wholeNumber } from "./numbers.js";
import { oneKey } from "./server-flags.js";
import { type TransferFlags, transferServerOf, withTransferFlags } from "./transfer-server.js";

/** Exit codes: all rows are written; it stopped; wrong use; done, but rows were put aside. */
const DONE = 0;
const FAILED = 1;
const MISUSED = 2;
const PUT_ASIDE = 3;

interface Flags extends TransferFlags {
  readonly collection: string;
  readonly format?: SourceFormat;
  readonly id?: string;
  readonly firstId: number;
  readonly vector: ReadonlyMap<string, string>;
  readonly vectors: boolean;
  readonly type: ReadonlyMap<string, CellType>;
  readonly payload?: string;
  readonly payloadFile?: string;
  readonly table?: string;
  readonly distance?: string;
  readonly datatype?: string;
  readonly batch: number;
  readonly parallel: number;
  readonly sample: number;
  readonly maxErrors: number;
  readonly state?: string;
  readonly rejected?: string;
  readonly sourceApiKeyFile?: string;
  readonly page: number;
  readonly dryRun?: true;
  readonly restart?: true;
  readonly json?: true;
}

function vectorColumn(text: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const at = text.lastIndexOf("=");
  return new Map([...before, at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)]]);
}

function columnType(text: string, before: ReadonlyMap<string, CellType>): ReadonlyMap<string, CellType> {
  const at = text.lastIndexOf("=");
  const type = cellTypes.find((one) => one === text.slice(at + 1));
  if (at > 0 && type !== undefined) return new Map([...before, [text.slice(0, at), type]]);
  throw new InvalidArgumentError(`it must be COLUMN=TYPE, with one of the types ${cellTypes.join(", ")}.`);
}

/** Where an import says how far it is: beside a file, in this folder for what is none. */
function besides(source: string, collection: string): string | undefined {
  if (source === "-") return undefined;
  const name = `${encodeURIComponent(collection)}.import`;
  if (/^[a-z+]+:\/\//i.test(source)) return `murmur-${name}`;
  return join(dirname(source), `${basename(source)}.${name}`);
}

function optionsOf(source: string, flags: Flags): ImportOptions {
  const beside = besides(source, flags.collection);
  return {
    collection: flags.collection,
    id: flags.id,
    vectors: flags.vector,
    isWithoutVectors: !flags.vectors,
    payload: flags.payload,
    distance: flags.distance,
    datatype: flags.datatype,
    firstId: flags.firstId,
    batchPoints: flags.batch,
    parallel: flags.parallel,
    sampleRows: flags.sample,
    errorsMax: flags.maxErrors,
    isDryRun: flags.dryRun === true,
    isRestart: flags.restart === true,
    stateFile: flags.state ?? (beside === undefined ? undefined : `${beside}.json`),
    rejectedFile:
      flags.rejected ?? `${beside ?? `murmur-${encodeURIComponent(flags.collection)}.import`}.rejected.ndjson`,
  };
}

/** How a server is asked that points come from: with a key of its own, and the certificates of the other one. */
function sourceServer(flags: Flags, server: Server): Omit<Server, "url"> {
  const key = oneKey(
    process.env["MURMUR_SOURCE_API_KEY"],
    flags.sourceApiKeyFile,
    "MURMUR_SOURCE_API_KEY or --source-api-key",
  );
  const headers: { [name: string]: string } = key === undefined ? {} : { "api-key": key };
  return { ...server, headers };
}

/** Throws `bad-request` where an import would write over what it reads, or one of its files over the other. */
function requireOthers({ stateFile, rejectedFile }: ImportOptions, sources: readonly (string | undefined)[]): void {
  const taken = new Set(sources.flatMap((source) => (source === undefined ? [] : [resolve(source)])));
  for (const [flag, file] of [
    ["--state", stateFile],
    ["--rejected", rejectedFile],
  ] as const) {
    if (file !== undefined && taken.has(resolve(file)))
      throw new MurmurationError("bad-request", `${flag}: ${file} is another file of this import, and would be lost`);
    if (file !== undefined) taken.add(resolve(file));
  }
}

async function act(name: string, flags: Flags): Promise<ImportReport> {
  const options = optionsOf(name, flags);
  requireOthers(options, [name, flags.payloadFile]);
  const server = transferServerOf(flags);
  try {
    const source = await openSource(name, {
      format: flags.format,
      from: sourceServer(flags, server),
      pagePoints: flags.page,
      payloadFile: flags.payloadFile,
      types: flags.type,
      table: flags.table,
    });
    const bar = progressBar(
      "rows",
      source.total ?? (source.shareAt === undefined ? undefined : "shares"),
      flags.json !== true,
    );
    try {
      return await runImport(source, server, options, {
        onPlan: (plan, from) => {
          if (flags.json !== true) process.stdout.write(describePlan(source, plan, flags.collection, from));
          bar.begin(from?.position.rows ?? 0);
        },
        onProgress: (position, rejected) => {
          const remark = rejected === 0 ? "" : `${rejected} put aside`;
          bar.update(position.rows, remark, source.shareAt?.(position));
        },
      });
    } finally {
      bar.end();
      await source.close();
    }
  } finally {
    server.client.close();
  }
}

async function run(name: string, flags: Flags): Promise<number> {
  const isForPrograms = flags.json === true;
  try {
    const report = await act(name, flags);
    process.stdout.write(isForPrograms ? `${JSON.stringify({ ok: true, ...report })}\n` : describeReport(report));
    return report.put_aside === 0 ? DONE : PUT_ASIDE;
  } catch (error) {
    const { message } = error as Error;
    if (isForPrograms) process.stdout.write(`${JSON.stringify({ ok: false, error: message })}\n`);
    process.stderr.write(`error: ${onOneLine(message)}\n`);
    return FAILED;
  }
}

const HELP = `
SOURCE is a file whose ending tells its format: .ndjson or .jsonl, .csv or .tsv (each also .gz), .parquet, .npy, .fvecs, .bvecs, .ivecs,
.usearch; - is NDJSON from the standard input; or a system that runs:
  http(s)://HOST:PORT/collections/NAME                          a server that speaks Qdrant's dialect
  chroma(s)://HOST:PORT/NAME?tenant=T&database=D                Chroma
  postgres://USER@HOST:PORT/DATABASE with --table NAME          PostgreSQL with pgvector

An import that was cut off goes on with the same command: how far it is stands in a file beside SOURCE, which is gone when all is done. Rows that are
wrong are named and put aside in another one. docs/import.md has more.

Exit codes: 0 all rows are written, 1 it stopped, 2 wrong use, 3 done, but rows were put aside.`;

/** Runs `murmur import`. Resolves to the exit code. */
export async function importPoints(argv: readonly string[]): Promise<number> {
  let code = DONE;
  const command = new Command("murmur import")
    .description("Carries points from a file or another database into a collection of a running server.")
    .argument("<source>", "file or URL")
    .requiredOption("--collection <name>", "the collection; it is made where it is not there")
    .addOption(new Option("--format <format>", "what SOURCE is").choices(sourceFormats))
    .option("--id <column>", "column of ids (default: id, where there is one; else rows are numbered)")
    .option("--first-id <n>", "id of the first row, where rows are numbered", wholeNumber(0, 1e15), 0)
    .option(
      "--vector <column>",
      "column of vectors; COLUMN=NAME for a named one, once for each",
      vectorColumn,
      new Map<string, string>(),
    )
    .option("--no-vectors", "points without vectors")
    .option(
      "--type <column>",
      "COLUMN=TYPE: what cells of a CSV file are, once for each: integer, float, bool, json or text",
      columnType,
      new Map<string, CellType>(),
    )
    .option("--payload <column>", "column that is the payload (default: all others are)")
    .option("--payload-file <file>", "NDJSON with ids and payloads, beside a file that holds vectors alone")
    .option("--table <name>", "the table of a PostgreSQL database")
    .addOption(new Option("--distance <distance>", "of a collection that is made (default: Cosine)").choices(distances))
    .addOption(new Option("--datatype <type>", "of its vectors").choices(["float32", "float16", "uint8", "turbo4"]))
    .option("--batch <n>", "points a request", wholeNumber(1, batchPointsMax), batchPointsDefault)
    .option("--parallel <n>", "requests under way", wholeNumber(1, parallelMax), parallelDefault)
    .option("--sample <n>", "rows from which types are inferred", wholeNumber(1, sampleRowsMax), sampleRowsDefault)
    .option("--max-errors <n>", "stop when more rows are wrong", wholeNumber(0, 1e15), errorsMaxDefault)
    .option(
      "--source-api-key-file <file>",
      "file with the key of the server that points come from (or MURMUR_SOURCE_API_KEY)",
    )
    .option(
      "--page <n>",
      "points that such a server is asked for at a time",
      wholeNumber(1, pagePointsMax),
      pagePointsDefault,
    )
    .option("--state <file>", "the file that says how far it is")
    .option("--rejected <file>", "the file for wrong rows")
    .option("--restart", "begin again where an import was cut off")
    .option("--dry-run", "read and check everything, write nothing")
    .option("--json", "print one JSON object")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", HELP)
    .exitOverride()
    .action(async (name: string, flags: Flags) => {
      code = await run(name, flags);
    });
  try {
    await withTransferFlags(command).parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? DONE : MISUSED;
  }
}
