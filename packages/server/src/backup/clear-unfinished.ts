import { rm } from "node:fs/promises";
import type { Logger } from "pino";
import { dataFiles } from "../engine/data-folder.js";

/**
 * Removes what a process that ended left in its data folder of copies under way, whatever options the next one has: a log that was being sent, a backup that was restored in a drill or to a
 * moment. They may hold what is erased. What cannot be removed is told of. The folder must be this process's.
 */
export async function clearUnfinished(folder: string, log: Pick<Logger, "warn">): Promise<void> {
  const { sending, drill, restoring } = dataFiles(folder);
  for (const path of [sending, drill, restoring]) {
    try {
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      log.warn({ path, why: (error as Error).message }, "an unfinished copy could not be removed");
    }
  }
}
