import { crc32 } from "node:zlib";
import type { CheckpointManifest } from "../../checkpoint/manifest.js";
import { limits } from "../../limits.js";
import { mark } from "../../marks.js";

/** Parts of a snapshot, asked of a peer. */
export interface PartsRequest {
  readonly to: number;
  /** 0: whatever snapshot the peer has. */
  readonly transfer: number;
  readonly first: number;
  readonly count: number;
}

/** A peer that may have a snapshot. */
export interface SnapshotPeer {
  readonly id: number;
  readonly heardMs: number;
}

interface Asked {
  readonly to: number;
  readonly first: number;
  readonly count: number;
  /** When it was asked for, or when something of it came last. */
  atMs: number;
  silences: number;
}

/**
 * One snapshot on its way here: which parts are missing, of whom they are asked, and when again. A few parts are under way at a time. The
 * same snapshot may be had from several peers; one that is silent too often gives way to the next.
 */
export class SnapshotTransfer {
  #transfer = 0;
  #manifest: CheckpointManifest | undefined;
  #source = 0;
  readonly #missing = new Set<number>();
  readonly #passedOver = new Set<number>();
  /** Peers that do not have the snapshot which is under way. */
  readonly #lacking = new Set<number>();
  #asked: Asked | undefined;
  /** Nothing is asked before. */
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  /** The snapshot that is under way; 0 before the first answer. */
  get transfer(): number {
    return this.#transfer;
  }

  get manifest(): CheckpointManifest | undefined {
    return this.#manifest;
  }

  /** Replica whose snapshot it is: its parts may come from others, who took it over. 0 where that is not known any more. */
  get source(): number {
    return this.#source;
  }

  get isComplete(): boolean {
    return this.#manifest !== undefined && this.#missing.size === 0;
  }

  /** Whom the parts are asked of now. */
  get from(): number | undefined {
    return this.#asked?.to;
  }

  /** A snapshot begins, or one that was begun before goes on with the parts that are `here`. */
  begin(transfer: number, manifest: CheckpointManifest, source: number, here: readonly number[] = []): void {
    this.#transfer = transfer;
    this.#source = source;
    this.#manifest = manifest;
    this.#lacking.clear();
    this.#missing.clear();
    for (let part = 1; part <= manifest.checksums.length; part += 1) this.#missing.add(part);
    for (const part of here) this.#missing.delete(part);
    if (this.#asked !== undefined) this.#asked = { ...this.#asked, count: 0 };
  }

  /** Is this part waited for? */
  isMissing(transfer: number, part: number): boolean {
    return transfer === this.#transfer && this.#missing.has(part);
  }

  isIntact(part: number, bytes: Uint8Array): boolean {
    return crc32(bytes) === this.#manifest?.checksums[part - 1];
  }

  noteArrived(part: number, nowMs: number): void {
    this.#missing.delete(part);
    if (this.#asked !== undefined) [this.#asked.atMs, this.#asked.silences] = [nowMs, 0];
  }

  /** The peer that is asked has another snapshot than the one under way. Returns whether that is the one to take now: nobody has ours. */
  noteLacking(peer: number): boolean {
    if (this.#transfer === 0) return true;
    this.#lacking.add(peer);
    this.#asked = undefined;
    return false;
  }

  /** What came of the peer that is asked is of no use: another one is asked, from the start, after a while. */
  passOver(nowMs: number, pauseMs: number = limits.requestRetryMs): void {
    this.#notBeforeMs = nowMs + pauseMs;
    if (this.#asked !== undefined) this.#passedOver.add(this.#asked.to);
    if (this.#manifest !== undefined) this.#passedOver.add(this.#source);
    this.#asked = undefined;
    this.#forget();
  }

  #forget(): void {
    this.#transfer = 0;
    this.#manifest = undefined;
    this.#missing.clear();
  }

  /** The request to send now, if one is due. */
  plan(nowMs: number, peers: readonly SnapshotPeer[]): PartsRequest | undefined {
    if (this.isComplete || nowMs < this.#notBeforeMs) return undefined;
    if (peers.length > 0 && peers.every(({ id }) => this.#lacking.has(id))) {
      mark("snapshot restarted");
      this.#lacking.clear();
      this.#forget();
    }
    const asked = this.#asked;
    let silences = 0;
    if (asked !== undefined && this.#isOpen(asked)) {
      const patienceMs = Math.min(limits.requestRetryMs * 2 ** asked.silences, limits.requestRetryMsMax);
      if (nowMs - asked.atMs < patienceMs) return undefined;
      silences = asked.silences + 1;
    }
    const to = this.#choose(asked?.to, silences, peers);
    if (to === undefined) return undefined;
    if (to !== asked?.to) silences = 0;
    const [first, count] = this.#window();
    this.#asked = { to, first, count, atMs: nowMs, silences };
    return { to, transfer: this.#transfer, first, count };
  }

  /** Is something of what was asked for still to come? */
  #isOpen({ first, count }: Asked): boolean {
    if (this.#manifest === undefined) return first === 0;
    for (let part = first; part < first + count; part += 1) if (this.#missing.has(part)) return true;
    return false;
  }

  /** The first parts that are missing. */
  #window(): [first: number, count: number] {
    if (this.#manifest === undefined) return [0, 1];
    const [first = 0] = this.#missing;
    let count = 1;
    while (count < limits.snapshotPartsPerRequest && this.#missing.has(first + count)) count += 1;
    return [first, count];
  }

  #choose(before: number | undefined, silences: number, peers: readonly SnapshotPeer[]): number | undefined {
    const having = peers.filter(({ id }) => !this.#lacking.has(id));
    const ids = having.map(({ id }) => id);
    if (before !== undefined && silences < limits.snapshotSilencesMax && ids.includes(before)) return before;
    if (before !== undefined) this.#passedOver.add(before);
    if (ids.every((id) => this.#passedOver.has(id))) this.#passedOver.clear();
    const able = having.filter(({ id }) => !this.#passedOver.has(id));
    able.sort((a, b) => b.heardMs - a.heardMs || a.id - b.id);
    return able[0]?.id;
  }
}
