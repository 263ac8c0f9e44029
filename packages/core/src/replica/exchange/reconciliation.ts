import type { Space, SpacePort } from "@murmuration/index";
import { covers, type VersionVector } from "../../causality/version-vector.js";
import type {
  DigestMessage,
  KeyedState,
  KeyRange,
  Message,
  StatesMessage,
  SummaryMessage,
} from "../../gossip/message.js";
import { limits } from "../../limits.js";
import { pointIdFromKey } from "../../log/point-key.js";
import { mark } from "../../marks.js";
import { refuseMessage } from "../../operation/refuse-message.js";
import { isPlanted } from "../../planted.js";
import { compareRanges } from "../../reconcile/compare-ranges.js";
import { type KeyedHashes, wholeRange } from "../../reconcile/keyed-hashes.js";
import { encodeNodeLists, listsAt, nodeHashes, nodeOfKey } from "../../reconcile/node-lists.js";
import { PointHashes } from "../../reconcile/point-hashes.js";
import { areOfSameVectors, graphDigest } from "../../state/digest.js";
import type { PointState } from "../../state/point-state.js";
import { encodePointState } from "../../state/point-state-codec.js";
import type { WritableShard } from "../../state/writable-shard.js";
import { type Comparison, Comparisons } from "./comparisons.js";
import type { Exchange, ExchangeContext } from "./exchange.js";
import { type Digests, type KnownDigests, whatDiffers } from "./known-digests.js";
import { Repairs } from "./repairs.js";
import type { UnconfirmedSnapshots } from "./unconfirmed-snapshots.js";

/** What comparing with peers has come to since the replica opened. */
export interface ReconciliationStatus {
  /** Comparisons of a shard with a peer at equal frontiers. */
  readonly rounds: number;
  readonly equal: number;
  readonly differing: number;
  readonly repairedPoints: number;
  readonly repairedLists: number;
  readonly compared: readonly Comparison[];
}

/** A shard whose points are being hashed, or were a moment ago. */
interface Comparing {
  readonly target: WritableShard;
  readonly hashes: PointHashes;
  /** Of which vectors the hashes are. */
  readonly vectors: string;
  /** Replicas to send the digest to when it is there: those that asked for it, and those whose own is asked for. A question is no answer. */
  readonly answerTo: Set<number>;
  readonly askOf: Set<number>;
  /** Are its digests to be known here? */
  isAsked: boolean;
  usedMs: number;
  /** Hashes of the graphs' nodes at a state of the shard. */
  nodes: { readonly state: string; readonly hashes: Map<string, KeyedHashes> } | undefined;
}

/**
 * Second and third line of defence (docs/convergence.md, "Reconciliation"): compares what is here with what a peer has at the same
 * frontier, where both must be equal; finds what differs by ranges; takes over the join of both. A difference is damage: a lost row, rotten
 * bits, a bug. Everything it repairs is counted as an incident.
 */
export class Reconciliation implements Exchange {
  readonly kinds = ["digest", "summary", "states"] as const;
  readonly #context: ExchangeContext;
  readonly #comparing = new Map<string, Comparing>();
  /** Shard → when its last comparison was begun. */
  readonly #begunMs = new Map<string, number>();
  /** Shards that were found equal to a peer's since the start. */
  readonly #equal = new Set<string>();
  /** Shards whose points were. */
  readonly #checked = new Set<string>();
  readonly #counts = { rounds: 0, equal: 0, differing: 0 };
  readonly #comparisons = new Comparisons();
  readonly #repairs: Repairs;
  readonly #digests: KnownDigests;
  readonly #unconfirmed: UnconfirmedSnapshots;
  #turn = 0;

  constructor(context: ExchangeContext, digests: KnownDigests, unconfirmed: UnconfirmedSnapshots) {
    this.#context = context;
    this.#digests = digests;
    this.#unconfirmed = unconfirmed;
    this.#repairs = new Repairs(context);
  }

