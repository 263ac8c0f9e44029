import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { copyLog } from "@murmuration/core";
import { flush, removeLog, withFileErrors } from "../backup/files.js";
import { type DataKeys, logKeyOf } from "../encryption/data-keys.js";
import type { DataFiles } from "../engine/data-folder.js";
import { sealSnapshots } from "../snapshots/seal-snapshots.js";
import { logFileForm } from "./log-file-form.js";

/** Told of what takes long. */
export type Tell = (message: string, details: object) => void;

/**
 * Brings a folder that was not encrypted to the first of its keys. Each file is written anew and then put in the place of the plain one, so that a process that is
 * killed leaves either, and the next start goes on. Images and files of vectors are made again from the log. Throws `storage`, and `corrupt` for a log that
 * cannot be read.
 */
export function bringOver(files: DataFiles, folder: string, keys: DataKeys, tell: Tell): void {
  const unfinished = `${files.log}.encrypting`;
  removeLog(unfinished);
  if (logFileForm(files.log) === "plain") {
    tell("the log is being encrypted", { file: files.log });
    copyLog(
      { file: files.log },
      { file: unfinished, key: logKeyOf(keys) },
      { onTable: (table, rows) => tell("a table of the log was encrypted", { table, rows }) },
    );
    flush(unfinished);
    withFileErrors(files.log, () => {
      // what was in it is in the file since its last connection was closed; it must not meet another file
      for (const suffix of ["-wal", "-shm"]) rmSync(files.log + suffix, { force: true });
      renameSync(unfinished, files.log);
    });
    flush(folder);
  }
  withFileErrors(folder, () => {
    for (const cache of [files.images, files.vectors])
      for (const name of existsSync(cache) ? readdirSync(cache) : [])
        rmSync(join(cache, name), { recursive: true, force: true });
  });
  withFileErrors(files.snapshots, () => sealSnapshots(files.snapshots, keys));
  tell("the data folder is encrypted", { folder });
}
