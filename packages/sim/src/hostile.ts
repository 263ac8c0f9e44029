import * as Automerge from "@automerge/automerge";
import { Encoder } from "@msgpack/msgpack";
import {
  type Dot,
  decodeOperation,
  encodeBatchFromRows,
  encodeEnvelope,
  type Message,
  type Sealing,
  type VersionVector,
} from "@murmuration/core";
import { encodeGraphDelta } from "@murmuration/index";
import { DIMENSIONS } from "./data.js";
import type { SimulatedDisk } from "./disk.js";
import type { Random } from "./random.js";

const SYSTEM_SHARD = "system";
const CLUSTER = "sim";
const ROOT_ACTOR = "00".repeat(16);
const ACTOR_PREFIX = "4d75726d".padEnd(24, "0");
const FORGED_MAX = 2;
const FAR = 1_000_000;
const KINDS = { upsert: 1, update: 2, "delete-payload": 7, catalogue: 9, edges: 10, purge: 11 } as const;

const encoder = new Encoder({ useBigInt64: true });

type Tree = { [key: string]: unknown };

/** Origins and sequences in turn, by ascending origin, without `origin`'s own. */
function dependenciesOf(frontier: VersionVector, origin: number): number[] {
  return [...frontier]
    .filter(([one]) => one !== origin)
    .sort(([a], [b]) => a - b)
    .flat();
}

