import { readFileSync } from "node:fs";
import { MurmurationError } from "@murmuration/index";
import { Command, CommanderError } from "commander";
import type { AnyManifest } from "../backup/backup-place.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { isStoreAddress, parseStoreAddress, type StoreConfig } from "../object-store/mod.js";
import { addKeyOptions, type KeyFlags, masterKeysGiven } from "./key-options.js";
import { addStoreFlags, type StoreFlags, storeGiven } from "./store-flags.js";

/** Exit codes: nothing wrong; the backup or the disk is; the command line is. */
const DONE = 0;
const FAILED = 1;
const MISUSED = 2;

/** Options of every command on a backup. */
export interface BackupFlags extends KeyFlags, StoreFlags {
  readonly json?: true;
  readonly replay?: true;
}

/** What a command is about: a backup's file, or a store with the name of a backup; without one, the newest. */
export type NamedSource =
  | { readonly file: string }
  | { readonly store: StoreConfig; readonly name: string | undefined };

/** What a command is told beside its flags. */
export interface BackupContext {
  readonly onStep: (step: string) => void;
  readonly masterKeys: MasterKeys | undefined;
}

/** A command on a backup: how it is called, and what it does. */
export interface BackupAction<Flags extends BackupFlags> {
  readonly name: string;
  readonly description: string;
  /** Says what its argument is, where that is not one backup alone. */
  readonly argument?: string;
  /** Adds options of its own. */
  readonly options?: (command: Command) => void;
  /** Does it; resolves to what to print for programs, and for people. */
  readonly act: (
    source: NamedSource,
    flags: Flags,
    context: BackupContext,
  ) => Promise<{ readonly json: object; readonly text: string }>;
}

/** One line for each collection. */
export function describeCollections({ contents }: Pick<AnyManifest, "contents">): string {
  return contents.collections
    .map(({ collection, points, points_digest, graph_digest }) => {
      return `  ${collection}: ${points} points, digests ${points_digest} (points) ${graph_digest} (graph)\n`;
    })
    .join("");
}

/** What a backup is called where it is. */
export function sourceText(source: NamedSource, manifest: Pick<AnyManifest, "name">): string {
  return "file" in source ? source.file : manifest.name;
}

function failureCode(error: unknown): number {
  const misuses = ["not-found", "already-exists", "bad-request"];
  return error instanceof MurmurationError && misuses.includes(error.code) ? MISUSED : FAILED;
}

/** The name of a backup at the end of an address. */
const NAME = /^\d{8}T\d{9}Z-\d{1,8}$/;

/** The file, or the place in a store, that an argument names. Throws `bad-request`, and as `storeGiven`. */
export function sourceOf(text: string, flags: StoreFlags): NamedSource {
  if (!isStoreAddress(text)) return { file: text };
  const { bucket, prefix } = parseStoreAddress(text);
  const names = prefix.split("/");
  const last = names.at(-1) as string;
  const name = NAME.test(last) ? last : undefined;
  const before = name === undefined ? prefix : names.slice(0, -1).join("/");
  return { store: storeGiven({ bucket, prefix: before }, flags), name };
}

/** Runs such a command: results on stdout, errors on stderr, steps on stderr when it is a terminal. Resolves to the exit code. */
export async function runBackupCommand<Flags extends BackupFlags>(
  action: BackupAction<Flags>,
  argv: readonly string[],
): Promise<number> {
  let code = DONE;
  const command = new Command(`murmur ${action.name}`)
    .description(action.description)
    .argument(
      "<backup>",
      action.argument ??
        "the backup: NAME.db, with its manifest NAME.json beside it; or s3://bucket/prefix, for the newest one there, or s3://bucket/prefix/NAME",
    )
    .option("--replay", "also apply every operation again, and compare")
    .option("--json", "print one JSON object")
    .helpOption("-h, --help", "print this help")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 the backup is not what its manifest says, or the disk or the store fails, 2 wrong use.",
    )
    .exitOverride()
    .action(async (source: string, flags: Flags) => {
      code = await actAndPrint(flags.json === true, ({ onStep }) => {
        const masterKeys = masterKeysGiven(flags, (path) => readFileSync(path, "utf8"));
        return action.act(sourceOf(source, flags), flags, { onStep, masterKeys });
      });
    });
  addKeyOptions(command);
  addStoreFlags(command);
  action.options?.(command);
  return parseAndRun(command, argv, () => code);
}

/** Parses, and runs what is parsed. Resolves to the exit code. */
export async function parseAndRun(command: Command, argv: readonly string[], code: () => number): Promise<number> {
  try {
    await command.parseAsync([...argv], { from: "user" });
    return code();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? DONE : MISUSED;
  }
}

/** Does something and prints what it comes to. Resolves to the exit code. */
export async function actAndPrint(
  isForPrograms: boolean,
  act: (context: Pick<BackupContext, "onStep">) => Promise<{ readonly json: object; readonly text: string }>,
): Promise<number> {
  const onStep = (step: string) => {
    if (process.stderr.isTTY) process.stderr.write(`${step} …\n`);
  };
  try {
    const { json, text } = await act({ onStep });
    process.stdout.write(isForPrograms ? `${JSON.stringify({ ok: true, ...json })}\n` : text);
    return DONE;
  } catch (error) {
    const { message } = error as Error;
    if (isForPrograms) process.stdout.write(`${JSON.stringify({ ok: false, error: message })}\n`);
    process.stderr.write(`error: ${message}\n`);
    return failureCode(error);
  }
}
