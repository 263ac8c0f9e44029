import { closeSync, openSync, readSync } from "node:fs";

/** What an SQLite file that is not encrypted begins with. */
const PLAIN_HEAD = Buffer.alloc(16, "SQLite format 3\0");

/** How the file of a log is written; `missing`: it is not there, or has nothing in it. Throws what the file system throws. */
export function logFileForm(file: string): "plain" | "encrypted" | "missing" {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "missing";
    throw error;
  }
  try {
    const head = Buffer.alloc(PLAIN_HEAD.length);
    const bytes = readSync(descriptor, head, 0, head.length, 0);
    if (bytes === 0) return "missing";
    return bytes === head.length && head.equals(PLAIN_HEAD) ? "plain" : "encrypted";
  } finally {
    closeSync(descriptor);
  }
}
