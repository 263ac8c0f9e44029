import { MurmurationError } from "@murmuration/index";
import { joinsOnly } from "../../catalogue/joins-only.js";
import { isBuilding } from "../../catalogue/vector-graphs.js";
import { mayBeAdded } from "../../catalogue/vector-incarnation.js";
import type { HybridTime } from "../../causality/hybrid-clock.js";
import { sequenceOf } from "../../causality/version-vector.js";
import { CausalInbox, type ReceivedOperation } from "../../gossip/inbox.js";
import type { RequestPlanner } from "../../gossip/requests.js";
import { limits } from "../../limits.js";
import { mark } from "../../marks.js";
import { decodeBatch } from "../../operation/batch.js";
import { decodeOperation } from "../../operation/codec.js";
import type { Operation } from "../../operation/operation.js";
import { vectorsNamedBy } from "../../operation/vectors-named-by.js";
import { isPlanted } from "../../planted.js";
import type { ReplicaStore } from "../commit/store.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";
import { SetAside, type SetAsideOperation, type Wanted } from "../exchange/set-aside.js";
import type { Admission } from "../membership/admission.js";
import type { Membership } from "../membership/membership.js";

/** What takes operations in. */
export interface IntakeOptions {
  readonly store: ReplicaStore;
  readonly members: Membership;
  readonly admission: Admission;
  readonly requests: RequestPlanner;
  /** Of a shard; default `limits.inboxBytesMax`. */
  readonly inboxBytesMax: number | undefined;
  /** Counts what was refused. */
  readonly refuse: (reason: string, detail: unknown) => void;
}

/** The name of an operation that came, and who sent it. */
interface ReceivedName {
  readonly shard: string;
  readonly origin: number;
  readonly sequence: number;
  readonly from: number;
}

/** A batch, and how it came. */
export interface ArrivedBatch {
  readonly from: number;
  /** Was it sent to all, or to this replica? */
  readonly isToAll: boolean;
  readonly bytes: Uint8Array;
  readonly nowMs: number;
  /** Does another process write under this replica's id? */
  readonly isFenced: boolean;
}

/** Operations of others, from a batch that came until they are applied in causal order. */
export class Intake {
  /** By shard: what waits for operations before it. */
  readonly inboxes = new Map<string, CausalInbox>();
  readonly #store: ReplicaStore;
  readonly #members: Membership;
  readonly #admission: Admission;
  readonly #requests: RequestPlanner;
  readonly #inboxBytesMax: number | undefined;
  readonly #refuse: IntakeOptions["refuse"];
  readonly #setAside = new SetAside();
  /** When operations of the catalogue by a replica that is no member were looked at last, of those that were refused. */
  readonly #triedMs = new Map<number, number>();

  constructor(options: IntakeOptions) {
    this.#store = options.store;
    this.#members = options.members;
    this.#admission = options.admission;
    this.#requests = options.requests;
    this.#inboxBytesMax = options.inboxBytesMax;
    this.#refuse = options.refuse;
  }

  /** Bytes of the operations that wait. */
  get bytes(): number {
    return [...this.inboxes.values()].reduce((sum, inbox) => sum + inbox.bytes, 0);
  }

  /** What may be asked for now of an origin that is known to have operations of a shard up to `known`. */
  wanted(shard: string, origin: number, known: number, nowMs: number): Wanted {
    const causality = this.#store.causality(shard);
    if (causality !== undefined) this.#setAside.noteHeld(shard, origin, sequenceOf(causality.frontier, origin));
    return this.#setAside.wanted(shard, origin, known, nowMs);
  }

  /** Operations that do not fit the state here. */
  setAside(): readonly SetAsideOperation[] {
    this.#setAside.keepShards((shard) => this.#store.causality(shard) !== undefined);
    return this.#setAside.list();
  }

  /** Forget what waits of an origin. */
  clear(origin: number): void {
    for (const inbox of this.inboxes.values()) inbox.clear(origin);
  }

