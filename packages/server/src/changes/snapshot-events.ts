import { MurmurationError, type PointId, pointIdFromText } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import { snapshotPagePoints } from "./change-limits.js";
import { eventText } from "./event-text.js";
import { readFollowed } from "./followed-read.js";
import type { Following } from "./following.js";

/** What a snapshot is sent with. */
export interface SnapshotJob {
  readonly database: Database;
  readonly following: Following;
  /** What holds when all was sent: changes go on behind it. */
  readonly token: string;
  readonly why: string;
  readonly isGone: () => boolean;
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

/**
 * Sends a client all points page by page, each as it is when its page is read: what was written since the snapshot began comes behind it once more, as operations.
 * The next page is read when the client has taken the one before.
 */
export async function sendSnapshot({ database, following, token, why, isGone, send }: SnapshotJob): Promise<void> {
  const { client, told } = following;
  if (told === "names") return;
  send(utf8.encode(eventText("snapshot-begin", JSON.stringify({ why, token }))), 1);
  const selection = { payload: told.withPayload, vectors: told.withVector };
  let offset: PointId | undefined;
  do {
    await client.untilReady();
    if (isGone()) return;
    const request = { limit: snapshotPagePoints, selection, ...(offset === undefined ? {} : { offset }) };
    const { text } = await readFollowed(database, following, { kind: "scroll", request }, isGone);
    send(utf8.encode(eventText("snapshot", text)), 1);
    offset = nextOf(text);
  } while (offset !== undefined);
  send(utf8.encode(eventText("snapshot-end", JSON.stringify({ token }), token)), 1);
}
