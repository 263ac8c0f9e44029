import { emptyVersionVector, sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import type { Envelope } from "../../gossip/envelope.js";
import type { Arrived } from "../../gossip/transport.js";
import { limits } from "../../limits.js";
import { mark } from "../../marks.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";
import type { Membership } from "./membership.js";

type Frontiers = ReadonlyMap<string, VersionVector>;

/** Why a message is not taken: a reason of a few, and whose it is. */
export interface Refusal {
  readonly reason: string;
  readonly detail: string;
}

/** Is it what the transport knows it to be? */
export function whyForged({ from }: Envelope, { sender }: Arrived): Refusal | undefined {
  if (sender === undefined || sender === from) return undefined;
  mark("hostile message refused");
  return { reason: "forged", detail: `replica ${sender} sends as replica ${from}` };
}

/**
 * May this sender say this? Whoever is no member may ask for the catalogue, write its own joining (`Intake` looks at that) and be heard to be
 * there, all of it within a bound. Everything else is between members. A replica that knows no members takes whoever it hears for one to be:
 * for that it needs no more either.
 */
export function whyNotFrom({ from, message }: Envelope, bytes: Uint8Array, members: Membership): Refusal | undefined {
  if (members.isActive(from)) return undefined;
  if (members.isEvicted(from)) {
    mark("evicted refused");
    // it may still learn that it was
    const asksForCatalogue = message.kind === "request" && message.shard === SYSTEM_SHARD;
    return asksForCatalogue ? undefined : { reason: "evicted", detail: `replica ${from} was evicted` };
  }
  const detail = `${message.kind} of replica ${from}`;
  switch (message.kind) {
    case "operations":
      return undefined;
    case "request":
      if (message.shard !== SYSTEM_SHARD) return { reason: "not a member", detail };
      break;
    case "heartbeat":
    case "start":
    case "welcome":
    case "compacted":
    case "introduce":
    case "admitted":
      break;
    default:
      return { reason: "not a member", detail };
  }
  if (bytes.byteLength <= limits.strangerMessageBytesMax) return undefined;
  return { reason: "not a member", detail: `${detail}, of more than ${limits.strangerMessageBytesMax} bytes` };
}

/**
 * What a replica says to hold, as far as it counts: all of it from a member. Of one that is none only what it has written itself matters, which
 * may be its joining, and what its joining may build on and nobody else has: changes of the catalogue by a member that was evicted before
 * anybody else took them. Where no members are known, it is what it holds of the catalogue.
 */
export function believable(from: number, frontiers: Frontiers, members: Membership): Frontiers {
  if (members.isActive(from)) return frontiers;
  const system = frontiers.get(SYSTEM_SHARD) ?? emptyVersionVector;
  if (members.areKnown()) {
    const hasWritten = sequenceOf(system, from) > 0;
    const counting = [...system].filter(([origin]) => hasWritten && (origin === from || members.isEvicted(origin)));
    return new Map([[SYSTEM_SHARD, new Map(counting)]]);
  }
  return system.size <= limits.membersMax ? new Map([[SYSTEM_SHARD, system]]) : new Map();
}