function f32(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

const words = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
const SPARSE_KIND = 16;

const filled = (value: number) => f32(...Array<number>(DIMENSIONS).fill(value));

/** Bodies of operations of points that every replica must refuse: the number of the kind, and its fields. */
const bodies: readonly ((random: Random, dot: Dot) => readonly unknown[])[] = [
  (_, dot) => [KINDS.upsert, 1, [["", filled(Number.NaN), encodeGraphDelta(dot, [])]], {}, []],
  (_, dot) => [KINDS.upsert, 2, [["", filled(Number.POSITIVE_INFINITY), encodeGraphDelta(dot, [])]], {}, []],
  (random) => [KINDS.upsert, random.below(100), [], { n: 1 }, [["", 1, FAR + random.below(9)]]],
  (random) => [KINDS.update, random.below(100), [], [["", 1, FAR + random.below(9)]]],
  () => [KINDS.upsert, 3, [["", f32(1, 2, 3), new Uint8Array(0)]], {}, []],
  () => [KINDS.upsert, 4, [["nowhere", f32(1, 2), new Uint8Array(0)]], {}, []],
  () => [KINDS.upsert, 5, [["", filled(1), new Uint8Array(31).fill(255)]], {}, []],
  () => [KINDS.upsert, 6, [], { n: Number.NaN }, []],
  () => [KINDS.edges, 0, "nowhere", [], []],
  () => [KINDS.edges, 1, "", [new Uint8Array(20).fill(254)], []],
  () => [KINDS.purge, "nowhere", [1, 1]],
  () => [KINDS["delete-payload"], [1, 2, 3], ["__proto__"]],
  () => [KINDS.catalogue, new Uint8Array(3)],
  () => [KINDS.update, 7, [["terms", SPARSE_KIND, words(2, 1), f32(1, 1)]], []],
  () => [KINDS.update, 8, [["terms", SPARSE_KIND, words(1), f32(Number.NaN)]], []],
  () => [KINDS.update, 9, [["", SPARSE_KIND, words(1), f32(1)]], []],
  () => [77, 1],
];

const leaf = (text: string) => new Automerge.ImmutableString(text);
const SPACE = { size: 2, distance: "Dot", links: 4, efConstruction: 8, quantization: "int8" };

function someCollection(document: Tree): Tree {
  return Object.values(document["collections"] as Tree)[0] as Tree;
}

function madeCollection(more: Tree): Tree {
  return {
    name: leaf('"made"'),
    vectors: leaf(JSON.stringify({ "": SPACE })),
    payloadIndexes: {},
    settings: {},
    ...more,
  };
}

/** Edits of the catalogue that no replica of ours makes. */
const edits: readonly ((document: Tree) => void)[] = [
  (document) => {
    someCollection(document)["name"] = null;
  },
  (document) => {
    delete someCollection(document)["vectors"];
  },
  (document) => {
    someCollection(document)["vectors"] = leaf("{");
  },
  (document) => {
    someCollection(document)["vectors"] = leaf(JSON.stringify({ "": { ...SPACE, size: 99 } }));
  },
  (document) => {
    (someCollection(document)["payloadIndexes"] as Tree)[":[["] = leaf('{"kind":"keyword"}');
  },
  (document) => {
    (someCollection(document)["settings"] as Tree)[":x"] = 7;
  },
  (document) => {
    (document["collections"] as Tree)[":../../x"] = madeCollection({});
  },
  (document) => {
    (document["collections"] as Tree)[":made"] = madeCollection({ vectors: leaf('{"":null}') });
  },
  (document) => {
    (document["collections"] as Tree)[":made"] = leaf("1");
  },
  (document) => {
    (document["aliases"] as Tree)[":odd"] = 3;
  },
  (document) => {
    document["member-777"] = "nobody";
  },
  (document) => {
    document["format"] = 9;
  },
  (document) => {
    const members = Object.keys(document).filter((key) => key.startsWith("member-"));
    const keyed = members.map((key) => document[key] as Tree).filter(({ keys }) => keys !== undefined);
    // whose own is one of them
    if (keyed.length < 2) throw new Error("there is nobody whose key could be changed");
    for (const member of keyed) member["keys"] = leaf('["stolen"]');
  },
];

/** A change of the catalogue as a disk has it; `undefined` where no editor can make it. */
function forgedChange(disk: SimulatedDisk, origin: number, random: Random): Uint8Array | undefined {
  const root = Automerge.change(Automerge.init<Tree>({ actor: ROOT_ACTOR }), { time: 0 }, (stored) => {
    stored["format"] = 1;
    stored["collections"] = {};
    stored["aliases"] = {};
  });
  const empty = Automerge.clone(root, { actor: `${ACTOR_PREFIX}${origin.toString(16).padStart(8, "0")}` });
  const changes: Uint8Array[] = [];
  for (const { shard, sequence, bytes, ...entry } of disk.read(0, { shard: SYSTEM_SHARD })) {
    const operation = decodeOperation(shard, entry.origin, sequence, bytes);
    if (operation.kind === "catalogue") changes.push(operation.change);
  }
  try {
    const [document] = Automerge.applyChanges(empty, changes);
    return Automerge.getLastLocalChange(Automerge.change(document, { time: 0 }, random.pick(edits)));
  } catch {
    return undefined;
  }
}

/** Consecutive operations of a shard, some of them forged. */
interface Rows {
  readonly shard: string;
  readonly firstSequence: number;
  readonly rows: readonly Uint8Array[];
  /** Sequence of the first that is forged. */
  readonly forgedFrom: number;
}

/** All operations that a disk has of an origin, and forged ones behind them. */
function forgedRows(disk: SimulatedDisk, origin: number, nowMs: number, random: Random): Rows[] {
  return disk.shards().map((shard) => {
    const frontier = disk.frontier(shard);
    const own = [...disk.readOrigin(shard, origin, 0, Number.MAX_SAFE_INTEGER)];
    const rows = own.map(({ bytes }) => bytes);
    const firstSequence = own[0]?.sequence ?? (frontier.get(origin) ?? 0) + 1;
    for (let count = random.between(1, FORGED_MAX); count > 0; count--) {
      const header = [nowMs, random.below(9), dependenciesOf(frontier, origin)];
      if (random.chance(0.1)) header[2] = [origin, FAR];
      if (shard !== SYSTEM_SHARD) {
        const [kind, ...fields] = random.pick(bodies)(random, { origin, sequence: firstSequence + rows.length });
        rows.push(encoder.encode([1, kind, ...header, ...fields]).slice());
        continue;
      }
      const change = forgedChange(disk, origin, random);
      if (change !== undefined) rows.push(encoder.encode([1, KINDS.catalogue, ...header, change]).slice());
    }
    return { shard, firstSequence, rows, forgedFrom: firstSequence + own.length };
  });
}

/** What a member with bad intentions sends. */
export interface Hostility {
  readonly messages: readonly Uint8Array[];
  /** Shard → sequence of its first operation that must not be taken. */
  readonly forgedFrom: ReadonlyMap<string, number>;
}

/**
 * What a member with bad intentions sends to all, under right checksums: all its operations with forged ones behind them, and lies of what
 * it holds and when it started.
 */
export function hostileMessages(
  disk: SimulatedDisk,
  from: number,
  nowMs: number,
  random: Random,
  sealing: () => Sealing | undefined,
): Hostility {
  const seal = (message: Message, sender = from) =>
    encodeEnvelope({ cluster: CLUSTER, from: sender, to: 0, message }, sender === from ? sealing() : undefined);
  const forged = forgedRows(disk, from, nowMs, random).filter(({ rows }) => rows.length > 0);
  const messages = forged.map(({ shard, firstSequence, rows }) =>
    seal({ kind: "operations", batch: encodeBatchFromRows({ shard, origin: from, firstSequence, rows }) }),
  );
  const frontiers = new Map(forged.map(({ shard }) => [shard, new Map([[from, FAR]])] as const));
  for (let i = 0; i < 4; i++) {
    const stranger = 1_000 + random.below(FAR);
    messages.push(seal({ kind: "heartbeat", incarnation: nowMs * 2 ** 12, nowMs, frontiers: new Map() }, stranger));
  }
  messages.push(
    seal({ kind: "heartbeat", incarnation: nowMs * 2 ** 12, nowMs, frontiers }),
    seal({ kind: "durable", incarnation: 0, round: 0, members: [from], frontiers }),
    seal({ kind: "operations", batch: new Uint8Array(0) }),
    seal({ kind: "operations", batch: Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 0]) }),
    seal({ kind: "compacted", shard: "nowhere", origin: 1, upTo: FAR }),
    seal({ kind: "request", shard: "", origin: from, after: 0, limit: FAR }),
    seal({ kind: "snapshot-request", shard: "../../x", transfer: 0, first: 0, count: FAR }),
  );
  return { messages, forgedFrom: new Map(forged.map(({ shard, forgedFrom }) => [shard, forgedFrom])) };
}
