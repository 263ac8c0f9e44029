import { readFileSync } from "node:fs";
import { MurmurationError } from "@murmuration/index";
import { Command } from "commander";
import type { BackupPlace, ListedBackup } from "../backup/backup-place.js";
import { actAndPrint, type BackupFlags, parseAndRun, sourceOf } from "./backup-command.js";
import { addKeyOptions, masterKeysGiven } from "./key-options.js";
import { addStoreFlags } from "./store-flags.js";

const MEBIBYTE = 1024 * 1024;
const inMebibytes = (bytes: number) => `${(bytes / MEBIBYTE).toFixed(1)} MiB`;

function lineOf(one: ListedBackup): string {
  if (!("manifest" in one)) return `${one.name}  cannot be read: ${one.problem}\n`;
  const { manifest } = one;
  const points = manifest.contents.collections.reduce((sum, { points }) => sum + points, 0);
  const size =
    "file" in manifest
      ? inMebibytes(manifest.file.bytes)
      : `${inMebibytes(manifest.bytes)} in ${manifest.parts} parts, ${inMebibytes(manifest.sent.bytes)} of it sent`;
  return `${one.name}  ${points} points, ${size}\n`;
}

async function placeOf(text: string, flags: BackupFlags): Promise<BackupPlace> {
  const source = sourceOf(text, flags);
  const masterKeys = masterKeysGiven(flags, (path) => readFileSync(path, "utf8"));
  if ("file" in source) {
    const { BackupFolder } = await import("../backup/backup-folder.js");
    return new BackupFolder(source.file, () => masterKeys);
  }
  if (source.name !== undefined)
    throw new MurmurationError("bad-request", "the address names one backup, not where they are");
  const { StoredBackups } = await import("../backup/stored-backups.js");
  return new StoredBackups(source.store, () => masterKeys);
}

/** Tells of the backups that there are. */
export async function backups(argv: readonly string[]): Promise<number> {
  let code = 0;
  const command = new Command("murmur backups").exitOverride().helpOption("-h, --help", "print this help");
  const list = command
    .command("list")
    .description("Lists the backups in a folder or a store, newest first.")
    .argument("<place>", "a folder, or s3://bucket/prefix")
    .option("--json", "print one JSON object")
    .exitOverride()
    .action(async (text: string, flags: BackupFlags) => {
      code = await actAndPrint(flags.json === true, async () => {
        const place = await placeOf(text, flags);
        const found = await place.list();
        const lines = found.map(lineOf).join("");
        return { json: { place: place.path, backups: found }, text: lines === "" ? "there are no backups\n" : lines };
      });
    });
  addKeyOptions(list);
  addStoreFlags(list);
  return parseAndRun(command, argv, () => code);
}
