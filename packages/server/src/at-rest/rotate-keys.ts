import type { Logger } from "pino";
import type { Backups } from "../backup/backups.js";
import type { FolderRing } from "../encryption/folder-ring.js";
import { fingerprintOfKey, type MasterKeys } from "../encryption/master-keys.js";

/** What a change of the key works with. */
export interface RotationContext {
  readonly ring: FolderRing;
  readonly backups: Pick<Backups, "rewrap"> | undefined;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
}

/**
 * Goes over to the keys that there are now, while everything goes on: the data keys are wrapped by the first of them, in the folder and in the backups of this replica. Where the first
 * fails, the keys stay as they were; where the second does, backups may. Returns whether it is so; what happened is logged, and no key is shown.
 */
export async function rotateKeys(
  { ring, backups, log }: RotationContext,
  read: () => Promise<MasterKeys>,
): Promise<boolean> {
  try {
    const masterKeys = await read();
    const key = fingerprintOfKey(masterKeys[0]);
    if (ring.rotate(masterKeys)) log.info({ key }, "the data folder is under another key from now on");
    const closed = await rewrapped(backups, log, key);
    if (closed === undefined) return false;
    if (closed.length > 0) log.warn({ backups: closed, key }, "backups stay under a key that is not given any more");
    log.info({ key }, "the key was read again: no older one is needed for the data folder");
    return true;
  } catch (error) {
    // a ring that was written by half may be under the new one already
    log.error(
      { why: (error as Error).message },
      "the key stays as it was; keep the new one, too, until it was read again",
    );
    return false;
  }
}

/** Backups that stay under a key that is not there; `undefined`: that could not be looked at. */
async function rewrapped(
  backups: RotationContext["backups"],
  log: RotationContext["log"],
  key: string,
): Promise<readonly string[] | undefined> {
  try {
    return (await backups?.rewrap()) ?? [];
  } catch (error) {
    const why = (error as Error).message;
    log.error({ why, key }, "the data folder is under the key that was read; backups may still need one of before");
    return undefined;
  }
}
