import { decodeEnvelope, type Envelope } from "../../gossip/envelope.js";
import type { Arrived } from "../../gossip/transport.js";
import { limits } from "../../limits.js";
import type { Authentication } from "../membership/authentication.js";
import { whyForged, whyNotFrom } from "../membership/gate.js";
import type { Membership } from "../membership/membership.js";

/** What looks at a message before it is taken. */
export interface DoorwayOptions {
  /** Id of this replica. */
  readonly id: number;
  readonly cluster: string;
  readonly members: Membership;
  readonly authentication: Authentication;
  /** Counts what was refused. */
  readonly refuse: (reason: string, detail: unknown) => void;
  /** Tells a replica that a later session of it is known. */
  readonly tellSession: (to: number, known: number) => void;
}

/** Looks who sent a message, and whether it may say that. What it refuses is counted, and changes nothing. */
export class Doorway {
  readonly #options: DoorwayOptions;
  /** When a replica was told of its later session last. */
  readonly #toldMs = new Map<number, number>();

  constructor(options: DoorwayOptions) {
    this.#options = options;
  }

  /** The message, if it is to be taken. Those under this replica's own id are among them. Never throws for its contents. */
  open(arrived: Arrived, nowMs: number): Envelope | undefined {
    const { id, members, authentication, refuse } = this.#options;
    let envelope: Envelope;
    try {
      envelope = decodeEnvelope(arrived.bytes);
    } catch (error) {
      refuse("malformed", error);
      return undefined;
    }
    const { cluster, from, to } = envelope;
    if (cluster !== this.#options.cluster) {
      refuse("wrong cluster", `replica ${from} is of "${cluster}"`);
      return undefined;
    }
    if (from !== id && to !== 0 && to !== id) return undefined;
    const forged = whyForged(envelope, arrived);
    if (forged !== undefined) {
      refuse(forged.reason, forged.detail);
      return undefined;
    }
    const { refusal, knownSession } = authentication.judge(envelope);
    if (knownSession !== undefined) this.#tellSession(from, knownSession, nowMs);
    const notFrom = refusal ?? (from === id ? undefined : whyNotFrom(envelope, arrived.bytes, members));
    if (notFrom === undefined) return envelope;
    refuse(notFrom.reason, notFrom.detail);
    return undefined;
  }

  #tellSession(to: number, known: number, nowMs: number): void {
    const before = this.#toldMs.get(to) ?? Number.NEGATIVE_INFINITY;
    if (!this.#options.members.isActive(to) || Math.abs(nowMs - before) < limits.introduceMs) return;
    this.#toldMs.set(to, nowMs);
    this.#options.tellSession(to, known);
  }
}
