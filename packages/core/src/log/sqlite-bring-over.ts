import { printPayload } from "@murmuration/index";
import type Database from "better-sqlite3";
import { limits } from "../limits.js";
import { splitState } from "../operation/stored-state.js";
import {
  arePointRows,
  noPointRows,
  type PointRows,
  pointRowsFromText,
  pointRowsToText,
  withoutPointRow,
  withPointRow,
} from "./point-rows.js";
import { payloadChecksum, pointChecksum, settingChecksum } from "./row-checksums.js";
import { payloadFloorSetting } from "./sqlite-payloads.js";
import { POINTS_BEFORE, pointRowsSetting } from "./sqlite-schema.js";
import { isIntactSetting } from "./sqlite-settings.js";
import { readStatements } from "./sqlite-statements.js";
import { type WriteStatements, writeStatements } from "./sqlite-write-statements.js";

/** A row of the points of before. */
interface RowBefore {
  readonly shard: number;
  readonly id: Uint8Array;
  readonly state: Uint8Array;
  readonly checksum: number;
}

/** How far the points of one shard have come. */
interface Moving {
  /** What is left of the points of before; `undefined`: it is not known what they were. */
  left: PointRows | undefined;
  /** What the points in the present form add up to. */
  moved: PointRows;
  /** Key of the last payload. */
  lastKey: number;
}

/** Setting of the log's own, while points are brought over: what those add up to that have been, of the shard of this key. */
function movedRowsSetting(key: number): string {
  return `log.moved.${key}`;
}

/**
 * Brings the points of a log of schema 5 to the present form, payloads apart from states, in commits of `limits.pointsBroughtOverPerCommit`: each
 * takes points away from the table of before, so that what ends in between is gone on with at the next start. A row that is damaged is
 * not brought over; what its shard's points add up to is dropped then, as where points are lost, so that the shard is made again from its
 * operations.
 */
export function bringPointsOver(
  database: Database.Database,
  onProgress: (done: number, points: number) => void = () => {},
): void {
  const isThere = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(POINTS_BEFORE);
  if (isThere === undefined) return;
  const points = database.prepare<[], number>(`SELECT count(*) FROM ${POINTS_BEFORE}`).pluck().get() ?? 0;
  const mover = new Mover(database);
  onProgress(0, points);
  for (let done = 0; ; ) {
    const moved = database.transaction(() => mover.slice())();
    done += moved;
    if (moved < limits.pointsBroughtOverPerCommit) break;
    onProgress(done, points);
  }
  database.transaction(() => mover.finish())();
  onProgress(points, points);
}

class Mover {
  readonly #database: Database.Database;
  readonly #writes: WriteStatements;
  readonly #reads: ReturnType<typeof readStatements>;
  readonly #page: Database.Statement<[number], RowBefore>;
  readonly #drop: Database.Statement<[number, Uint8Array]>;
  readonly #shards = new Map<number, Moving>();

  constructor(database: Database.Database) {
    this.#database = database;
    this.#writes = writeStatements(database);
    this.#reads = readStatements(database, {
      hasPlaces: true,
      hasPointChecksums: true,
      hasSettingChecksums: true,
      hasPayloads: true,
      hasPayloadsOnce: true,
    });
    this.#page = database.prepare(`SELECT shard, id, state, checksum FROM ${POINTS_BEFORE} ORDER BY shard, id LIMIT ?`);
    this.#drop = database.prepare(`DELETE FROM ${POINTS_BEFORE} WHERE shard = ? AND id = ?`);
  }

  /** Moves the next points. Returns how many of those before are gone. */
  slice(): number {
    const touched = new Set<number>();
    const page = this.#page.all(limits.pointsBroughtOverPerCommit);
    for (const row of page) {
      this.#move(this.#shard(row.shard), row);
      this.#drop.run(row.shard, row.id);
      touched.add(row.shard);
    }
    for (const key of touched) {
      const { left, moved, lastKey } = this.#shard(key);
      if (left !== undefined) this.#put(pointRowsSetting(key), pointRowsToText(left));
      this.#put(movedRowsSetting(key), pointRowsToText(moved));
      this.#put(payloadFloorSetting(key), String(lastKey));
    }
    return page.length;
  }

  /** The points of before are all gone: what those of now add up to takes the place of what they did, where none was lost. */
  finish(): void {
    const keys = this.#database
      .prepare<[], number>("SELECT key FROM shards UNION SELECT shard FROM points")
      .pluck()
      .all();
    for (const key of keys) {
      const { left, moved } = this.#shard(key);
      if (left !== undefined && arePointRows(left, noPointRows))
        this.#put(pointRowsSetting(key), pointRowsToText(moved));
      else this.#writes.dropSetting.run(pointRowsSetting(key));
      this.#writes.dropSetting.run(movedRowsSetting(key));
    }
    this.#database.exec(`DROP TABLE ${POINTS_BEFORE}`);
  }

  #move(shard: Moving, { shard: key, id, state: whole, checksum }: RowBefore): void {
    if (checksum !== pointChecksum(key, id, whole)) return;
    let split: ReturnType<typeof splitState>;
    try {
      split = splitState(whole, "a point");
    } catch {
      return;
    }
    const { state, payload } = split;
    let payloadKey = 0;
    if (Object.keys(payload).length > 0) {
      payloadKey = shard.lastKey += 1;
      const bytes = Buffer.from(printPayload(payload));
      this.#writes.putPayload.run(key, payloadKey, payloadChecksum(key, payloadKey, bytes), bytes);
    }
    const sum = pointChecksum(key, id, state, payloadKey);
    this.#writes.putPoint.run(key, id, state, payloadKey, sum);
    if (shard.left !== undefined) shard.left = withoutPointRow(shard.left, checksum);
    shard.moved = withPointRow(shard.moved, sum);
  }

  #shard(key: number): Moving {
    const known = this.#shards.get(key);
    if (known !== undefined) return known;
    const floor = Number(this.#setting(payloadFloorSetting(key)) ?? 0);
    const shard: Moving = {
      left: pointRowsFromText(this.#setting(pointRowsSetting(key))),
      moved: pointRowsFromText(this.#setting(movedRowsSetting(key))) ?? noPointRows,
      lastKey: Number.isSafeInteger(floor) ? floor : 0,
    };
    this.#shards.set(key, shard);
    return shard;
  }

  #setting(name: string): string | undefined {
    const row = this.#reads.setting.get(name);
    return row !== undefined && isIntactSetting(row) ? row.value : undefined;
  }

  #put(name: string, value: string): void {
    this.#writes.putSetting.run(name, value, settingChecksum(name, value));
  }
}
