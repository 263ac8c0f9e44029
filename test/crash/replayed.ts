import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { Replica, SqliteOpLog } from "@murmuration/core";
import { logKeyOfFolder } from "@murmuration/server/testing/log-key";
import { newFolder, removeFolder } from "../support/server.js";

/** Digest of a collection made again from the operations alone, of a copy of a data folder to which nobody writes. `keyText`: its key, if it is encrypted. */
export function replayedDigest(dataFolder: string, collection: string, keyText?: string): unknown {
  const copy = newFolder("replay");
  try {
    for (const file of ["murmuration.db", "murmuration.db-wal"]) {
      if (existsSync(join(dataFolder, file))) copyFileSync(join(dataFolder, file), join(copy, file));
    }
    const log = new SqliteOpLog(join(copy, "murmuration.db"), {
      key: keyText === undefined ? undefined : logKeyOfFolder(dataFolder, keyText),
    });
    const replica = Replica.open({
      log,
      clock: { now: () => 0 },
      newReplicaId: () => {
        throw new Error("the replica has an id");
      },
      newTableSeed: () => [1, 2],
      recoverFrom: "log",
    });
    const digest = replica.digest(collection);
    log.close();
    return digest;
  } finally {
    removeFolder(copy);
  }
}
