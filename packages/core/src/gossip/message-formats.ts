import type { VersionVector } from "../causality/version-vector.js";
import { FieldReader, refuseMessage } from "../operation/field-reader.js";
import { pointIdsToFields } from "../operation/point-id-field.js";
import { versionVectorToField } from "../operation/version-vector-field.js";
import type { EncodedState, Message, SummaryRange } from "./message.js";

/** How one kind of message travels: a number that names the kind, and its fields in order. */
export interface MessageFormat<M extends Message> {
  /** Never given to another kind, also after this one is gone. */
  readonly number: number;
  write(message: M): readonly unknown[];
  read(fields: FieldReader): M;
}

/** The formats of all kinds (docs/wire-format.md). Readers throw `corrupt`. */
export const messageFormats: { readonly [Kind in Message["kind"]]: MessageFormat<Extract<Message, { kind: Kind }>> } = {
  operations: {
    number: 1,
    write: ({ batch }) => [batch],
    read: (fields) => ({ kind: "operations", batch: fields.bytes() }),
  },
  heartbeat: {
    number: 2,
    write: ({ incarnation, nowMs, frontiers }) => [incarnation, nowMs, ...frontiersToFields(frontiers)],
    read: (fields) => ({
      kind: "heartbeat",
      incarnation: count(fields),
      nowMs: count(fields),
      frontiers: frontiersOf(fields),
    }),
  },
  request: {
    number: 3,
    write: ({ shard, origin, after, limit }) => [shard, origin, after, limit],
    read: (fields) => ({
      kind: "request",
      shard: fields.text(),
      origin: fields.origin(),
      after: count(fields),
      limit: count(fields),
    }),
  },
  compacted: {
    number: 4,
    write: ({ shard, origin, upTo }) => [shard, origin, upTo],
    read: (fields) => ({ kind: "compacted", shard: fields.text(), origin: fields.origin(), upTo: fields.sequence() }),
  },
  "snapshot-request": {
    number: 5,
    write: ({ shard, transfer, first, count }) => [shard, transfer, first, count],
    read: (fields) => ({
      kind: "snapshot-request",
      shard: fields.text(),
      transfer: count(fields),
      first: count(fields),
      count: count(fields),
    }),
  },
  snapshot: {
    number: 6,
    write: ({ shard, transfer, part, parts, bytes }) => [shard, transfer, part, parts, bytes],
    read: (fields) => {
      const shard = fields.text();
      const transfer = count(fields);
      const part = count(fields);
      const parts = count(fields);
      if (part >= parts) refuseMessage(`snapshot: part ${part} of ${parts}`);
      return { kind: "snapshot", shard, transfer, part, parts, bytes: fields.bytes() };
    },
  },
  digest: {
    number: 7,
    write: ({ shard, frontier, points, graph }) => [shard, versionVectorToField(frontier), points, graph],
    read: (fields) => ({
      kind: "digest",
      shard: fields.text(),
      frontier: fields.versionVector(),
      points: fields.text(),
      graph: fields.text(),
    }),
  },
  summary: {
    number: 8,
    write: ({ shard, frontier, ranges }) => [
      shard,
      versionVectorToField(frontier),
      ranges.map(({ from, to, count, digest }) => [from, to, count, digest]),
    ],
    read: (fields) => ({
      kind: "summary",
      shard: fields.text(),
      frontier: fields.versionVector(),
      ranges: fields.list().map(rangeOf),
    }),
  },
  states: {
    number: 9,
    write: ({ shard, frontier, states }) => [shard, versionVectorToField(frontier), ...statesToFields(states)],
    read: (fields) => ({
      kind: "states",
      shard: fields.text(),
      frontier: fields.versionVector(),
      states: statesOf(fields),
    }),
  },
  ask: {
    number: 10,
    write: ({ incarnation, round, wanted }) => [incarnation, round, ...frontiersToFields(wanted)],
    read: (fields) => ({
      kind: "ask",
      incarnation: count(fields),
      round: count(fields),
      wanted: frontiersOf(fields),
    }),
  },
  // 11 was given to a kind that no version has sent
  durable: {
    number: 12,
    write: ({ incarnation, round, members, frontiers }) => [
      incarnation,
      round,
      members,
      ...frontiersToFields(frontiers),
    ],
    read: (fields) => ({
      kind: "durable",
      incarnation: count(fields),
      round: count(fields),
      members: originsOf(fields),
      frontiers: frontiersOf(fields),
    }),
  },
};

function count(fields: FieldReader): number {
  const value = fields.integer();
  return value >= 0 ? value : refuseMessage("message: a count is negative");
}

function frontiersToFields(frontiers: ReadonlyMap<string, VersionVector>): readonly [unknown, unknown] {
  return [[...frontiers.keys()], [...frontiers.values()].map(versionVectorToField)];
}

function frontiersOf(fields: FieldReader): ReadonlyMap<string, VersionVector> {
  const shards = fields.texts();
  const vectors = new FieldReader(fields.list(), "frontiers");
  const frontiers = new Map(shards.map((shard) => [shard, vectors.versionVector()] as const));
  vectors.end();
  if (frontiers.size !== shards.length) refuseMessage("frontiers: a shard is named twice");
  return frontiers;
}

function originsOf(fields: FieldReader): number[] {
  const list = fields.list();
  const origins = new FieldReader(list, "members");
  return list.map(() => origins.origin());
}

function rangeOf(field: unknown): SummaryRange {
  const fields = new FieldReader(field, "summary");
  const range = { from: fields.text(), to: fields.text(), count: count(fields), digest: fields.text() };
  fields.end();
  return range;
}

function statesToFields(states: readonly EncodedState[]): readonly [unknown, unknown] {
  return [pointIdsToFields(states.map(({ id }) => id)), states.map(({ bytes }) => bytes)];
}

function statesOf(fields: FieldReader): EncodedState[] {
  const ids = fields.pointIds();
  const rows = new FieldReader(fields.list(), "states");
  const states = ids.map((id) => ({ id, bytes: rows.bytes() }));
  rows.end();
  return states;
}
