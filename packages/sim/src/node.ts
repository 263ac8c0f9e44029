import {
  type Batch,
  type ClusterOptions,
  type Command,
  type CompactionOptions,
  type Invitation,
  MemoryVectorFiles,
  type Outgoing,
  type Planner,
  Replica,
  type Signing,
  type VersionVector,
} from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { Violated } from "./checkers/checker.js";
import { collectionName } from "./commands.js";
import { CrashSignal, SimulatedDisk } from "./disk.js";
import { simulatedPlanner } from "./planners.js";
import { firstKeyOf, simulatedSigning } from "./signing.js";

/** An operation that the simulator has applied by half. */
export class BrokenByHalf extends Error {
  constructor() {
    super("the simulator broke it");
  }
}

/** What a client's command came to. */
export type Outcome = "acknowledged" | "refused" | "down";

interface Executed {
  readonly outcome: Outcome;
  readonly why?: string;
  /** The operations that it came to, in order. */
  readonly written: readonly Batch[];
  readonly operationId: number;
}

const CLUSTER_SECRET = new TextEncoder().encode("what all replicas of a simulation have in common");
const SYSTEM_SHARD = "system";
const nothing = { written: [], operationId: 0 };

/** One process of a replica with its disk and its clock. */
export class Node {
  readonly id: number;
  /** Where messages to it go: its id, but for the second of two processes with one id. */
  address: number;
  disk = new SimulatedDisk();
  vectorFiles = new MemoryVectorFiles();
  replica: Replica | undefined;
  /** Its clock is so far ahead of the true time. */
  skewMs = 0;
  /** Its clock stands still at this time. */
  frozenMs: number | undefined;
  /** Its disk is damaged: it cannot be started any more. */
  isBroken = false;
  /** It sends what no replica of ours would: it is given up, and an empty one joins in its place. */
  isHostile = false;
  /** Was its clock ever wrong? */
  clockWasSet = false;
  /** Something was lost here that no log tells of, and may not be mended yet. */
  isDamaged = false;
  /** Stops answering until then. */
  pausedUntilMs = 0;
  /** A second process with the id of another node, on a copy of its disk: no client talks to it. */
  isTwin = false;
  /** Gone for good, by an eviction or because another runs under its id. */
  isRetired = false;
  /** A shard that is quarantined is its replica's to mend; else it counts as broken. */
  mendsQuarantined = false;
  /** Bound on what it holds back. */
  inboxBytesMax = 8 * 1024 * 1024;
  /** Bounds at which its logs are compacted; those of a host without. */
  compaction: CompactionOptions | undefined;
  /** Lag at which it takes snapshots; that of a host without. */
  snapshotLagOperations: number | undefined;
  /** Has it a key, and do all others? */
  signs = false;
  /** Its keys: they lie beside its disk. */
  readonly signing: Signing;
  /** By which it is let in; without one, the secret of the cluster does. */
  invitation: Invitation | undefined;
  /** The collection's shard and its frontier when they were last compared with others'. */
  compared: { readonly shard: string; readonly frontier: VersionVector } | undefined;
  readonly #founders: readonly number[];
  readonly #trueMs: () => number;
  readonly #planner: Planner;
  #starts = 0;

  constructor(id: number, founders: readonly number[], trueMs: () => number, planners = 1) {
    this.#planner = simulatedPlanner(planners);
    this.id = id;
    this.address = id;
    this.signing = simulatedSigning(String(id));
    this.#founders = founders;
    this.#trueMs = trueMs;
  }

  get isUp(): boolean {
    return this.replica !== undefined && this.#trueMs() >= this.pausedUntilMs;
  }

