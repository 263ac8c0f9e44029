import { refuseMessage } from "../operation/refuse-message.js";
import {
  arePointRows,
  noPointRows,
  type PointRows,
  pointRowsFromText,
  pointRowsToText,
  withPointRow,
} from "./point-rows.js";
import { settingChecksum } from "./row-checksums.js";
import type { ReadStatements, SettingRow } from "./sqlite-statements.js";
import type { WriteStatements } from "./sqlite-write-statements.js";

/** Setting of the log's own: what the rows add up to that concern the whole log and not one shard. */
export const SETTING_ROWS = "log.settings";
/** Setting of the log's own, written so that there is something to flush; nobody reads it. */
export const SYNCED = "log.synced";

/** A setting that concerns one shard alone: whoever recovers that shard misses it, and what it once was differs from what is beside it. */
const OF_ONE_SHARD = /^(causality|checkpoint|snapshot|log\.points|log\.payloads|log\.moved)\./;

/** Checksums of the settings that concern the whole log, by name. */
export type SettingSums = Map<string, number>;

/** Is the sum of settings to be written anew for this one? */
function isSummed(name: string): boolean {
  return name !== SETTING_ROWS && name !== SYNCED && !OF_ONE_SHARD.test(name);
}

export function isIntactSetting({ name, value, checksum }: SettingRow): boolean {
  return checksum === null || checksum === settingChecksum(name, value);
}

/** The refusal for a setting that is damaged. */
function refuseSetting(file: string, name: string): never {
  return refuseMessage(
    `${file}: the row ${JSON.stringify(name)} of table settings is damaged: the checksum does not match`,
  );
}

/** Throws `corrupt` for a setting that is damaged. */
export function readSetting(file: string, reads: ReadStatements, name: string): string | undefined {
  const row = reads.setting.get(name);
  if (row !== undefined && !isIntactSetting(row)) refuseSetting(file, name);
  return row?.value;
}

/**
 * The checksums of the settings that concern the whole log. Throws `corrupt` where one of them is damaged, lost or what it once was: nothing
 * else tells what it was. What is damaged while those are all there is of one shard, and missed when that is recovered.
 */
export function readSettingSums(file: string, rows: Iterable<SettingRow>): SettingSums {
  const sums: SettingSums = new Map();
  let found = noPointRows;
  let written: PointRows | undefined;
  let hasChecksums = true;
  let damaged: string | undefined;
  for (const row of rows) {
    const { name, value, checksum } = row;
    if (checksum === null) hasChecksums = false;
    else if (!isIntactSetting(row)) {
      // rather than the row of another shard, the one that was looked for
      if (damaged === undefined || !OF_ONE_SHARD.test(name)) damaged = name;
    } else if (name === SETTING_ROWS) written = pointRowsFromText(value);
    else if (isSummed(name)) {
      sums.set(name, checksum);
      found = withPointRow(found, checksum);
    }
  }
  if (hasChecksums && (written === undefined || !arePointRows(found, written))) {
    if (damaged !== undefined) refuseSetting(file, damaged);
    refuseMessage(`${file}: rows of table settings are lost, or are what they once were`);
  }
  return sums;
}

/** Writes a setting with its checksum. Returns whether what they add up to is to be written before the commit. */
export function writeSetting(writes: WriteStatements, sums: SettingSums, name: string, value: string): boolean {
  const checksum = settingChecksum(name, value);
  writes.putSetting.run(name, value, checksum);
  if (!isSummed(name)) return false;
  sums.set(name, checksum);
  return true;
}

/** Writes what the settings add up to. */
export function writeSettingSums(writes: WriteStatements, sums: SettingSums): void {
  const text = textOfSums(sums.values());
  writes.putSetting.run(SETTING_ROWS, text, settingChecksum(SETTING_ROWS, text));
}

/** What settings add up to, as the row for it has it. */
export function textOfRows(rows: Iterable<SettingRow>): string {
  const sums: number[] = [];
  for (const { name, checksum } of rows) if (isSummed(name)) sums.push(checksum ?? 0);
  return textOfSums(sums);
}

function textOfSums(sums: Iterable<number>): string {
  let rows: PointRows = noPointRows;
  for (const checksum of sums) rows = withPointRow(rows, checksum);
  return pointRowsToText(rows);
}
