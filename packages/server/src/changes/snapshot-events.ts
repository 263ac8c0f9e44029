import { MurmurationError, type PointId, pointIdFromText } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import { snapshotFirstPoints, snapshotPageCharacters, snapshotPagePoints } from "./change-limits.js";
import { type EventShape, eventText } from "./event-text.js";
import { readFollowed } from "./followed-read.js";
import type { Following } from "./following.js";
import type { Gate } from "./live-reads.js";

/** What a snapshot is sent with. */
export interface SnapshotJob {
  readonly database: Database;
  readonly following: Following;
  /** Pages are read through it. */
  readonly gate: Gate;
  /** What holds when all was sent: changes go on behind it. */
  readonly token: string;
  readonly why: string;
  readonly isGone: () => boolean;
  /** Of a page; one point is sent however large it is. */
  readonly bytesMax: number;
  readonly send: (bytes: Uint8Array, events: number) => void;
}

const NEXT = /,"next_page_offset":(?:null|"([0-9a-f-]{36})"|(\d+))\}$/;
const utf8 = new TextEncoder();

/** Where the next page begins; `undefined`: there is none. */
function nextOf(text: string): PointId | undefined {
  const [found, uuid, number] = NEXT.exec(text) ?? [];
  if (found === undefined) throw new MurmurationError("internal", "a page says where the next one begins");
  const next = uuid ?? number;
  return next === undefined ? undefined : pointIdFromText(next);
}

/** How many points are asked for where a page of `points` had so many characters. */
function pointsBehind(points: number, characters: number): number {
  const fitting = Math.floor((points * snapshotPageCharacters) / characters);
  return Math.max(1, Math.min(fitting, 2 * points, snapshotPagePoints));
}

/** Is an answer refused because it would be too large? */
const isTooLarge = (error: unknown) =>
  error instanceof MurmurationError && error.code === "bad-request" && error.field === "limit";

/**
 * Sends a client all points page by page, each as it is when its page is read: what was written since the snapshot began comes behind it once more, as operations.
 * The next page is read when the client has taken the one before. Pages begin small and follow the size of the points.
 */
export async function sendSnapshot(job: SnapshotJob): Promise<void> {
  const { following, token, why, isGone, send } = job;
  const { client, told } = following;
  if (told === "names") return;
  send(utf8.encode(eventText("snapshot-begin", JSON.stringify({ why, token }))), 1);
  let limit = snapshotFirstPoints;
  let offset: PointId | undefined;
  for (;;) {
    await client.untilReady();
    const page = await job.gate.run(() => readPage(job, told, limit, offset));
    if (isGone()) return;
    if (page === undefined) {
      limit = Math.floor(limit / 2);
      continue;
    }
    send(utf8.encode(eventText("snapshot", page)), 1);
    offset = nextOf(page);
    if (offset === undefined) break;
    limit = pointsBehind(limit, page.length);
  }
  // what waits may be one large point: whoever reads it is not ended for it
  await client.untilReady();
  if (isGone()) return;
  send(utf8.encode(eventText("snapshot-end", JSON.stringify({ token }), token)), 1);
}

/** The text of a page; `undefined`: it is too large, or nobody is there any more. */
async function readPage(
  { database, following, isGone, bytesMax }: SnapshotJob,
  { withPayload, withVector }: EventShape,
  limit: number,
  offset: PointId | undefined,
): Promise<string | undefined> {
  if (isGone()) return undefined;
  const selection = { payload: withPayload, vectors: withVector };
  const request = { limit, selection, ...(offset === undefined ? {} : { offset }) };
  try {
    const limits = { isAbandoned: isGone, bytesMax: limit > 1 ? bytesMax : Number.POSITIVE_INFINITY };
    const { text } = await readFollowed(database, following, { kind: "scroll", request }, limits);
    return text;
  } catch (error) {
    if (limit > 1 && isTooLarge(error)) return undefined;
    throw error;
  }
}