  status(): ReconciliationStatus {
    const compared = this.#comparisons.status(this.#context.store, this.#peers());
    return { ...this.#counts, ...this.#repairs.counts(), compared };
  }

  /**
   * Were this shard's points found equal to a peer's since the start, or is there none? What a start found on the disk can be trusted then:
   * no row was lost. Links may still differ: those to nodes about to be purged come to be equal by the purge, which waits for this.
   */
  isChecked(shard: string): boolean {
    return this.#checked.has(shard) || this.#peers().length === 0;
  }

  /** Have the digests of a shard be known soon, if this is its frontier. */
  prepare(target: WritableShard, frontier: VersionVector, nowMs: number): void {
    const comparing = this.#isComparable(target, frontier) ? this.#comparingOf(target, nowMs) : undefined;
    if (comparing !== undefined) comparing.isAsked = true;
  }

  tick(nowMs: number): void {
    this.#letGo(nowMs);
    this.#begin(nowMs);
    let budget: number = limits.reconcilePointsPerTick;
    for (const comparing of this.#comparing.values()) {
      budget -= comparing.hashes.step(budget);
      this.#sendDigests(comparing);
    }
  }

  take(from: number, message: Message, nowMs: number): void {
    if (message.kind !== "digest" && message.kind !== "summary" && message.kind !== "states") return;
    const target = this.#context.store.shards.get(message.shard);
    if (target === undefined || !this.#isComparable(target, message.frontier)) return;
    if (!this.#peers().includes(from)) return;
    if (message.kind === "digest" && message.asks) {
      this.#comparingOf(target, nowMs)?.answerTo.add(from);
      return;
    }
    const comparing = this.#comparing.get(message.shard);
    if (comparing?.target !== target || comparing.vectors !== vectorsOf(target)) return;
    // what has come in since the last tick
    comparing.hashes.step(limits.reconcilePointsPerTick);
    if (!comparing.hashes.isComplete()) return;
    comparing.usedMs = nowMs;
    if (message.kind === "digest") this.#compare(from, comparing, message);
    else if (message.kind === "summary") this.#narrow(from, comparing, message);
    else this.#repair(from, comparing, message, nowMs);
  }

  // ---- rounds

  #peers(): number[] {
    const { store, members } = this.#context;
    return members.active().filter((id) => id !== store.id);
  }

  /** States say the same only where the same operations made them, and when those are in the log. */
  #isComparable({ shard }: WritableShard, frontier: VersionVector): boolean {
    return this.#context.store.isDurable() && covers(shard.frontier, frontier) && covers(frontier, shard.frontier);
  }

  #letGo(nowMs: number): void {
    const { shards } = this.#context.store;
    for (const [id, { target, hashes, vectors, usedMs, answerTo, askOf }] of this.#comparing) {
      const isWanted = answerTo.size > 0 || askOf.size > 0;
      const isIdle = hashes.isComplete() && !isWanted && Math.abs(nowMs - usedMs) > limits.reconcileKeptMs;
      if (!isIdle && shards.get(id) === target && vectors === vectorsOf(target)) continue;
      hashes.close();
      this.#comparing.delete(id);
    }
    this.#comparisons.letGo(this.#context.store, this.#peers());
    for (const id of this.#begunMs.keys()) if (!shards.has(id)) this.#begunMs.delete(id);
    for (const known of [this.#equal, this.#checked]) for (const id of known) if (!shards.has(id)) known.delete(id);
  }

  /** Begin to compare the shards that are due with the next peer. */
  #begin(nowMs: number): void {
    const all = this.#peers();
    for (const [id, target] of this.#context.store.shards) {
      // what one member gave is compared with the others
      const source = this.#unconfirmed.sourceOf(id);
      const peers = source === undefined ? all : all.filter((peer) => peer !== source);
      if (peers.length === 0) continue;
      const periodMs = this.#equal.has(id) && source === undefined ? limits.reconcileMs : limits.reconcileFirstMs;
      const begunMs = this.#begunMs.get(id);
      // a clock that was put back starts the period anew
      if (begunMs !== undefined && nowMs >= begunMs && nowMs - begunMs < periodMs) continue;
      const comparing = this.#comparingOf(target, nowMs);
      if (comparing === undefined) return;
      this.#begunMs.set(id, nowMs);
      comparing.askOf.add(peers[this.#turn++ % peers.length] as number);
    }
  }

  #comparingOf(target: WritableShard, nowMs: number): Comparing | undefined {
    const { id } = target.shard;
    const known = this.#comparing.get(id);
    const vectors = vectorsOf(target);
    if (known?.target === target && known.vectors === vectors) {
      known.usedMs = nowMs;
      return known;
    }
    known?.hashes.close();
    if (known === undefined && this.#comparing.size >= limits.reconcileShardsMax) return undefined;
    const [answerTo, askOf] = [new Set<number>(), new Set<number>()];
    const hashes = new PointHashes(target.shard);
    const made = { target, hashes, vectors, answerTo, askOf, isAsked: false, usedMs: nowMs, nodes: undefined };
    this.#comparing.set(id, made);
    return made;
  }

  #sendDigests(comparing: Comparing): void {
    const { target, hashes, answerTo, askOf } = comparing;
    const isWanted = answerTo.size > 0 || askOf.size > 0 || comparing.isAsked;
    if (!isWanted || comparing.vectors !== vectorsOf(target)) return;
    if (!hashes.isComplete() || !this.#context.store.isDurable()) return;
    const { shard } = target;
    const digests = this.#digestsOf(comparing);
    comparing.isAsked = false;
    for (const peers of [answerTo, askOf]) {
      const message = { kind: "digest", shard: shard.id, asks: peers === askOf, ...digests } as const;
      for (const peer of peers) this.#context.send(peer, "control", { ...message, frontier: new Map(shard.frontier) });
      peers.clear();
    }
  }

  #digestsOf({ target, hashes }: Comparing): Digests {
    const digests = { points: hashes.digest(), graph: graphDigest(target) };
    // what is of one member's word alone is nothing that is known
    if (this.#unconfirmed.sourceOf(target.shard.id) === undefined) this.#digests.note(target, digests);
    return digests;
  }

  // ---- finding what differs

  #compare(from: number, comparing: Comparing, message: DigestMessage): void {
    const { shard, indexes } = comparing.target;
    const own = this.#digestsOf(comparing);
    // one of the two has not heard yet that a vector was added or dropped
    if (!areOfSameVectors(message.graph, own.graph)) return;
    this.#counts.rounds++;
    const samePoints = message.points === own.points;
    const differing = whatDiffers(own, message);
    this.#comparisons.note(shard, from, differing, comparing.usedMs);
    const disputed = this.#unconfirmed.noteCompared(shard, from, own, differing);
    if (disputed !== undefined) this.#context.refuse("snapshot disputed", disputed);
    if (samePoints) this.#checked.add(shard.id);
    if (differing === undefined) {
      mark("compared equal");
      this.#counts.equal++;
      this.#equal.add(shard.id);
      return;
    }
    this.#counts.differing++;
    if (isPlanted("no-reconcile")) return;
    // nodes are dead or alive as the points say: the graph is looked at when those agree
    const parts = samePoints ? [...indexes.keys()].filter((name) => isSettled(indexes.get(name))) : [undefined];
    for (const vector of parts) {
      const ranges = this.#hashesOf(comparing, vector).split(wholeRange, limits.reconcileFanOut);
      this.#send(from, comparing, { kind: "summary", vector, ranges });
    }
  }

  #narrow(from: number, comparing: Comparing, { vector, ranges }: SummaryMessage): void {
    if (vector !== undefined && !isSettled(comparing.target.indexes.get(vector))) return;
    const own = this.#hashesOf(comparing, vector);
    const { parts, small } = compareRanges(own, ranges);
    if (parts.length > 0) this.#send(from, comparing, { kind: "summary", vector, ranges: parts });
    if (small.length === 0) return;
    const states = this.#statesIn(comparing, vector, small, new Map());
    this.#send(from, comparing, { kind: "states", vector, ranges: small, asks: true, states });
  }

  #hashesOf(comparing: Comparing, vector: string | undefined): KeyedHashes {
    if (vector === undefined) return comparing.hashes.sorted();
    const { shard, indexes } = comparing.target;
    const index = indexes.get(vector);
    if (index === undefined) return refuseMessage(`there is no vector "${vector}"`);
    const state = `${JSON.stringify([...shard.frontier])} ${shard.repairs}`;
    if (comparing.nodes?.state !== state) comparing.nodes = { state, hashes: new Map() };
    const known = comparing.nodes.hashes.get(vector) ?? nodeHashes(index);
    comparing.nodes.hashes.set(vector, known);
    return known;
  }

  /** What is here in ranges and is not `theirs` (hashes by key), as far as it fits a message. */
  #statesIn(
    comparing: Comparing,
    vector: string | undefined,
    ranges: readonly KeyRange[],
    theirs: ReadonlyMap<string, string>,
  ): KeyedState[] {
    const own = this.#hashesOf(comparing, vector);
    const states: KeyedState[] = [];
    let bytesSum = 0;
    for (const { key, hash } of differingIn(own, ranges, theirs)) {
      if (states.length >= limits.reconcileStatesMax || bytesSum >= limits.answerBytesMax) break;
      const bytes = encodedAt(comparing.target, vector, key);
      states.push({ key, hash: hashText(hash), bytes });
      bytesSum += bytes.byteLength;
    }
    return states;
  }

