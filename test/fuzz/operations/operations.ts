import assert from "node:assert/strict";
import fc from "fast-check";
import type { Fuzzer } from "../fuzzer.js";
import { type CatalogueEdit, catalogueEdits, catalogueRow, editedCatalogue } from "./catalogue-edits.js";
import { bytesOf, fieldsOf, kinds } from "./fields.js";
import { makeHistory, ORIGINS, type Row, START_MS } from "./history.js";
import { type Mutation, mutate, mutations } from "./mutations.js";
import { type ShardState, Subject } from "./subject.js";

/** Which operation of the history is changed, how, and where it goes. */
interface Hostile {
  /** Of the history: everything before it is known to the subject. */
  readonly at: number;
  readonly by: readonly Mutation[] | readonly CatalogueEdit[];
  readonly isCatalogue: boolean;
  /** Index of another shard that it is sent to. */
  readonly astray: number | undefined;
  /** It stands in the log of a replica that starts, as if an older version had taken it. */
  readonly replayedFrom: "log" | "projection" | undefined;
}

const where = {
  at: fc.nat(10_000),
  replayedFrom: fc.constantFrom(undefined, undefined, "log" as const, "projection" as const),
};
const hostiles: fc.Arbitrary<Hostile> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      ...where,
      by: fc.array(mutations, { minLength: 1, maxLength: 3 }),
      isCatalogue: fc.constant(false),
      astray: fc.option(fc.nat(2), { freq: 8, nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...where,
      by: fc.array(catalogueEdits, { minLength: 1, maxLength: 3 }),
      isCatalogue: fc.constant(true),
      astray: fc.constant(undefined),
    }),
  },
);

function frontierOf(state: ShardState | undefined, origin: number): number {
  if (state === undefined || state === "quarantined") return 0;
  return new Map(JSON.parse(state.frontier) as [number, number][]).get(origin) ?? 0;
}

function sequenceAfter(rows: readonly Row[], shard: string, origin: number): number {
  return 1 + Math.max(0, ...rows.filter((row) => row.shard === shard && row.origin === origin).map((r) => r.sequence));
}

/** The operation to be fed; `undefined`: these edits make none. */
function makeRow(history: readonly Row[], { at, by, isCatalogue, astray }: Hostile): [readonly Row[], Row] | undefined {
  const eligible = history
    .map((_, i) => i)
    .filter((i) => (ORIGINS as readonly number[]).includes(history[i]?.origin ?? 0));
  const index = eligible[at % eligible.length] as number;
  const row = history[index] as Row;
  const prefix = history.slice(0, index);
  const { origin } = row;
  if (isCatalogue) {
    const change = editedCatalogue(prefix, origin, by as readonly CatalogueEdit[]);
    if (change === undefined) return undefined;
    const sequence = sequenceAfter(prefix, "system", origin);
    return [prefix, { shard: "system", origin, sequence, bytes: catalogueRow(change, START_MS) }];
  }
  const bytes = mutate(row, by as readonly Mutation[], prefix);
  const shards = [...new Set(prefix.map(({ shard }) => shard))].filter((shard) => shard !== row.shard).sort();
  const shard = astray === undefined ? undefined : shards[astray % Math.max(1, shards.length)];
  if (shard === undefined) return [prefix, { ...row, bytes }];
  return [prefix, { shard, origin, sequence: sequenceAfter(prefix, shard, origin), bytes }];
}

/** A write that everybody must take: a point without vectors. */
function witness(rows: readonly Row[], shard: string, origin: number): Row {
  const bytes = bytesOf([1, 1, START_MS + 30_000, 0, [], 999, [], { witness: true }, []]);
  return { shard, origin, sequence: sequenceAfter(rows, shard, origin), bytes };
}

function isMember(subject: Subject, origin: number): boolean {
  return subject.replica.catalogue.members.find(({ id }) => id === origin)?.state !== "evicted";
}

/** Other origins, in every shard that is served, are followed as before. */
function othersGoOn(subject: Subject, fed: readonly Row[], hostile: Row): Row[] {
  const taken: Row[] = [];
  for (const [shard, state] of subject.states()) {
    if (shard === "system" || state === "quarantined") continue;
    const origin = ORIGINS.find((one) => one !== hostile.origin && isMember(subject, one));
    if (origin === undefined) continue;
    const row = witness(fed, shard, origin);
    subject.receive([row], origin);
    const held = frontierOf(subject.states().get(shard), origin);
    assert.ok(held >= row.sequence, `shard ${shard} follows replica ${origin} up to ${held}, not ${row.sequence}`);
    taken.push(row);
  }
  return taken;
}

