import { MurmurationError } from "@murmuration/index";
import {
  covers,
  emptyVersionVector,
  mergeInto,
  missingFrom,
  sequenceOf,
  type VersionVector,
} from "../../causality/version-vector.js";
import { type CheckpointManifest, decodeManifest, frontierOf, transferOf } from "../../checkpoint/manifest.js";
import { CheckpointReader } from "../../checkpoint/read-checkpoint.js";
import { storedCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import type { Message, SnapshotMessage, SnapshotRequestMessage } from "../../gossip/message.js";
import { limits } from "../../limits.js";
import { mark } from "../../marks.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";
import type { Exchange, ExchangeContext } from "./exchange.js";
import { installSnapshot, requireUseful } from "./install.js";
import { type SnapshotPeer, SnapshotTransfer } from "./snapshot-transfer.js";
import type { SnapshotWords, Verdict } from "./snapshot-words.js";
import { incomingSource, putIncomingSource, type UnconfirmedSnapshots } from "./unconfirmed-snapshots.js";

/**
 * Snapshots of shards for replicas that miss what no log holds any more (docs/convergence.md, snapshots). A sender keeps nothing in mind:
 * it serves parts of the checkpoint in its log. A receiver puts them into its own log, so that a transfer goes on after a crash, and takes
 * the whole over when all are there.
 */
export class SnapshotExchange implements Exchange {
  readonly kinds = ["snapshot-request", "snapshot"] as const;
  readonly #context: ExchangeContext;
  readonly #words: SnapshotWords;
  readonly #unconfirmed: UnconfirmedSnapshots;
  readonly #transfers = new Map<string, SnapshotTransfer>();
  /** A log that refused is asked again then. */
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(context: ExchangeContext, words: SnapshotWords, unconfirmed: UnconfirmedSnapshots) {
    this.#context = context;
    this.#words = words;
    this.#unconfirmed = unconfirmed;
  }

  /** For people: what keeps a replica that must have a snapshot from taking one over. */
  disputes(): string[] {
    const inNeed = new Set([...this.#context.needSnapshot(), ...this.#context.store.snapshotsWanted]);
    const isJoining = !this.#context.countsAsMember();
    return [...this.#transfers.keys()].flatMap((shard) =>
      isJoining || inNeed.has(shard) ? (this.#words.disputeOver(shard) ?? []) : [],
    );
  }

  take(from: number, message: Message, nowMs: number): void {
    if (message.kind === "snapshot-request") this.#serve(from, message);
    else if (message.kind === "snapshot") this.#takePart(from, message, nowMs);
  }

  tick(nowMs: number): void {
    const { store } = this.#context;
    const inNeed = new Set([...this.#context.needSnapshot(), ...store.snapshotsWanted]);
    const { snapshotLagOperations: lagMax } = this.#context;
    const needed = [...store.shards.keys()].filter((shard) => inNeed.has(shard) || this.#lagOf(shard) >= lagMax);
    for (const { shard } of store.quarantines.list()) if (shard !== SYSTEM_SHARD) needed.push(shard);
    for (const shard of this.#transfers.keys()) if (!needed.includes(shard)) this.#end(shard);
    if (nowMs < this.#retryAtMs || !store.isDurable()) return;
    for (const shard of needed.filter((one) => this.#context.mayHold(one))) {
      try {
        this.#advance(shard, nowMs);
      } catch (error) {
        if (!(error instanceof MurmurationError)) throw error;
        this.#context.refuse("snapshot", error);
        if (error.code === "corrupt" || error.code === "bad-request") this.#passOver(shard, nowMs);
        else this.#retryAtMs = nowMs + limits.requestRetryMs;
      }
    }
  }

  // ---- as the sender

  #serve(to: number, { shard, transfer, first, count }: SnapshotRequestMessage): void {
    const { log, shards, checkpointsWanted } = this.#context.store;
    this.#unconfirmed.noteWithout(to, shard);
    // nobody but who gave it knows yet whether it is right, and gives it; once that one is evicted, nobody else may have all of it
    const source = this.#unconfirmed.sourceOf(shard);
    if (source !== undefined && this.#context.members.isActive(source)) return;
    const stored = storedCheckpoint(log, shard);
    if (stored === undefined || !this.#isOfVectorsHere(shard)) {
      // it asks again
      if (shards.has(shard)) checkpointsWanted.add(shard);
      return;
    }
    // who asks for another one, or for any, is told which there is
    const isKnown = transfer === stored.transfer;
    const start = isKnown ? first : 0;
    const end = isKnown ? Math.min(first + Math.min(count, limits.snapshotPartsPerRequest), stored.parts) : 1;
    for (let part = start; part < end; part += 1) {
      const bytes = this.#partOf(shard, part);
      if (bytes === undefined) return;
      const { parts } = stored;
      this.#context.send(to, "bulk", { kind: "snapshot", shard, transfer: stored.transfer, part, parts, bytes });
    }
  }

  /** Has the checkpoint here the graphs of those vectors that the shard has by now? */
  #isOfVectorsHere(shard: string): boolean {
    const { log, shards } = this.#context.store;
    const target = shards.get(shard);
    if (target?.shard.collection.deadVectors === undefined) return true;
    try {
      const { images } = CheckpointReader.open(log, shard, "current").manifest;
      return images.length === target.indexes.size && images.every(({ vector }) => target.indexes.has(vector));
    } catch (error) {
      if (error instanceof MurmurationError) return false;
      throw error;
    }
  }

  /** A part of the checkpoint here. One that is damaged can neither be sent nor recovered from: the next checkpoint takes its place. */
  #partOf(shard: string, part: number): Uint8Array | undefined {
    const { log, checkpointsWanted } = this.#context.store;
    try {
      return log.checkpointPart(shard, "current", part);
    } catch (error) {
      if (!(error instanceof MurmurationError) || error.code !== "corrupt") throw error;
      checkpointsWanted.add(shard);
      mark("checkpoint mended");
      this.#context.refuse("checkpoint damaged", error);
      return undefined;
    }
  }

  // ---- as the receiver

  #takePart(from: number, message: SnapshotMessage, nowMs: number): void {
    const { shard, part } = message;
    const transfer = this.#transfers.get(shard);
    // late, or never asked for
    if (transfer === undefined || transfer.from !== from || !this.#isHere(shard)) return;
    if (part === 0) return this.#takeManifest(from, transfer, message, nowMs);
    if (!transfer.isMissing(message.transfer, part)) return;
    if (!transfer.isIntact(part, message.bytes)) {
      return this.#context.refuse("snapshot", `part ${part} of shard ${shard} from replica ${from} is damaged`);
    }
    this.#context.store.log.transaction((writer) => writer.putCheckpointPart(shard, "incoming", part, message.bytes));
    transfer.noteArrived(part, nowMs);
  }

  /** The first part of a snapshot: of the one that is under way, or of another that its sender has. */
  #takeManifest(from: number, transfer: SnapshotTransfer, message: SnapshotMessage, nowMs: number): void {
    const { shard, bytes } = message;
    if (message.transfer === transfer.transfer || !transfer.noteLacking(from)) return;
    const { store } = this.#context;
    try {
      const manifest = decodeManifest(bytes, `the snapshot of shard ${shard}`);
      if (manifest.shard !== shard || transferOf(bytes) !== message.transfer) {
        throw new MurmurationError("corrupt", `the snapshot of shard ${shard} goes by another name`);
      }
      // it lags, and so does the other one's checkpoint: operations are what it gets
      const held = store.causality(shard)?.frontier ?? emptyVersionVector;
      if (covers(held, frontierOf(manifest)) && !store.snapshotsWanted.has(shard))
        return transfer.passOver(nowMs, limits.requestRetryMsMax);
      requireUseful(store, manifest, nowMs);
      const unheard = this.#unheardOf(from, shard, frontierOf(manifest), nowMs);
      if (unheard !== undefined) {
        this.#context.refuse("snapshot", unheard);
        return transfer.passOver(nowMs);
      }
      store.log.transaction((writer) => {
        writer.dropCheckpoint(shard, "incoming");
        writer.putCheckpointPart(shard, "incoming", 0, bytes);
        putIncomingSource(writer, shard, from);
      });
      transfer.begin(message.transfer, manifest, from);
    } catch (error) {
      if (error instanceof MurmurationError && error.code !== "storage") transfer.passOver(nowMs);
      throw error;
    }
  }

  /**
   * Does a snapshot claim operations that nobody but its sender holds? It takes the place of what is here: so it waits until another member
   * that is heard says to hold as much, with whom the state is compared then. Its sender is believed where there is no other, or nothing here
   * that could be lost: a replica that joins has all that it holds from others, who may be as new as it is.
   */
  #unheardOf(from: number, shard: string, claimed: VersionVector, nowMs: number): string | undefined {
    const { store, members } = this.#context;
    const isHeard = (id: number) => nowMs - (this.#context.heardMs(id) ?? Number.NEGATIVE_INFINITY) <= limits.suspectMs;
    const others = members.active().filter((id) => id !== store.id && id !== from && isHeard(id));
    const known = new Map(store.causality(shard)?.frontier);
    if (others.length === 0 || known.size === 0 || !this.#context.countsAsMember()) return undefined;
    for (const id of others) mergeInto(known, this.#context.frontiersOf(id)?.get(shard) ?? emptyVersionVector);
    if (covers(known, claimed)) return undefined;
    return `the snapshot of shard ${shard} from replica ${from} holds operations that no other member holds`;
  }

  #advance(shard: string, nowMs: number): void {
    const transfer = this.#transferOf(shard);
    const { manifest, source } = transfer;
    const verdict: Verdict = manifest === undefined ? { kind: "wait" } : this.#words.judge(source, manifest, nowMs);
    if (verdict.kind === "refuse") throw new MurmurationError("bad-request", verdict.reason);
    if (transfer.isComplete) {
      if (verdict.kind === "wait") return;
      const unconfirmedFrom = verdict.isConfirmed ? undefined : source;
      installSnapshot(this.#context.store, shard, nowMs, this.#ownElsewhere(shard), unconfirmedFrom);
      this.#unconfirmed.noteInstalled(shard);
      this.#words.end(shard);
      this.#transfers.delete(shard);
      this.#context.noteSnapshot(shard);
      mark("snapshot installed");
      return;
    }
    const request = transfer.plan(nowMs, this.#peers(shard));
    if (request === undefined) return;
    const { to, first, count } = request;
    const message = { kind: "snapshot-request", shard, transfer: request.transfer, first, count } as const;
    this.#context.send(to, "control", message);
  }

  /** Is it a shard of this replica, one that is quarantined included? */
  #isHere(shard: string): boolean {
    const { shards, quarantines } = this.#context.store;
    return shards.has(shard) || quarantines.has(shard);
  }

  /** Up to where others say to hold this replica's own operations of a shard. */
  #ownElsewhere(shard: string): number {
    const { store, members } = this.#context;
    const held = members
      .active()
      .map((id) => sequenceOf(this.#context.frontiersOf(id)?.get(shard) ?? emptyVersionVector, store.id));
    return Math.max(0, ...held);
  }

  /** Operations of a shard that members hold and this replica does not. */
  #lagOf(shard: string): number {
    const { store, members } = this.#context;
    const held = store.causality(shard)?.frontier ?? emptyVersionVector;
    const known = new Map(held);
    for (const id of members.active())
      mergeInto(known, this.#context.frontiersOf(id)?.get(shard) ?? emptyVersionVector);
    return missingFrom(held, known);
  }

  /** The transfer of a shard; one that a crash broke off goes on. */
  #transferOf(shard: string): SnapshotTransfer {
    const known = this.#transfers.get(shard);
    if (known !== undefined) return known;
    const { log } = this.#context.store;
    const transfer = new SnapshotTransfer();
    this.#transfers.set(shard, transfer);
    const here = log.checkpointParts(shard, "incoming");
    const manifest = here.length > 0 ? this.#incoming(shard) : undefined;
    if (manifest !== undefined) {
      const source = incomingSource(log, shard);
      transfer.begin(transferOf(log.checkpointPart(shard, "incoming", 0) as Uint8Array), manifest, source, here);
    }
    return transfer;
  }

  /** What came of a snapshot; one whose first part is damaged goes. */
  #incoming(shard: string): CheckpointManifest | undefined {
    const { log } = this.#context.store;
    try {
      return CheckpointReader.open(log, shard, "incoming").manifest;
    } catch (error) {
      if (!(error instanceof MurmurationError) || error.code !== "corrupt") throw error;
      this.#context.refuse("snapshot", error);
      log.transaction((writer) => writer.dropCheckpoint(shard, "incoming"));
      return undefined;
    }
  }

  /** Members that hold something of the shard that is missing here; where it is damaged here, all of them. */
  #peers(shard: string): SnapshotPeer[] {
    const { store, members } = this.#context;
    const held = store.causality(shard)?.frontier ?? emptyVersionVector;
    return members.active().flatMap((id) => {
      const heardMs = this.#context.heardMs(id);
      const frontier = this.#context.frontiersOf(id)?.get(shard) ?? emptyVersionVector;
      if (id === store.id || heardMs === undefined) return [];
      return covers(held, frontier) && !store.snapshotsWanted.has(shard) ? [] : [{ id, heardMs }];
    });
  }

  /** What came is of no use: it goes, and another peer is asked. */
  #passOver(shard: string, nowMs: number): void {
    this.#transfers.get(shard)?.passOver(nowMs, this.#words.pauseMs(shard));
    this.#context.store.log.transaction((writer) => writer.dropCheckpoint(shard, "incoming"));
  }

  /** Nothing is missing any more, or a log has it: what came of a snapshot stays if it may still be of use. */
  #end(shard: string): void {
    this.#transfers.delete(shard);
    this.#words.end(shard);
    const { store } = this.#context;
    const held = store.causality(shard)?.frontier;
    if (held === undefined || store.log.checkpointParts(shard, "incoming").length === 0) return;
    const manifest = this.#incoming(shard);
    if (manifest !== undefined && covers(held, frontierOf(manifest))) {
      store.log.transaction((writer) => writer.dropCheckpoint(shard, "incoming"));
    }
  }
}
