import {
  type Batch,
  type Command,
  type ConsistencyLevel,
  compareStamps,
  covers,
  decodeEnvelope,
  decodeToken,
  membersNeeded,
  type Outgoing,
  type Replica,
  type SettledWait,
  type Stamp,
  sequenceOf,
  type VersionVector,
  type WaitRequest,
} from "@murmuration/core";
import { MurmurationError, type PointId } from "@murmuration/index";
import { collectionName } from "../commands.js";
import type { Node } from "../node.js";
import { Random } from "../random.js";
import { Violated } from "./checker.js";
import { type Departure, type SessionChecker, written } from "./sessions.js";

/** A node looks at what it waits for with every tick: it may be so much late. */
const LATE_MS = 200;
const levels: readonly ConsistencyLevel[] = [
  { kind: "quorum" },
  { kind: "quorum" },
  { kind: "all" },
  ...[1, 2, 3].map((count) => ({ kind: "count", count }) as const),
];

/** What a client waits for. */
interface OpenRequest {
  readonly request: WaitRequest;
  readonly replica: Replica;
  readonly beganMs: number;
  /** Its place among all that happened. */
  readonly began: number;
  /** Of a write. */
  readonly stamps: ReadonlyMap<PointId, Stamp>;
  /** Of a session. */
  readonly departure: Departure | undefined;
}

/** A write that its client was told to be done. */
interface DoneWrite {
  readonly done: number;
  readonly by: number;
  readonly agreed: number;
  readonly members: readonly number[];
  readonly stamps: ReadonlyMap<PointId, Stamp>;
}

type QuorumResult = Extract<SettledWait, { readonly agreed: unknown }>;

/**
 * Must a read over these members see a write over those? Among the members that both know, the two quorums must meet: those that left
 * in between may be all that had the write, and those that came in between may be the ones that have not.
 */
function mustSee(write: DoneWrite, read: QuorumResult): boolean {
  const common = write.members.filter((member) => read.members.includes(member)).length;
  const gone = write.members.length - common;
  const asked = read.agreed.filter((member) => write.members.includes(member)).length;
  return write.agreed - gone + asked > common;
}

/**
 * Clients that write and read at levels, and sessions that wait where they go. A read sees every write that was done before it began when
 * W + R > N; a write that is done is in the logs of those who say so; outcomes come in time, and not before their time is over.
 */
export class QuorumChecker {
  readonly #random: Random;
  readonly #sessions: SessionChecker;
  readonly #nodes: readonly Node[];
  readonly #nowMs: () => number;
  readonly #note: (node: Node, text: string) => void;
  readonly #open = new Map<Node, Map<number, OpenRequest>>();
  readonly #done: DoneWrite[] = [];
  readonly #everDeleted = new Set<PointId>();
  #events = 0;

  constructor(options: {
    readonly seed: number;
    readonly sessions: SessionChecker;
    readonly nodes: readonly Node[];
    readonly nowMs: () => number;
    readonly note: (node: Node, text: string) => void;
  }) {
    this.#random = new Random(options.seed).fork("quorums");
    this.#sessions = options.sessions;
    this.#nodes = options.nodes;
    this.#nowMs = options.nowMs;
    this.#note = options.note;
  }

  /** A node has acknowledged a command: its client waits for a quorum, another reads, a session goes elsewhere. */
  acknowledged(
    node: Node,
    command: Command,
    operationId: number,
    batches: readonly Batch[],
    able: readonly Node[],
  ): void {
    const { replica } = node;
    if (replica === undefined || !node.hasCollection()) return;
    const { ids, deleted } = written(batches);
    for (const id of deleted) this.#everDeleted.add(id);
    const { table } = replica.shard(collectionName);
    const stamps = new Map<PointId, Stamp>();
    for (const id of ids) {
      const state = table.state(id);
      if (state !== undefined) stamps.set(id, state.stamp);
    }
    if (ids.length > 0) {
      const shard = replica.shardOf(command);
      this.#begin(node, { kind: "write", shard, operationId, ...this.#drawLevel() }, { stamps });
    }
    const [reader, host] = [this.#random.pick(able), this.#random.pick(able)];
    const departure = this.#sessions.depart(this.#random.bits());
    if (reader.replica !== undefined && reader.hasCollection()) {
      const shards = [reader.replica.shard(collectionName).id];
      this.#begin(reader, { kind: "read", shards, ...this.#drawLevel() });
    }
    const token = decodeToken(departure.token, "token");
    this.#begin(host, { kind: "session", token, timeoutMs: this.#drawTimeout() }, { departure });
  }

  /** A node sends a message: what it says to hold durably it has on its disk, and the disk forgets none of it. */
  sent(node: Node, { to, lane, bytes }: Outgoing): void {
    if (to === undefined || lane !== "control") return;
    const { message } = decodeEnvelope(bytes);
    if (message.kind !== "durable") return;
    for (const [shard, frontier] of message.frontiers) {
      const held = node.disk.frontier(shard);
      if (covers(held, frontier) && !node.disk.isBehind) continue;
      const text = (vector: VersionVector) => JSON.stringify([...vector]);
      const detail = `replica ${node.id} says that ${text(frontier)} of ${shard} is durable, and its log has ${text(held)}`;
      throw new Violated("quorum", detail, { nodes: [node.id] });
    }
  }

  /** Look at what a node's clients waited for. */
  settle(node: Node): void {
    const open = this.#open.get(node);
    const { replica } = node;
    if (open === undefined || replica === undefined) return;
    // connections end with the process
    for (const [id, one] of open) if (one.replica !== replica) open.delete(id);
    for (const settled of replica.waits.settled()) {
      const one = open.get(settled.id);
      if (one === undefined) throw new Violated("waits", `replica ${node.id} ends a wait that nobody has begun`);
      open.delete(settled.id);
      this.#checkTime(node, one, settled.result === "not-covered" || settled.result === "quorum-missed");
      this.#check(node, one, settled);
      this.#note(node, `${one.request.kind}: ${settled.result}`);
    }
    for (const one of open.values()) this.#checkTime(node, one, false);
  }

  #drawLevel(): { readonly level: ConsistencyLevel; readonly timeoutMs: number } {
    return { level: this.#random.pick(levels), timeoutMs: this.#drawTimeout() };
  }

  #drawTimeout(): number {
    return this.#random.pick([200, 1_000, 3_000]);
  }

