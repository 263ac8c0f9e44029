import * as Automerge from "@automerge/automerge";
import { assert, MurmurationError } from "@murmuration/index";
import { type Dot, isOrigin } from "../causality/dot.js";
import { limits } from "../limits.js";
import { problemOfChangeSize } from "./check-change-size.js";

const ACTOR_PREFIX = "4d75726d".padEnd(24, "0");
/** First bytes of a chunk of Automerge, then a checksum, then what kind of chunk it is. */
const KIND_AT = 8;
/** A change as it is. A compressed one could be a thousand times as large as it looks; no writer of ours makes one. */
const PLAIN_CHANGE = 1;

/** The Automerge actor of a replica. */
export function actorOf(origin: number): string {
  assert(isOrigin(origin), "the catalogue is edited by a replica");
  return ACTOR_PREFIX + origin.toString(16).padStart(8, "0");
}

/** Refuses a document or a change of it. */
export function refuseCatalogue(problem: string, cause?: unknown): never {
  throw new MurmurationError("corrupt", `catalogue: ${problem}`, undefined, cause);
}

/**
 * Throws `corrupt` unless this is a change as the writer of that operation makes it: plain, by its own actor, and the next of it. A change in
 * another's name would keep the other's own out for good.
 */
export function checkChange(change: Uint8Array, { origin, sequence }: Dot): void {
  if (change[KIND_AT] !== PLAIN_CHANGE) refuseCatalogue("a change is not in the form that replicas write");
  // before Automerge makes of it what it says
  const problem = problemOfChangeSize(change);
  if (problem !== undefined) refuseCatalogue(problem);
  let decoded: Automerge.DecodedChange;
  try {
    decoded = Automerge.decodeChange(change);
  } catch (cause) {
    return refuseCatalogue("a change is damaged", cause);
  }
  const { actor, seq, startOp, ops } = decoded;
  if (actor !== actorOf(origin) || seq !== sequence) {
    refuseCatalogue(`operation ${origin}:${sequence} brings a change of another operation`);
  }
  if (startOp + ops.length > limits.catalogueEditsMax) refuseCatalogue("a change counts edits that nobody made");
}
