import { readFileSync } from "node:fs";
import { MurmurationError } from "@murmuration/index";
import { Command, CommanderError } from "commander";
import type { Manifest } from "../backup/manifest.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { addKeyOptions, type KeyFlags, masterKeysGiven } from "./key-options.js";

/** Exit codes: nothing wrong; the backup or the disk is; the command line is. */
const DONE = 0;
const FAILED = 1;
const MISUSED = 2;

/** Options of every command on a backup. */
export interface BackupFlags extends KeyFlags {
  readonly json?: true;
  readonly replay?: true;
}

/** A command on a backup's file: how it is called, and what it does. */
export interface BackupAction<Flags extends BackupFlags> {
  readonly name: string;
  readonly description: string;
  /** Adds options of its own. */
  readonly options?: (command: Command) => void;
  /** Does it; returns what to print for programs, and for people. */
  readonly act: (
    file: string,
    flags: Flags,
    onStep: (step: string) => void,
    masterKeys: MasterKeys | undefined,
  ) => { readonly json: object; readonly text: string };
}

/** One line for each collection. */
export function describeCollections({ contents }: Manifest): string {
  return contents.collections
    .map(({ collection, points, points_digest, graph_digest }) => {
      return `  ${collection}: ${points} points, digests ${points_digest} (points) ${graph_digest} (graph)\n`;
    })
    .join("");
}

function failureCode(error: unknown): number {
  const isMisuse = error instanceof MurmurationError && (error.code === "not-found" || error.code === "already-exists");
  return isMisuse ? MISUSED : FAILED;
}

/** Runs such a command: results on stdout, errors on stderr, steps on stderr when it is a terminal. Returns the exit code. */
export function runBackupCommand<Flags extends BackupFlags>(
  action: BackupAction<Flags>,
  argv: readonly string[],
): number {
  let code = DONE;
  const command = new Command(`murmur ${action.name}`)
    .description(action.description)
    .argument("<file>", "the backup, NAME.db; its manifest NAME.json is beside it")
    .option("--replay", "also apply every operation again, and compare")
    .option("--json", "print one JSON object")
    .helpOption("-h, --help", "print this help")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 the backup is not what its manifest says or the disk fails, 2 wrong use.",
    )
    .exitOverride()
    .action((file: string, flags: Flags) => {
      code = actAndPrint(action, file, flags);
    });
  addKeyOptions(command);
  action.options?.(command);
  try {
    command.parse([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? DONE : MISUSED;
  }
}

function actAndPrint<Flags extends BackupFlags>(action: BackupAction<Flags>, file: string, flags: Flags): number {
  const onStep = (step: string) => {
    if (process.stderr.isTTY) process.stderr.write(`${step} …\n`);
  };
  const isForPrograms = flags.json === true;
  try {
    const { json, text } = action.act(
      file,
      flags,
      onStep,
      masterKeysGiven(flags, (path) => readFileSync(path, "utf8")),
    );
    process.stdout.write(isForPrograms ? `${JSON.stringify({ ok: true, ...json })}\n` : text);
    return DONE;
  } catch (error) {
    const { message } = error as Error;
    if (isForPrograms) process.stdout.write(`${JSON.stringify({ ok: false, error: message })}\n`);
    process.stderr.write(`error: ${message}\n`);
    return failureCode(error);
  }
}
