import { MurmurationError } from "@murmuration/index";
import type Database from "better-sqlite3";
import type { OpLog } from "./op-log.js";
import { frontierChecksum, ownedChecksum } from "./row-checksums.js";
import { isIntactDrop, isIntactPayload } from "./sqlite-payloads.js";
import { isIntactSetting } from "./sqlite-settings.js";
import {
  type DropRow,
  KEY_OF_PLACE,
  type PayloadRow,
  placeOf,
  type ReadStatements,
  type RowForms,
  SHARD_OF_PLACE,
} from "./sqlite-statements.js";

/** Says that the payload of this key is an operation's alone. */
interface OwnedRow {
  readonly shard: number;
  readonly key: number;
  readonly checksum: number;
}

const slots = ["current", "incoming"] as const;

/**
 * Rows of an open log that are not what was written, as one line each; of the points of one shard the first. Those too that nobody reads,
 * or that are made again from others.
 */
export function damagedRows(log: OpLog, reads: ReadStatements, database: Database.Database): string[] {
  const lines: string[] = [];
  const look = (read: () => void) => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      lines.push(error.message);
    }
  };
  const drain = (rows: Iterable<unknown>) => {
    for (const _ of rows);
  };
  for (const row of reads.settings.all()) {
    if (!isIntactSetting(row)) lines.push(`the row ${JSON.stringify(row.name)} of table settings is damaged`);
  }
  for (const { shard, key, origin, sequence, checksum } of reads.heads.all()) {
    if (origin === null || sequence === null || checksum === null) continue;
    if (checksum !== frontierChecksum(key, origin, sequence)) {
      lines.push(`the row of shard ${shard} and origin ${origin} of table frontiers is damaged`);
    }
  }
  look(() => drain(log.read(0, { onDamaged: (_, { message }) => lines.push(message) })));
  for (const shard of log.shards()) {
    look(() => drain(log.points(shard)));
    for (const slot of slots) {
      for (const part of log.checkpointParts(shard, slot)) look(() => log.checkpointPart(shard, slot, part));
    }
  }
  if (reads.forms.hasPayloads) lines.push(...damagedPayloads(database, reads.forms));
  return lines;
}

/** The same of the payloads, those too that nothing names. */
function damagedPayloads(database: Database.Database, forms: RowForms): string[] {
  const lines: string[] = [];
  const payloads = database.prepare<[], PayloadRow & { readonly shard: number; readonly key: number }>(
    `SELECT ${SHARD_OF_PLACE} AS shard, ${KEY_OF_PLACE} AS key, checksum, bytes FROM payloads ORDER BY place`,
  );
  for (const row of payloads.iterate()) {
    if (!isIntactPayload(row.shard, row.key, row)) {
      lines.push(`payload ${row.key} of the shard of key ${row.shard} is damaged: the checksum does not match`);
    }
  }
  for (const drop of database.prepare<[], DropRow>("SELECT * FROM dropped_payloads").all()) {
    if (!isIntactDrop(drop)) lines.push(`the row ${drop.position} of table dropped_payloads is damaged`);
  }
  const nameless = database.prepare<[], number>(namelessPayloads(forms)).pluck().get() ?? 0;
  if (nameless > 0) lines.push(`${nameless} payloads are there that no point has`);
  if (!forms.hasPayloadsOnce) return lines;
  const owned = database.prepare<[], OwnedRow>(
    `SELECT ${SHARD_OF_PLACE} AS shard, ${KEY_OF_PLACE} AS key, checksum FROM operation_payloads`,
  );
  for (const { shard, key, checksum } of owned.all()) {
    if (checksum !== ownedChecksum(shard, key)) lines.push(`the row ${key} of table operation_payloads is damaged`);
  }
  return lines;
}

/** Payloads that no row names. */
function namelessPayloads({ hasPayloadsOnce }: RowForms): string {
  const ofOperation = `EXISTS (SELECT 1 FROM operations
    WHERE payload > 0 AND operations.shard = ${SHARD_OF_PLACE} AND payload = ${KEY_OF_PLACE})`;
  return `SELECT count(*) FROM payloads
    WHERE place NOT IN (SELECT ${placeOf("shard", "payload")} FROM points)
    ${hasPayloadsOnce ? `AND NOT ${ofOperation}` : ""}
    AND NOT EXISTS (SELECT 1 FROM dropped_payloads
      WHERE shard = ${SHARD_OF_PLACE} AND ${KEY_OF_PLACE} BETWEEN first AND last)`;
}