/** Starting again, from its projection and from its log alone, leaves everything what it was. */
function restartsAsItWas(subject: Subject, what: string): void {
  const states = subject.states();
  for (const from of ["log", "projection"] as const) {
    subject.restart(from);
    assert.deepEqual(subject.states(), states, `${what}, started again from its ${from}`);
  }
}

/** The causality that the log keeps of a shard goes on to this operation, as it does when one is taken. */
function advanceStored(subject: Subject, { shard, origin, sequence }: Row): string | undefined {
  const text = subject.log.setting(`causality.${shard}`);
  if (text === undefined || text === "") return text;
  const stored = JSON.parse(text) as { causality: { frontier: [number, number][] } };
  const frontier = new Map(stored.causality.frontier).set(origin, sequence);
  return JSON.stringify({
    ...stored,
    causality: { ...stored.causality, frontier: [...frontier].sort(([a], [b]) => a - b) },
  });
}

/** The operation arrives from a member. */
function receives(subject: Subject, fed: Row[], hostile: Row): string {
  const before = subject.states();
  const refusals = subject.refusals();
  subject.receive([hostile], hostile.origin);
  const after = subject.states();
  const moved = frontierOf(after.get(hostile.shard), hostile.origin) === hostile.sequence;
  if (moved) {
    fed.push(hostile);
  } else {
    assert.deepEqual(after, before, "what is not taken changes nothing");
    const isSaid = subject.refusals() > refusals || subject.waiting() > 0;
    assert.ok(isSaid, "what is not taken is refused or waits");
  }
  const outcome = moved ? "taken" : subject.waiting() > 0 ? "waits" : "refused";
  restartsAsItWas(subject, moved ? "with the operation" : "without the operation");
  fed.push(...othersGoOn(subject, fed, hostile));
  subject.pass(20);
  restartsAsItWas(subject, "after upkeep");
  return outcome;
}

/** The operation stands in the log. */
function replays(subject: Subject, fed: readonly Row[], hostile: Row, from: "log" | "projection"): string {
  const before = subject.states();
  const causality = advanceStored(subject, hostile);
  subject.log.transaction((writer) => {
    writer.append(hostile.shard, hostile.origin, hostile.sequence, hostile.bytes);
    if (causality !== undefined) writer.putSetting(`causality.${hostile.shard}`, causality);
  });
  subject.restart(from);
  const states = subject.states();
  for (const [shard, state] of before) {
    if (shard !== hostile.shard && hostile.shard !== "system") assert.deepEqual(states.get(shard), state, shard);
  }
  subject.restart(from);
  assert.deepEqual(subject.states(), states, "a second start is like the first");
  othersGoOn(subject, fed, hostile);
  subject.pass(10);
  return [...states.values()].includes("quarantined") ? "quarantined" : "replayed";
}

/** Every kind of operation with its fields changed, catalogue changes included, received and replayed. */
export const operationsFuzzer: Fuzzer = {
  name: "operations",
  what: "operations with changed fields, received by a replica and replayed by one that starts",
  runs: 80,
  start: async () => {
    const history = makeHistory();
    const counts: Record<string, number> = {};
    const count = (what: string) => {
      counts[what] = (counts[what] ?? 0) + 1;
    };
    const property = fc.property(hostiles, (hostile) => {
      const made = makeRow(history, hostile);
      if (made === undefined) return;
      const [prefix, row] = made;
      const subject = new Subject();
      const fed = [...prefix];
      if (fed.length > 0) subject.follow(fed);
      count(`kind ${kindOf(row)}`);
      const { replayedFrom } = hostile;
      count(replayedFrom === undefined ? receives(subject, fed, row) : replays(subject, fed, row, replayedFrom));
    });
    return { property: property as never, counts: () => counts, end: async () => {} };
  },
};

function kindOf({ bytes }: Row): string {
  try {
    const kind = fieldsOf(bytes)[1] as number;
    return Object.values(kinds).some((known) => known === kind) ? String(kind) : "other";
  } catch {
    return "other";
  }
}