  /** Repair by what came, and send what is here and other, when that is asked for. */
  #repair(from: number, comparing: Comparing, message: StatesMessage, nowMs: number): void {
    const { vector, ranges } = message;
    if (vector !== undefined && !isSettled(comparing.target.indexes.get(vector))) return;
    const own = this.#hashesOf(comparing, vector);
    const hashes = new Map(
      ranges.flatMap((range) => own.in(range).map(({ key, hash }) => [keyText(key), hashText(hash)])),
    );
    const theirs = new Map(message.states.map(({ key, hash }) => [keyText(key), hash]));
    // as they are before the repair
    const answer = message.asks ? this.#statesIn(comparing, vector, ranges, theirs) : [];
    const differing = message.states.filter(({ key, hash }) => hashes.get(keyText(key)) !== hash);
    if (vector === undefined) {
      const mine = differingIn(own, ranges, theirs).map(({ key }) => pointIdFromKey(key));
      this.#repairs.judgePoints(comparing.target, mine);
      this.#repairs.takePoints(from, comparing.target, differing, nowMs);
    } else this.#repairs.takeLists(from, comparing.target, vector, differing);
    if (answer.length > 0) this.#send(from, comparing, { kind: "states", vector, ranges, asks: false, states: answer });
  }

  #send(
    to: number,
    { target }: Comparing,
    message: Omit<SummaryMessage, "shard" | "frontier"> | Omit<StatesMessage, "shard" | "frontier">,
  ): void {
    const { shard } = target;
    this.#context.send(to, "bulk", { ...message, shard: shard.id, frontier: new Map(shard.frontier) });
  }
}

/** The vectors that a point is hashed with. */
function vectorsOf({ indexes }: WritableShard): string {
  return JSON.stringify([...indexes.keys()]);
}

/** Without stored tags, a link is the same to everybody. With some, what differs is looked at again when they are stable. */
function isSettled(index: SpacePort | undefined): boolean {
  return index !== undefined && (index.links?.counters().storedTags ?? 0) === 0;
}

/** What is in ranges and is not `theirs` (hashes by key). */
function differingIn(own: KeyedHashes, ranges: readonly KeyRange[], theirs: ReadonlyMap<string, string>) {
  return ranges
    .flatMap((range) => own.in(range))
    .filter(({ key, hash }) => theirs.get(keyText(key)) !== hashText(hash));
}

function encodedAt({ shard, indexes }: WritableShard, vector: string | undefined, key: Uint8Array): Uint8Array {
  if (vector === undefined) return encodePointState(shard.table.state(pointIdFromKey(key)) as PointState);
  const index = indexes.get(vector) as Space;
  return encodeNodeLists(listsAt(index, index.slotOf(nodeOfKey(key)) as number));
}

function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("hex");
}

function hashText(hash: bigint): string {
  return hash.toString(16);
}
