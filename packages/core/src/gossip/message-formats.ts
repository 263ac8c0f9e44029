import type { VersionVector } from "../causality/version-vector.js";
import { FieldReader } from "../operation/field-reader.js";
import { refuseMessage } from "../operation/refuse-message.js";
import { versionVectorToField } from "../operation/version-vector-field.js";
import { areMemberKeys } from "./member-keys.js";
import type { KeyedState, KeyRange, Message, SnapshotWord, SummaryRange } from "./message.js";

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
    write: ({ shard, frontier, asks, points, graph }) => [
      shard,
      versionVectorToField(frontier),
      flag(asks),
      points,
      graph,
    ],
    read: (fields) => ({
      kind: "digest",
      shard: fields.text(),
      frontier: fields.versionVector(),
      asks: flagOf(fields),
      points: fields.text(),
      graph: fields.text(),
    }),
  },
  summary: {
    number: 8,
    write: ({ shard, frontier, vector, ranges }) => [
      shard,
      versionVectorToField(frontier),
      optional(vector),
      ranges.map(({ from, to, count, digest }) => [from, to, count, digest]),
    ],
    read: (fields) => ({
      kind: "summary",
      shard: fields.text(),
      frontier: fields.versionVector(),
      vector: optionalOf(fields),
      ranges: fields.list().map(summaryRangeOf),
    }),
  },
  states: {
    number: 9,
    write: ({ shard, frontier, vector, ranges, asks, states }) => [
      shard,
      versionVectorToField(frontier),
      optional(vector),
      ranges.map(({ from, to }) => [from, to]),
      flag(asks),
      states.map(({ key, hash, bytes }) => [key, hash, bytes]),
    ],
    read: (fields) => ({
      kind: "states",
      shard: fields.text(),
      frontier: fields.versionVector(),
      vector: optionalOf(fields),
      ranges: fields.list().map(keyRangeOf),
      asks: flagOf(fields),
      states: fields.list().map(keyedStateOf),
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
  start: {
    number: 13,
    write: ({ incarnation }) => [incarnation],
    read: (fields) => ({ kind: "start", incarnation: count(fields) }),
  },
  welcome: {
    number: 14,
    write: ({ incarnation, nowMs, frontiers }) => [incarnation, nowMs, ...frontiersToFields(frontiers)],
    read: (fields) => ({
      kind: "welcome",
      incarnation: count(fields),
      nowMs: count(fields),
      frontiers: frontiersOf(fields),
    }),
  },
  "snapshot-question": {
    number: 15,
    write: ({ shard, frontier, points, graph }) => [shard, versionVectorToField(frontier), points, graph],
    read: (fields) => ({
      kind: "snapshot-question",
      shard: fields.text(),
      frontier: fields.versionVector(),
      points: fields.text(),
      graph: fields.text(),
    }),
  },
  "snapshot-word": {
    number: 16,
    write: ({ shard, points, graph, word }) => [shard, points, graph, words.indexOf(word)],
    read: (fields) => ({
      kind: "snapshot-word",
      shard: fields.text(),
      points: fields.text(),
      graph: fields.text(),
      word: words[count(fields)] ?? refuseMessage("message: a word is 0, 1 or 2"),
    }),
  },
  formats: {
    number: 17,
    write: ({ incarnation, reads, asks }) => [incarnation, reads, flag(asks)],
    read: (fields) => ({ kind: "formats", incarnation: count(fields), reads: count(fields), asks: flagOf(fields) }),
  },
  introduce: {
    number: 18,
    write: ({ keys, region, url, invitation, endsMs, proof }) => [
      keys,
      region,
      optional(url),
      invitation,
      endsMs,
      proof,
    ],
    read: (fields) => ({
      kind: "introduce",
      keys: keysOf(fields.texts()),
      region: fields.text(),
      url: optionalOf(fields),
      invitation: fields.text(),
      endsMs: count(fields),
      proof: fields.bytes(),
    }),
  },
  admitted: {
    number: 19,
    write: ({ invitation, keys, proof }) => [invitation, [...keys.keys()], [...keys.values()], proof],
    read: (fields) => ({
      kind: "admitted",
      invitation: fields.text(),
      keys: keysByMember(fields),
      proof: fields.bytes(),
    }),
  },
  session: {
    number: 20,
    write: ({ known }) => [known],
    read: (fields) => ({ kind: "session", known: count(fields) }),
  },
};

/** By their numbers. */
const words: readonly SnapshotWord[] = ["same", "different", "unknown"];

function count(fields: FieldReader): number {
  const value = fields.integer();
  return value >= 0 ? value : refuseMessage("message: a count is negative");
}

function flag(value: boolean): number {
  return value ? 1 : 0;
}

function flagOf(fields: FieldReader): boolean {
  const value = fields.integer();
  return value === 1 || (value !== 0 && refuseMessage("message: a flag is 0 or 1"));
}

/** A text or nothing, as a list of one or none. */
function optional(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text];
}

function optionalOf(fields: FieldReader): string | undefined {
  const texts = fields.texts();
  return texts.length <= 1 ? texts[0] : refuseMessage("message: more than one text");
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

function keysOf(keys: unknown): readonly string[] {
  return areMemberKeys(keys) ? keys : refuseMessage("message: no public keys of a member");
}

function keysByMember(fields: FieldReader): ReadonlyMap<number, readonly string[]> {
  const members = originsOf(fields);
  const lists = fields.list();
  const keys = new Map(members.map((member, i) => [member, keysOf(lists[i])] as const));
  if (keys.size !== members.length || lists.length !== members.length) refuseMessage("message: keys of other members");
  return keys;
}

function originsOf(fields: FieldReader): number[] {
  const list = fields.list();
  const origins = new FieldReader(list, "members");
  return list.map(() => origins.origin());
}

function summaryRangeOf(field: unknown): SummaryRange {
  const fields = new FieldReader(field, "summary");
  const range = { from: fields.bytes(), to: fields.bytes(), count: count(fields), digest: fields.text() };
  fields.end();
  return range;
}

function keyRangeOf(field: unknown): KeyRange {
  const fields = new FieldReader(field, "states");
  const range = { from: fields.bytes(), to: fields.bytes() };
  fields.end();
  return range;
}

function keyedStateOf(field: unknown): KeyedState {
  const fields = new FieldReader(field, "states");
  const state = { key: fields.bytes(), hash: fields.text(), bytes: fields.bytes() };
  fields.end();
  return state;
}
