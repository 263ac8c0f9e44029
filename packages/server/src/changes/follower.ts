import { type Collection, missingFrom, type VersionVector } from "@murmuration/core";
import { changeToken } from "./change-token.js";
import { EventPage } from "./event-page.js";
import { collectionData, eventText } from "./event-text.js";
import type { Told } from "./messages.js";
import type { OpCursor } from "./op-cursor.js";

/** A client, as whoever reads the log for it knows it. */
export interface Follower {
  readonly client: number;
  readonly shard: string;
  readonly told: Told;
  /** As it was told of it. */
  collection: Collection;
  /** Goes out before what comes first. */
  first: string | undefined;
  /** Where it is, while it is not at the end with all others. */
  cursor: OpCursor | undefined;
  /** It has taken everything, and waits for what this replica does not hold yet. */
  isWaiting: boolean;
  /** Was something missing when it was read for last? */
  isGap: boolean;
  /** What it is behind when it has been sent the points. */
  snapshot: VersionVector | undefined;
  /** Snapshots since it was last sent an operation. */
  snapshots: number;
}

/** How many operations a frontier holds. */
export function total(frontier: VersionVector): number {
  return missingFrom(new Map(), frontier);
}

/** The first event of a stream: where it begins, and what the collection is made of. */
export function sayBegin(follower: Follower, mode: string, seen: VersionVector, missing = 0): void {
  const { told, collection, shard } = follower;
  if (told === "names") return;
  const token = changeToken(shard, seen);
  const ahead = missing > 0 ? `,"missing":${missing}` : "";
  const data = `{"mode":"${mode}","token":"${token}"${ahead},${collectionData(collection).slice(1)}`;
  follower.first = eventText("begin", data, token);
}

/** A page that begins with what is to go out first. */
export function pageOf(follower: Follower): EventPage {
  const page = new EventPage();
  if (follower.first !== undefined) page.put(follower.first);
  follower.first = undefined;
  return page;
}