  #begin(
    node: Node,
    request: WaitRequest,
    { stamps = new Map(), departure }: { readonly stamps?: OpenRequest["stamps"]; readonly departure?: Departure } = {},
  ): void {
    const { replica } = node;
    if (replica === undefined) return;
    let id: number;
    try {
      id = replica.waits.begin(request);
    } catch (error) {
      // more members are asked for than there are
      if (error instanceof MurmurationError && error.code === "validation") return;
      throw error;
    }
    const open = this.#open.get(node) ?? new Map<number, OpenRequest>();
    this.#open.set(node, open);
    open.set(id, { request, replica, beganMs: this.#nowMs(), began: this.#events++, stamps, departure });
  }

  /** Outcomes keep their deadlines where the clock goes right and the process runs. */
  #checkTime(node: Node, { request, beganMs }: OpenRequest, isMissed: boolean): void {
    const waitedMs = this.#nowMs() - beganMs;
    if (node.clockWasSet) return;
    if (isMissed && waitedMs < request.timeoutMs) {
      throw new Violated(
        "waits",
        `replica ${node.id} gives a ${request.kind} up after ${waitedMs} of ${request.timeoutMs} ms`,
      );
    }
    if (waitedMs > request.timeoutMs + LATE_MS && node.pausedUntilMs < beganMs) {
      throw new Violated(
        "waits",
        `replica ${node.id} lets a ${request.kind} wait ${waitedMs} of ${request.timeoutMs} ms`,
      );
    }
  }

  #check(node: Node, one: OpenRequest, settled: SettledWait): void {
    if (settled.result === "covered" && one.departure !== undefined) this.#sessions.arrive(one.departure, one.replica);
    if (!("agreed" in settled)) return;
    const { request } = one;
    const fail = (detail: string): never => {
      throw new Violated("quorum", `replica ${node.id}, ${request.kind}: ${detail}`);
    };
    const { agreed, needed, members, result } = settled;
    if (new Set(agreed).size !== agreed.length || agreed.some((member) => !members.includes(member))) {
      fail(`${agreed.join()} of the members ${members.join()} agree`);
    }
    if (request.kind !== "write" && request.kind !== "read") return;
    const least = membersNeeded(request.level, Math.max(members.length, needed), "level");
    if (result === "done" && agreed.length < least) fail(`${agreed.length} members agree where ${least} must`);
    if (request.kind === "write") {
      this.#checkLogs(node.id, agreed, request, fail);
      if (result === "done") {
        this.#done.push({ done: this.#events++, by: node.id, agreed: agreed.length, members, stamps: one.stamps });
      }
    } else if (result === "done") this.#checkRead(one, settled, fail);
  }

  /** Those who say that they hold a write have it on their disks. */
  #checkLogs(
    origin: number,
    agreed: readonly number[],
    { shard, operationId }: Extract<WaitRequest, { kind: "write" }>,
    fail: (detail: string) => never,
  ): void {
    for (const node of this.#nodes) {
      if (node.isRetired || !agreed.includes(node.id)) continue;
      const held = sequenceOf(node.disk.frontier(shard), origin);
      if (held < operationId)
        fail(`replica ${node.id} acknowledges operation ${operationId}, and its log ends at ${held}`);
    }
  }

  #checkRead({ replica, began }: OpenRequest, read: QuorumResult, fail: (detail: string) => never): void {
    const { table } = replica.shard(collectionName);
    for (const write of this.#done) {
      if (write.done > began || !mustSee(write, read)) continue;
      for (const [id, stamp] of write.stamps) {
        const state = table.state(id);
        // deleted meanwhile, and its tombstone forgotten
        if (state === undefined && this.#everDeleted.has(id)) continue;
        if (state !== undefined && compareStamps(state.stamp, stamp) >= 0) continue;
        fail(
          `${read.agreed.length} of ${read.members.length} members agree, and point ${id} is older than replica ${write.by} wrote it with ${write.agreed} of ${write.members.length}`,
        );
      }
    }
  }
}
