import type { Member } from "../../catalogue/collection.js";
import type { FormatsMessage, Message } from "../../gossip/message.js";
import { limits } from "../../limits.js";
import { encodeOperation } from "../../operation/codec.js";
import {
  isOperationFormat,
  newestOperationFormat,
  type OperationFormat,
  oldestOperationFormat,
} from "../../operation/operation-format.js";
import type { ReplicaStore } from "../commit/store.js";
import type { Exchange, ExchangeContext } from "./exchange.js";

/**
 * Has a replica without peering write the newest format, unless it is a member of a cluster that runs by itself for a while: the others may
 * read the oldest one only.
 */
export function writeAlone(store: ReplicaStore): void {
  const isOther = ({ id, state }: Member) => state === "active" && id !== store.id;
  store.formatOfAll = () => (store.catalogue.members.some(isOther) ? oldestOperationFormat : newestOperationFormat);
  store.encode = (operation) => encodeOperation(operation, store.formatOfAll());
}

/** What is known of a member. */
interface Peer {
  /** Newest format of operations that it reads; `undefined`: it has not said. */
  reads: number | undefined;
  /** Its latest start that is known of. What it said before is not believed: it may run another version. */
  incarnation: number;
  askedMs: number;
  asked: number;
}

/**
 * Agrees on the format of own operations, so that members can be brought to a new version one after the other, while all of them write and
 * read: a new format is written when every member has said that it reads it, and the oldest one until then. A member of a version that
 * does not know the question refuses it, and counts as one that reads the oldest format; it is asked again, ever more rarely, and says it by
 * itself when it has started as a newer version. Who is alone writes the newest.
 */
export class FormatExchange implements Exchange {
  readonly kinds = ["formats"] as const;
  readonly #context: ExchangeContext;
  readonly #peers = new Map<number, Peer>();

  constructor(context: ExchangeContext) {
    this.#context = context;
    context.store.formatOfAll = () => this.written();
    context.store.encode = (operation) => encodeOperation(operation, this.written());
  }

  /** The newest format that every member reads. */
  written(): OperationFormat {
    const { members, store } = this.#context;
    let least: OperationFormat = newestOperationFormat;
    for (const id of members.active()) {
      if (id === store.id) continue;
      const reads = this.#peers.get(id)?.reads ?? oldestOperationFormat;
      if (reads >= least) continue;
      least = isOperationFormat(reads) ? reads : oldestOperationFormat;
    }
    return least;
  }

  take(from: number, message: Message): void {
    if (message.kind !== "formats") return;
    const peer = this.#peer(from);
    if (message.incarnation < peer.incarnation) return;
    peer.incarnation = message.incarnation;
    peer.reads = message.reads;
    if (message.asks) this.#say(from, false);
  }

  /** A replica has started: perhaps as another version. */
  noteStart(replica: number, incarnation: number): void {
    const peer = this.#peer(replica);
    if (incarnation <= peer.incarnation) return;
    this.#peers.set(replica, { ...unknown, incarnation });
  }

  tick(nowMs: number): void {
    const { members, store, heardMs, countsAsMember } = this.#context;
    // others do not listen to it yet
    if (!countsAsMember()) return;
    for (const id of members.active()) {
      if (id === store.id || Math.abs(nowMs - (heardMs(id) ?? Number.NEGATIVE_INFINITY)) > limits.suspectMs) continue;
      const peer = this.#peer(id);
      const waitMs = Math.min(limits.formatsAskMs * 2 ** Math.min(peer.asked, 16), limits.formatsAskMsMax);
      if (peer.reads !== undefined || Math.abs(nowMs - peer.askedMs) < waitMs) continue;
      peer.askedMs = nowMs;
      peer.asked++;
      this.#say(id, true);
    }
  }

  forget(replica: number): void {
    this.#peers.delete(replica);
  }

  #say(to: number, asks: boolean): void {
    const { incarnation, send } = this.#context;
    const message: FormatsMessage = { kind: "formats", incarnation, reads: newestOperationFormat, asks };
    send(to, "control", message);
  }

  #peer(replica: number): Peer {
    const known = this.#peers.get(replica);
    if (known !== undefined) return known;
    const made = { ...unknown };
    this.#peers.set(replica, made);
    return made;
  }
}

const unknown: Peer = { reads: undefined, incarnation: 0, askedMs: Number.NEGATIVE_INFINITY, asked: 0 };
