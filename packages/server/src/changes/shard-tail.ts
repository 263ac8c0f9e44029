import {
  type Collection,
  compareVersionVectors,
  decodeOperation,
  type LogEntry,
  type Operation,
  type VersionVector,
} from "@murmuration/core";
import type { PointId } from "@murmuration/index";
import { tailCharacters, tailRows } from "./change-limits.js";
import { changeToken } from "./change-token.js";
import { EventPage } from "./event-page.js";
import { collectionData, eventText, operationData } from "./event-text.js";
import type { ChangesReply, NamedOperation, Told } from "./messages.js";
import { type FollowedLog, type OpCursor, readOn, type Stop } from "./op-cursor.js";

/** Sends to the thread that has the clients. */
export type Post = (reply: ChangesReply, transfer?: readonly ArrayBuffer[]) => void;

/** Clients that are told the same at the same time. */
export interface Group {
  readonly number: number;
  readonly told: Told;
  readonly clients: Set<number>;
}

/** An operation of the log, as events tell it. */
export function operationOf({ shard, origin, sequence, bytes }: LogEntry): Operation {
  return decodeOperation(shard, origin, sequence, bytes);
}

/** Does it change points? */
function namesPoints(operation: Operation): operation is Operation & ({ id: PointId } | { ids: PointId[] }) {
  return "id" in operation || "ids" in operation;
}

function nameOf(operation: Operation): NamedOperation | undefined {
  if (!namesPoints(operation)) return undefined;
  const { origin, sequence, kind } = operation;
  return { origin, sequence, kind, ids: "id" in operation ? [operation.id] : operation.ids };
}

/** Does somebody who is told so need payloads? */
export const needsPayload = (told: Told) => told !== "names" && told.withPayload;

/** The end of what one shard's log holds, read once for all clients that are there. */
export class ShardTail {
  readonly cursor: OpCursor;
  readonly groups = new Map<string, Group>();
  /** Was something missing when it was read last? */
  isGap = false;
  readonly #log: FollowedLog;
  readonly #post: Post;
  /** As clients were told of it. */
  #collection: Collection;

  constructor(log: FollowedLog, cursor: OpCursor, collection: Collection, post: Post) {
    this.#log = log;
    this.cursor = cursor;
    this.#collection = collection;
    this.#post = post;
  }

  /** Tell groups of another form of the collection. */
  changed(collection: Collection): void {
    if (collection === this.#collection) return;
    this.#collection = collection;
    const event = eventText("collection", collectionData(collection));
    for (const { number, told } of this.groups.values()) {
      if (told === "names") {
        this.#post({
          kind: "names",
          group: number,
          operations: [],
          frontier: new Map(this.cursor.seen),
          isReset: true,
        });
        continue;
      }
      const page = new EventPage();
      page.put(event);
      this.#send(number, page);
    }
  }

  /** Tells all groups what is new, as much as goes in one turn: `more` says that there is more. Where operations are missing, whoever follows needs the points. */
  advance(told: VersionVector): Stop {
    const groups = [...this.groups.values()];
    const pages = groups.map(() => new EventPage());
    const names: NamedOperation[] = [];
    const isNamed = groups.some((group) => group.told === "names");
    const leavesPayloadsOut = !groups.some((group) => needsPayload(group.told));
    let said = 0;
    const take = (entry: LogEntry) => {
      if (groups.length === 0) return true;
      const operation = operationOf(entry);
      if (isNamed) {
        const named = nameOf(operation);
        if (named !== undefined) names.push(named);
      }
      let id: string | undefined;
      let longest = 0;
      for (const [i, group] of groups.entries()) {
        if (group.told === "names") continue;
        const data = operationData(operation, this.#collection, group.told);
        if (data === undefined) return true;
        id ??= changeToken(this.cursor.shard, this.cursor.seen);
        const page = pages[i] as EventPage;
        const event = eventText(operation.kind, data, id);
        page.put(event);
        longest = Math.max(longest, event.length);
        if (page.isFull) this.#send(group.number, page);
      }
      said += longest;
      return said < tailCharacters;
    };
    const before = new Map(this.cursor.seen);
    const stop = readOn(this.#log, this.cursor, told, tailRows, { leavesPayloadsOut }, take);
    for (const [i, group] of groups.entries()) {
      this.#send(group.number, pages[i] as EventPage);
      if (group.told !== "names" || compareVersionVectors(before, this.cursor.seen) === "equal") continue;
      this.#post({ kind: "names", group: group.number, operations: names, frontier: new Map(this.cursor.seen) });
    }
    return stop;
  }

  #send(group: number, page: EventPage): void {
    if (page.isEmpty) return;
    const { bytes, events } = page.take();
    this.#post({ kind: "tail", group, bytes, events }, [bytes.buffer]);
  }
}
