import { assert } from "@murmuration/index";
import { isOrigin, isSequence } from "../causality/dot.js";
import { sequenceOf } from "../causality/version-vector.js";
import type { LogWriter } from "./op-log.js";
import { noPointRows, pointRowsToText } from "./point-rows.js";
import { frontierChecksum, payloadChecksum } from "./row-checksums.js";
import { dropCheckpoint, dropOperations, putCheckpointPart } from "./sqlite-compaction.js";
import { type Heads, POSITION_FLOOR, type ShardHead } from "./sqlite-heads.js";
import { putOperation } from "./sqlite-operations.js";
import { type Drops, deleteDropped, payloadFloorSetting } from "./sqlite-payloads.js";
import { deletePoint, dropPoints, writePoint } from "./sqlite-points.js";
import { pointRowsSetting } from "./sqlite-schema.js";
import { writeSetting, writeSettingSums } from "./sqlite-settings.js";
import type { WriteStatements } from "./sqlite-write-statements.js";

export interface Transaction {
  readonly heads: Heads;
  /** Frontier entries to write before the commit: shard → origins. */
  readonly advanced: Map<ShardHead, Set<number>>;
  /** Shards whose points were written. */
  readonly summed: Set<ShardHead>;
  readonly drops: Drops;
  /** Shards that were dropped. */
  readonly dropped: Set<string>;
  /** Was a setting written that concerns the whole log? */
  isSetting: boolean;
}

