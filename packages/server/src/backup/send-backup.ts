import { mkdirSync, rmSync } from "node:fs";
import type { LogFile } from "@murmuration/core";
import { logKeyOf } from "../encryption/data-keys.js";
import type { ObjectStore, StoreConfig } from "../object-store/mod.js";
import { backupFiles } from "./backup-folder.js";
import { withFileErrors } from "./files.js";
import { type BackupOrder, makeBackup } from "./make-backup.js";
import { manifestText } from "./manifest.js";
import { PartCodec } from "./part-codec.js";
import { sendLog } from "./send-log.js";
import { manifestKey } from "./stored-keys.js";
import { type StoredManifest, storedFormatVersion } from "./stored-manifest.js";

/** What to back up, and to which store. `folder`: where the copy lies until it is sent; it is emptied. */
export interface SendOrder extends BackupOrder {
  readonly replicaId: number;
  readonly store: StoreConfig;
}

/**
 * Makes a backup as for a folder, copy, recovery and digests, and sends it to a store in parts, the manifest last: without it there is no backup of that name. The copy is removed. Throws
 * what making throws, and what the store throws: parts that were sent stay, and the next backup goes on with them.
 */
export async function sendBackup(order: SendOrder, store: ObjectStore): Promise<StoredManifest> {
  const began = performance.now();
  const { folder, name, replicaId, encryption } = order;
  emptyStaging(folder);
  try {
    const { format: _format, file: _file, ...made } = makeBackup(order);
    const file: LogFile = { file: backupFiles(folder, name).log, key: encryption && logKeyOf(encryption.keys) };
    const sent = await sendLog(store, replicaId, file, new PartCodec(encryption?.keys));
    const ms = Math.round(performance.now() - began);
    const manifest: StoredManifest = { format: storedFormatVersion, ...made, ms, ...schemaFirst(sent) };
    await store.put(manifestKey(replicaId, name), Buffer.from(manifestText(manifest, encryption)));
    return manifest;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const schemaFirst = ({ schema, ...rest }: Awaited<ReturnType<typeof sendLog>>) => ({
  schema: { ...schema, tables: schema.tables.map((table) => ({ ...table })), indexes: [...schema.indexes] },
  ...rest,
});

/** Makes the folder anew. */
function emptyStaging(folder: string): void {
  withFileErrors(folder, () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  });
}
