import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MurmurationError } from "@murmuration/index";
import { type FolderLock, takeLock } from "../folder-lock.js";
import { withFileErrors } from "./files.js";

const LOCK = "lock";
/** A folder that was changed since may be one that is being made, and that nobody has locked yet. */
const SETTLED_MS = 60_000;

/**
 * Works in a folder of its own below `parent`, which is made where it is not there; `name` is what its name begins with. Nothing stays of it, whatever comes; where the process is
 * killed, whoever comes next with that name removes it.
 */
export async function withTemporaryFolder<T>(
  parent: string,
  name: string,
  work: (folder: string) => T | Promise<T>,
): Promise<T> {
  const folder = withFileErrors(parent, () => {
    mkdirSync(parent, { recursive: true });
    removeLeft(parent, name);
    return mkdtempSync(join(parent, `${name}-`));
  });
  try {
    const lock = lockOf(folder);
    try {
      return await work(folder);
    } finally {
      lock.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lockOf(folder: string): FolderLock {
  try {
    return takeLock(join(folder, LOCK), folder);
  } catch (error) {
    if (error instanceof MurmurationError) throw error;
    throw new MurmurationError("storage", `${folder}: ${(error as Error).message}`, undefined, error);
  }
}

/** Removes folders of processes that are gone: the operating system lets nobody have the lock of one that lives, in a container neither. */
function removeLeft(parent: string, name: string): void {
  for (const entry of readdirSync(parent)) {
    if (!entry.startsWith(`${name}-`)) continue;
    const folder = join(parent, entry);
    try {
      const { mtimeMs } = lstatSync(folder);
      if (Date.now() - mtimeMs < SETTLED_MS || !readdirSync(folder).includes(LOCK)) continue;
      takeLock(join(folder, LOCK), folder).close();
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // somebody is at work there, or it is another user's
    }
  }
}