/** What a transaction writes with; `isOpen`: is it not over? */
export function sqliteLogWriter(writes: WriteStatements, transaction: Transaction, isOpen: () => boolean): LogWriter {
  const { heads, advanced, summed, drops } = transaction;
  const putSetting = settingWriter(writes, transaction);
  const checkOpen = () => assert(isOpen(), "the transaction is over");
  const headOf = (shard: string): ShardHead => {
    checkOpen();
    const existing = heads.shards.get(shard);
    if (existing !== undefined) return existing;
    const key = Number(writes.putShard.run(shard).lastInsertRowid);
    const made: ShardHead = { key, frontier: new Map(), rows: noPointRows, payloadFloor: 0 };
    heads.shards.set(shard, made);
    summed.add(made);
    return made;
  };
  return {
    append: (shard, origin, sequence, bytes, payload) => {
      assert(isOrigin(origin) && isSequence(sequence), "the log holds operations with a dot");
      const head = headOf(shard);
      const next = sequenceOf(head.frontier, origin) + 1;
      assert(sequence === next, `the next operation of ${origin} in ${shard} is ${next}, not ${sequence}`);
      const position = heads.lastPosition + 1;
      putOperation(writes, { position, shard: head.key, origin, sequence }, bytes, payload);
      if (payload !== undefined) drops.share(head.key, payload.key);
      heads.lastPosition = position;
      head.frontier.set(origin, sequence);
      const origins = advanced.get(head);
      if (origins === undefined) advanced.set(head, new Set([origin]));
      else origins.add(origin);
      return position;
    },
    putPoint: (shard, id, state, payload) => {
      const head = headOf(shard);
      summed.add(head);
      writePoint(writes, drops, head, id, state, payload);
    },
    deletePoint: (shard, id) => {
      checkOpen();
      const head = heads.shards.get(shard);
      if (head === undefined) return;
      summed.add(head);
      deletePoint(writes, drops, head, id);
    },
    dropPoints: (shard) => {
      checkOpen();
      const head = heads.shards.get(shard);
      if (head === undefined) return;
      summed.add(head);
      dropPoints(writes, drops, head);
    },
    mendPayload: (shard, { key, bytes }) => {
      const head = headOf(shard);
      writes.putPayload.run(head.key, key, payloadChecksum(head.key, key, bytes), bytes);
    },
    deleteDropped: (upTo, limit) => {
      checkOpen();
      return deleteDropped(writes, upTo, limit);
    },
    mendFrontier: (shard, frontier) => {
      const head = headOf(shard);
      writes.dropFrontier.run(head.key);
      head.frontier.clear();
      for (const [origin, sequence] of frontier) head.frontier.set(origin, sequence);
      advanced.set(head, new Set(frontier.keys()));
    },
    dropShard: (shard) => {
      checkOpen();
      const head = heads.shards.get(shard);
      if (head === undefined) return;
      drops.forgetShared(head.key);
      drops.dropAll(head.key);
      for (const slot of ["current", "incoming"] as const) dropCheckpoint(writes, head.key, slot);
      for (const statement of [writes.dropOperations, writes.dropPoints, writes.dropFrontier, writes.dropShard]) {
        statement.run(head.key);
      }
      writes.dropOwnedOfShard.run(head.key, head.key);
      for (const setting of [pointRowsSetting(head.key), payloadFloorSetting(head.key)])
        writes.dropSetting.run(setting);
      summed.delete(head);
      drops.raised.delete(head);
      transaction.dropped.add(shard);
      putSetting(POSITION_FLOOR, String(heads.lastPosition));
      heads.shards.delete(shard);
      advanced.delete(head);
    },
    dropOperations: (shard, through, upTo, kept) => {
      checkOpen();
      const head = heads.shards.get(shard);
      if (head === undefined) return 0;
      putSetting(POSITION_FLOOR, String(heads.lastPosition));
      return dropOperations(writes, head.key, through, upTo, kept);
    },
    restartShard: (shard, frontier) => {
      const head = headOf(shard);
      drops.forgetShared(head.key);
      for (const statement of [writes.dropOperations, writes.dropFrontier]) statement.run(head.key);
      writes.dropOwnedOfShard.run(head.key, head.key);
      summed.add(head);
      dropPoints(writes, drops, head);
      head.frontier.clear();
      for (const [origin, sequence] of frontier) head.frontier.set(origin, sequence);
      advanced.set(head, new Set(frontier.keys()));
      heads.lastPosition += 1;
      putSetting(POSITION_FLOOR, String(heads.lastPosition));
      return heads.lastPosition;
    },
    putCheckpointPart: (shard, slot, part, bytes) => {
      putCheckpointPart(writes, headOf(shard).key, slot, part, bytes);
    },
    dropCheckpoint: (shard, slot) => {
      checkOpen();
      const head = heads.shards.get(shard);
      if (head !== undefined) dropCheckpoint(writes, head.key, slot);
    },
    promoteCheckpoint: (shard) => {
      const head = headOf(shard);
      dropCheckpoint(writes, head.key, "current");
      writes.promoteCheckpoint.run(head.key);
    },
    putSetting: (name, value) => {
      checkOpen();
      assert(name !== POSITION_FLOOR, "the setting's name is not the log's own");
      putSetting(name, value);
    },
  };
}

/** Writes what is known when the transaction's body is done. */
export function finishTransaction(writes: WriteStatements, transaction: Transaction): void {
  const put = settingWriter(writes, transaction);
  const { heads, advanced, summed, drops } = transaction;
  for (const [head, origins] of advanced) {
    for (const origin of origins) {
      const sequence = sequenceOf(head.frontier, origin);
      writes.putFrontier.run(head.key, origin, sequence, frontierChecksum(head.key, origin, sequence));
    }
  }
  for (const { key, rows } of summed) if (rows !== undefined) put(pointRowsSetting(key), pointRowsToText(rows));
  for (const { key, payloadFloor } of drops.raised) put(payloadFloorSetting(key), String(payloadFloor));
  heads.lastDrop = drops.write(heads.lastDrop);
  if (transaction.isSetting) writeSettingSums(writes, heads.settings);
}

function settingWriter(writes: WriteStatements, transaction: Transaction): (name: string, value: string) => void {
  return (name, value) => {
    if (writeSetting(writes, transaction.heads.settings, name, value)) transaction.isSetting = true;
  };
}