  nowMs(): number {
    return Math.max(0, Math.round((this.frozenMs ?? this.#trueMs()) + this.skewMs));
  }

  /** Start the process on its disk. */
  start(): void {
    this.#starts++;
    this.vectorFiles = new MemoryVectorFiles();
    try {
      this.replica = Replica.open({
        log: this.disk,
        // without images nothing is left of the files of before
        vectorFiles: this.vectorFiles,
        clock: { now: () => this.nowMs() },
        newReplicaId: () => this.#drawId(),
        newTableSeed: () => [this.address, this.#starts],
        planner: this.#planner,
        ...(this.compaction === undefined ? {} : { compaction: this.compaction }),
        cluster: {
          name: "sim",
          region: `r${this.id}`,
          nonce: this.address * 1000 + this.#starts,
          founders: this.#founders,
          inboxBytesMax: this.inboxBytesMax,
          ...this.#keys(),
          ...(this.snapshotLagOperations === undefined ? {} : { snapshotLagOperations: this.snapshotLagOperations }),
        },
      });
      this.#requireWhole(this.replica);
      // what waits for a snapshot, or for room on the disk, is damaged still
      const isWhole = this.replica.quarantined().length === 0 && !this.disk.isFull;
      if (isWhole) this.disk.hasDamagedRecords = false;
    } catch (error) {
      // a full disk lets no process start; it is started again when there is room
      if (error instanceof CrashSignal || (error instanceof MurmurationError && error.code === "storage")) return;
      if (!this.disk.isRotten || !(error instanceof MurmurationError && error.code === "corrupt")) throw error;
      this.isBroken = true;
    }
  }

  /** What it knows of keys: founders know each other's, whoever comes later proves that it may. */
  #keys(): Partial<ClusterOptions> {
    if (!this.signs) return {};
    const { signing, invitation } = this;
    const isFounder = this.#founders.includes(this.id);
    if (isFounder) {
      const founderKeys = new Map(this.#founders.map((id) => [id, [firstKeyOf(String(id))]] as const));
      return { signing, founderKeys, secret: CLUSTER_SECRET };
    }
    return { signing, ...(invitation === undefined ? { secret: CLUSTER_SECRET } : { invitation }) };
  }

  /** What it joins with: an operator who gives it up before anybody took that writes the same, with the key that it began with. */
  get joinsBy(): Command {
    const keys = this.signs ? { keys: [firstKeyOf(String(this.id))] } : {};
    return { kind: "join-member", id: this.id, region: `r${this.id}`, ...keys };
  }

  /** How often its process was started. */
  get starts(): number {
    return this.#starts;
  }

  /** Only who has written nothing draws an id: under another one its own operations would be somebody else's. */
  #drawId(): number {
    if (this.disk.lastPosition() === 0) return this.id;
    throw new Violated(
      "identity",
      `replica ${this.id} draws another id, and its disk holds what it wrote under this one`,
    );
  }

  /** What cannot be applied is quarantined, and the node as broken as one that cannot be started. Nothing but rot may bring that about. */
  #requireWhole(replica: Replica): void {
    // a shard that is made again from its operations cannot do without a payload that one of them has lost
    const isRotten = this.disk.isRotten || this.disk.hasDamagedPayloads;
    const [quarantined] = replica
      .quarantined()
      .filter(({ shard }) => !(this.mendsQuarantined && isRotten) || shard === SYSTEM_SHARD);
    if (quarantined === undefined) return;
    this.replica = undefined;
    throw new MurmurationError("corrupt", quarantined.reason);
  }

  /** The process ends, and the machine with it. */
  kill(): void {
    this.replica = undefined;
    this.disk.losePower();
  }

  /** Do something in the process. A crash ends it; the log's refusals are what a host lives with. */
  #during<T>(work: (replica: Replica) => T): T | undefined {
    const { replica } = this;
    if (replica === undefined) return undefined;
    try {
      const result = work(replica);
      const fault = replica.takeFaults().find((one) => !this.#isExpected(one));
      if (fault !== undefined) throw new Error(`${fault.what}: ${fault.detail}`);
      return result;
    } catch (error) {
      if (error instanceof CrashSignal || (error as { cause?: unknown }).cause instanceof CrashSignal) {
        this.kill();
        return undefined;
      }
      if (error instanceof MurmurationError && error.code === "storage") return undefined;
      if ((error as { cause?: unknown }).cause instanceof BrokenByHalf) return undefined;
      throw error;
    }
  }

  /** Is it what comes of faults that were injected? */
  #isExpected({ what, detail }: { readonly what: string; readonly detail: string }): boolean {
    const isOfPayloads = this.disk.hasDamagedPayloads && /^payloads of shard .* (lost|written anew)/.test(what);
    return isOfPayloads || detail.includes(new BrokenByHalf().message);
  }

  execute(command: Command): Executed {
    const writes = this.disk.writesToCrash;
    const execution = this.#during((replica) => replica.execute([command]));
    if (execution === undefined) return { outcome: "down", ...nothing };
    const [result] = execution.outcomes;
    if (result instanceof MurmurationError) {
      // a crash within the transaction arrives as a failure of the log
      if (result.cause instanceof CrashSignal || (writes !== undefined && this.disk.writesToCrash === undefined)) {
        this.kill();
        return { outcome: "down", ...nothing };
      }
      return { outcome: "refused", why: result.message, ...nothing };
    }
    const written = execution.own.map((rows) => ({ ...rows, origin: (this.replica as Replica).id }));
    return { outcome: "acknowledged", written, operationId: result?.operationId ?? 0 };
  }

  /** `sender`: the replica whose message it is, as the network knows. */
  receive(bytes: Uint8Array, sender?: number): void {
    this.#during((replica) => replica.receive(bytes, sender));
  }

  tick(): void {
    this.#during((replica) => replica.tick());
  }

  outbox(): Outgoing[] {
    return this.#during((replica) => replica.outbox()) ?? [];
  }

  /** Has it the collection that the steps are about, and serves it? */
  hasCollection(): boolean {
    const { replica } = this;
    if (replica === undefined) return false;
    const collection = Object.values(replica.catalogue.collections).find(({ name }) => name === collectionName);
    return collection !== undefined && !replica.quarantined().some(({ shard }) => shard === collection.id);
  }
}