  /** Take a batch that a replica sent, and apply what is ready. */
  take({ from, isToAll, bytes, nowMs, isFenced }: ArrivedBatch): void {
    this.#store.watch?.enter("check");
    const batch = decodeBatch(bytes);
    const { shard, origin, firstSequence, rows } = batch;
    const causality = this.#store.causality(shard);
    // its collection is not here yet, or not any more: what is wanted of it is asked for when it is
    if (causality === undefined) return this.#refuse("unknown shard", shard);
    // everybody speaks for itself; of what others wrote, only what was asked for
    if (
      origin !== from &&
      (isToAll || !this.#requests.isAwaited(from, { shard, origin, first: firstSequence }, nowMs))
    ) {
      return this.#refuse("not asked for", `replica ${from} sends operations of replica ${origin}`);
    }
    if (isFenced && origin === this.#store.id) return;
    // asked for again as soon as it may be
    if (!this.#admission.mayHold(shard)) return;
    if (shard !== SYSTEM_SHARD && !this.#members.mayWrite(origin)) {
      return this.#refuse("not a member", `operations of replica ${origin} from ${from}`);
    }
    const operations: ReceivedOperation[] = [];
    for (const [i, row] of rows.entries()) {
      const sequence = firstSequence + i;
      if (sequence <= sequenceOf(causality.frontier, origin)) continue;
      // it is asked for again when the one before it could be applied
      if (this.#setAside.isBehind(shard, origin, sequence)) break;
      const operation = this.#decode({ shard, origin, sequence, from }, row, nowMs);
      if (operation === undefined) break;
      if (this.#admission.isOtherFounding(operation)) {
        this.#refuse("other cluster", `replica ${origin} began a cluster of this name by itself: it cannot be merged`);
        break;
      }
      if (this.#isEarly(operation.time, nowMs)) {
        mark("clock ahead");
        // not kept: it is asked for again, and is in time when the clocks agree
        this.#refuse("clock ahead", earlyText(origin));
        break;
      }
      operations.push({ operation, bytes: row, from });
    }
    const inbox = this.inboxes.get(shard) ?? new CausalInbox(this.#inboxBytesMax);
    this.inboxes.set(shard, inbox);
    inbox.offer(operations);
    this.applyReady(nowMs);
    if (inbox.bytes > 0) mark("held for its causes");
    this.#requests.noteArrived(shard, origin, sequenceOf(causality.frontier, origin), bytes.byteLength);
  }

  /** The operation of a row; `undefined` for a row that holds none: it is set aside, what came before it is not. */
  #decode(name: ReceivedName, row: Uint8Array, nowMs: number): Operation | undefined {
    const { shard, origin, sequence } = name;
    try {
      return decodeOperation(shard, origin, sequence, row);
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      this.#putAside(name, error, nowMs);
      return undefined;
    }
  }

  #putAside(name: ReceivedName, { code, message }: MurmurationError, nowMs: number): void {
    const { shard, origin, sequence, from } = name;
    mark(shard === SYSTEM_SHARD ? "catalogue change refused" : "set aside");
    this.#setAside.note({ ...name, code, reason: message }, nowMs);
    this.#refuse("cannot be applied", `operation ${origin}:${sequence} of shard ${shard} from ${from}: ${message}`);
  }

  /** Is it a time that this replica's clock, give or take the bound, has not reached? */
  #isEarly(time: HybridTime, nowMs: number): boolean {
    return time.wallMs > nowMs + limits.clockDriftMsMax && !isPlanted("clock-unchecked");
  }

  /**
   * Is it an operation of the catalogue by a replica that is no member, and does more than make it one? Where no cluster is known yet, the
   * catalogue of whoever is heard is taken over. Looking at it costs as much as applying it: it is done once in a while for each.
   */
  #isStrange(operation: Operation, nowMs: number): boolean {
    const { origin, sequence, shard } = operation;
    if (shard !== SYSTEM_SHARD || operation.kind !== "catalogue") return false;
    if (this.#members.mayWrite(origin) || !this.#members.areKnown()) return false;
    const before = this.#triedMs.get(origin);
    if (before !== undefined && Math.abs(nowMs - before) < limits.setAsideRetryMs) return true;
    if (this.#triedMs.size >= 2 * limits.strangersMax) this.#triedMs.clear();
    this.#triedMs.set(origin, nowMs);
    try {
      const { document } = this.#store;
      const after = document.receive(operation.change, { origin, sequence });
      if (!joinsOnly(document.read(), after.read(), origin)) return true;
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      return true;
    }
    this.#triedMs.delete(origin);
    return false;
  }

  /** Is it about a vector that was added to its collection, and the change of the catalogue that does so has not come yet? */
  #waitsForVector(operation: Operation): boolean {
    const shard = this.#store.shards.get(operation.shard)?.shard;
    if (shard === undefined || isPlanted("vectors-not-awaited")) return false;
    const { collection } = shard;
    const isAwaited = (key: string) =>
      shard.graphs.has(key) ? operation.kind !== "edges" && isBuilding(collection, key) : mayBeAdded(collection, key);
    if (!vectorsNamedBy(operation).some(isAwaited)) return false;
    mark("waited for a vector");
    return true;
  }

  /** Apply whatever is causally ready, over all shards: an operation of the system shard may open others. */
  applyReady(nowMs: number): void {
    const shards = [SYSTEM_SHARD, ...this.inboxes.keys()];
    for (const shard of new Set(shards)) {
      const inbox = this.inboxes.get(shard);
      if (inbox === undefined) continue;
      const causality = this.#store.causality(shard);
      if (causality === undefined) {
        this.inboxes.delete(shard);
        continue;
      }
      const takeNext = () => inbox.next(causality.frontier, (operation) => this.#waitsForVector(operation));
      for (let next = takeNext(); next !== undefined; next = takeNext()) {
        const { time } = next.operation;
        // the clock may have been put back since it came
        if (this.#isEarly(time, nowMs)) {
          this.#refuse("clock ahead", earlyText(next.operation.origin));
          inbox.clear(next.operation.origin);
          continue;
        }
        this.#store.watch?.enter("check");
        if (this.#isStrange(next.operation, nowMs)) {
          this.#refuse("not a member", `operation of the catalogue by replica ${next.operation.origin}`);
          inbox.clear(next.operation.origin);
          continue;
        }
        try {
          this.#store.applyForeign(next);
        } catch (error) {
          if (!(error instanceof MurmurationError)) throw error;
          const { origin, sequence } = next.operation;
          // nothing of this origin can be applied until this one can; it is asked for again
          inbox.clear(origin);
          this.#putAside({ shard, origin, sequence, from: next.from ?? origin }, error, nowMs);
          if (this.#store.causality(shard) !== causality) break;
          continue;
        }
        this.#setAside.noteHeld(shard, next.operation.origin, next.operation.sequence);
        if (isPlanted("clock-unchecked")) this.#store.time.observe(next.operation.time, next.operation.time.wallMs);
        else this.#store.time.observe(next.operation.time, nowMs);
      }
      // quarantined meanwhile: what else waits is asked for again, as far as a snapshot does not bring it
      if (this.#store.causality(shard) !== causality) {
        this.inboxes.delete(shard);
        continue;
      }
      for (const { operation, from } of inbox.deadlocked(causality.frontier)) {
        const { origin, sequence } = operation;
        inbox.clear(origin);
        const error = new MurmurationError("corrupt", "it and others that came wait for each other");
        this.#putAside({ shard, origin, sequence, from: from ?? origin }, error, nowMs);
      }
    }
  }
}

/** In the same words each time: it is asked for again and again. */
function earlyText(origin: number): string {
  return `operations of replica ${origin} are more than ${limits.clockDriftMsMax} ms ahead of this replica's clock`;
}
