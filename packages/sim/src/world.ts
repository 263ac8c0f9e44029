import { createHash, type Hash } from "node:crypto";
import { decodeEnvelope } from "@murmuration/core";
import { Violated, type Violation } from "./checkers/checker.js";
import { ConvergenceChecker } from "./checkers/convergence.js";
import { checkGraphAtRest, checkGraphRules, checkRecall } from "./checkers/graph.js";
import { WriteChecker } from "./checkers/writes.js";
import { EventQueue } from "./event-queue.js";
import { Network, type SentMessage } from "./network.js";
import { Node } from "./node.js";
import { Random } from "./random.js";
import { type Fault, profileOf, type Scenario } from "./scenario.js";
import { collectionOf, type Step, VectorSource } from "./workload.js";

const START_MS = 1_700_000_000_000;
const TICK_MS = 100;
/** Within so much time after the last fault everything must be equal and at rest. */
const LIVENESS_MS = 240_000;
const DRAIN_MS = 1_000;

/** Something that a run did, for people. */
export interface TraceEvent {
  readonly atMs: number;
  readonly kind: "message" | "write" | "refused" | "fault" | "restored" | "start" | "crash" | "phase" | "violation";
  readonly node: number;
  readonly text: string;
  readonly message?: SentMessage;
}

/** What came of a run. */
export interface RunResult {
  readonly scenario: Scenario;
  readonly violation: Violation | undefined;
  readonly simulatedMs: number;
  readonly messages: number;
  readonly writes: number;
  /** Digest of everything that happened: equal for two runs of one scenario. */
  readonly traceDigest: string;
}

/** Describes a message by what is in it. */
export function describeMessage({ bytes, fate }: SentMessage): string {
  try {
    const { message } = decodeEnvelope(bytes);
    switch (message.kind) {
      case "operations":
        return `operations (${message.batch.length} bytes)`;
      case "request":
        return `request for ${message.origin} behind ${message.after} of ${message.shard}`;
      default:
        return message.kind;
    }
  } catch {
    return `unreadable (${fate})`;
  }
}

/** One run: replicas, their disks, clocks and network, clients and faults, in virtual time. */
export class World {
  readonly #scenario: Scenario;
  readonly #queue = new EventQueue(START_MS);
  readonly #nodes: Node[] = [];
  readonly #network: Network;
  readonly #founders: readonly number[];
  readonly #convergence: ConvergenceChecker;
  readonly #writes = new WriteChecker();
  readonly #queries: readonly Float32Array[];
  readonly #isOrdinary: boolean;
  readonly #onEvent: ((event: TraceEvent) => void) | undefined;
  readonly #hash: Hash = createHash("sha256");
  #messages = 0;
  #acknowledged = 0;

  constructor(scenario: Scenario, onEvent?: (event: TraceEvent) => void) {
    this.#scenario = scenario;
    this.#onEvent = onEvent;
    const profile = profileOf(scenario.profile);
    const random = new Random(scenario.seed);
    this.#founders = Array.from({ length: profile.founders }, (_, i) => i + 1);
    const source = new VectorSource(scenario.seed ^ 0x5bd1e995, { ...profile });
    this.#isOrdinary = new VectorSource(scenario.seed, profile).isOrdinary;
    this.#queries = Array.from({ length: 6 }, (_, i) => source.next(i % profile.founders));
    this.#convergence = new ConvergenceChecker(this.#queries.slice(0, 3));
    this.#network = new Network(
      this.#queue,
      random.fork("network"),
      scenario.rates,
      (message) => this.#deliver(message),
      (message) => this.#noteSent(message),
    );
  }

  /** Run to the end or to the first violation. */
  run(): RunResult {
    let violation: Violation | undefined;
    try {
      this.#go();
    } catch (error) {
      const atMs = this.#queue.nowMs - START_MS;
      const checker = error instanceof Violated ? error.checker : "exception";
      const detail =
        error instanceof Violated
          ? error.message
          : error instanceof Error
            ? (error.stack ?? error.message)
            : String(error);
      violation = { checker, atMs, detail };
      this.#note("violation", 0, `${checker}: ${detail}`);
    }
    return {
      scenario: this.#scenario,
      violation,
      simulatedMs: this.#queue.nowMs - START_MS,
      messages: this.#messages,
      writes: this.#acknowledged,
      traceDigest: this.#hash.digest("hex"),
    };
  }

  #go(): void {
    const { steps, faults, seed } = this.#scenario;
    for (const id of this.#founders) this.#addNode(id);
    this.#runUntil(START_MS + 300);
    this.#client(0, collectionOf(seed));
    this.#runUntil(START_MS + 400);
    for (const step of steps) this.#queue.at(START_MS + step.atMs, () => this.#step(step));
    for (const fault of faults) this.#queue.at(START_MS + fault.atMs, () => this.#fault(fault));
    const lastMs = Math.max(500, ...steps.map(({ atMs }) => atMs), ...faults.map(({ atMs, forMs }) => atMs + forMs));
    this.#runUntil(START_MS + lastMs + DRAIN_MS);
    this.#recover();
    this.#settle();
    this.#checkAtRest();
  }

  #runUntil(untilMs: number): void {
    while (this.#queue.step(untilMs));
  }

  // ---- nodes

  #addNode(id: number, prepare?: (node: Node) => void): Node {
    const node = new Node(id, this.#founders, () => this.#queue.nowMs);
    // a bound that is reached, in every fourth world
    if (this.#scenario.seed % 4 === 0) node.inboxBytesMax = 2_000;
    prepare?.(node);
    this.#nodes.push(node);
    node.start();
    this.#note("start", id, "starts");
    const tick = () => {
      if (!node.isRetired) {
        if (node.isUp) {
          node.tick();
          this.#after(node);
        }
        this.#queue.after(TICK_MS, tick);
      }
    };
    this.#queue.after((id * 37) % TICK_MS, tick);
    return node;
  }

  /** Send what a node has to send, and look at it. */
  #after(node: Node): void {
    for (const { to, bytes } of node.outbox()) {
      for (const other of this.#nodes) {
        if (other !== node && (to === undefined || to === other.id)) this.#network.send(node.id, other.id, bytes);
      }
    }
    if (node.replica === undefined) return;
    checkGraphRules(node.replica);
    this.#convergence.check(node);
  }

  #deliver(message: SentMessage): void {
    const node = this.#nodes.find(({ id }) => id === message.to);
    if (node === undefined || node.isRetired || node.replica === undefined) return;
    if (!node.isUp) {
      // a paused process finds it when it goes on
      this.#queue.at(node.pausedUntilMs, () => this.#deliver(message));
      return;
    }
    const wasUp = node.replica !== undefined;
    node.receive(message.bytes);
    if (wasUp && node.replica === undefined) this.#note("crash", node.id, "crashes while it writes");
    this.#after(node);
  }

  // ---- clients

  #step({ node, command }: Step): void {
    this.#client(node, command);
  }

  #client(first: number, command: Step["command"]): void {
    const able = this.#nodes.filter((node) => node.isUp && !node.isRetired);
    const node = able[first % Math.max(1, able.length)];
    if (node?.replica === undefined) return;
    const { replica } = node;
    const { outcome, why, changes } = node.execute(command);
    const text = describeCommand(command);
    if (outcome === "acknowledged") {
      this.#acknowledged++;
      this.#writes.note(replica, changes, node.clockWasSet ? undefined : node.nowMs());
      this.#note("write", node.id, text);
    } else this.#note("refused", node.id, `${text}: ${why ?? outcome}`);
    this.#after(node);
  }

  // ---- faults

  #fault(fault: Fault): void {
    const node = this.#nodes[fault.node % this.#nodes.length] as Node;
    const other = this.#nodes[fault.other % this.#nodes.length] as Node;
    if (node.isRetired) return;
    this.#note("fault", node.id, `${fault.kind} for ${fault.forMs} ms`);
    const until = (restore: () => void) =>
      this.#queue.after(fault.forMs, () => {
        this.#note("restored", node.id, fault.kind);
        restore();
      });
    const others = () => this.#nodes.filter((one) => one !== node);
    switch (fault.kind) {
      case "partition":
        for (const one of others()) {
          this.#network.cut(node.id, one.id);
          this.#network.cut(one.id, node.id);
        }
        return until(() => {
          for (const one of others()) {
            this.#network.restore(node.id, one.id);
            this.#network.restore(one.id, node.id);
          }
        });
      case "one-way":
        this.#network.cut(node.id, other.id);
        return until(() => this.#network.restore(node.id, other.id));
      case "clog":
        this.#network.clog(node.id, other.id, 200 + 4_000 * fault.amount);
        return until(() => this.#network.restore(node.id, other.id));
      case "crash":
        if (fault.amount < 0.5) node.kill();
        else node.disk.writesToCrash = Math.floor((fault.amount - 0.5) * 40);
        return until(() => this.#restart(node));
      case "pause":
        node.pausedUntilMs = this.#queue.nowMs + fault.forMs;
        return;
      case "full-disk":
        node.disk.isFull = true;
        return until(() => {
          node.disk.isFull = false;
        });
      case "skew":
        node.clockWasSet = true;
        node.skewMs = Math.round((fault.amount - 0.5) * 40_000);
        return;
      case "clock-jump":
        node.clockWasSet = true;
        node.skewMs = Math.round((fault.amount - 0.3) * 130_000);
        return until(() => {
          node.skewMs = 0;
        });
      case "join":
        if (this.#nodes.length < 6) this.#addNode(this.#nodes.length + 1);
        return;
      case "evict":
        return this.#evict(node);
      case "restore":
        return this.#restoreFromBackup(node, fault.amount);
      default:
        return;
    }
  }

  #restart(node: Node): void {
    node.disk.writesToCrash = undefined;
    if (node.isRetired) return;
    if (node.replica !== undefined) node.kill();
    node.start();
    node.frontier = "";
    this.#note("start", node.id, "starts again");
    this.#after(node);
  }

  /** An operator gives a node up, on another one. */
  #evict(node: Node): void {
    const active = this.#nodes.filter((one) => !one.isRetired);
    const host = active.find((one) => one !== node && one.isUp);
    if (host === undefined || active.length < 3) return;
    const { outcome } = host.execute({ kind: "evict-member", id: node.id });
    if (outcome === "acknowledged") {
      node.isRetired = true;
      this.#writes.giveUp(node.id);
      this.#note("fault", node.id, "is evicted");
    }
    this.#after(host);
  }

  /** A disk is lost; an older copy of it comes back under a new replica id, and the old id is evicted. */
  #restoreFromBackup(node: Node, amount: number): void {
    const copy = node.disk.copyAt(Math.floor(node.disk.transactions * amount));
    this.#evict(node);
    if (!node.isRetired) return;
    node.kill();
    copy.transaction((writer) => {
      writer.putSetting("replica.id", String(this.#nodes.length + 1));
      writer.putSetting("replica.admitted", "");
    });
    this.#addNode(this.#nodes.length + 1, (restored) => {
      restored.disk = copy;
    });
  }

  // ---- the end

  /** Faults stop. */
  #recover(): void {
    this.#note("phase", 0, "faults stop");
    this.#network.heal();
    for (const node of this.#nodes) {
      node.disk.isFull = false;
      node.pausedUntilMs = 0;
      node.skewMs = 0;
      node.disk.writesToCrash = undefined;
      if (node.isRetired) node.kill();
      else if (node.replica === undefined) this.#restart(node);
    }
  }

  #active(): Node[] {
    return this.#nodes.filter((node) => !node.isRetired);
  }

  #settle(): void {
    const endMs = this.#queue.nowMs + LIVENESS_MS;
    while (this.#queue.nowMs < endMs) {
      this.#runUntil(this.#queue.nowMs + 500);
      if (this.#isSettled()) return;
    }
    const states = this.#active().map((node) => {
      const status = node.replica?.status();
      return `${node.id}: ${this.#identity(node)} ${JSON.stringify(status, (_, value) => (value instanceof Map ? [...value] : value))}`;
    });
    throw new Violated("liveness", `not equal and at rest after ${LIVENESS_MS} ms:\n${states.join("\n")}`);
  }

  #identity(node: Node): string {
    const { replica } = node;
    if (replica === undefined || !node.hasCollection()) return "nothing";
    const { frontier } = replica.shard("points").causality.toJson();
    return `${replica.catalogueHeads().join()} ${JSON.stringify(frontier)}`;
  }

  #isSettled(): boolean {
    const active = this.#active();
    if (!active.every((node) => node.replica?.status().upkeep.atRest === true)) return false;
    return new Set(active.map((node) => this.#identity(node))).size === 1;
  }

  #checkAtRest(): void {
    this.#note("phase", 0, "everything is at rest");
    for (const node of this.#active()) {
      const { replica } = node;
      if (replica === undefined || !node.hasCollection()) continue;
      this.#convergence.checkThoroughly(node);
      this.#writes.check(replica);
      checkGraphAtRest(replica);
      if (this.#isOrdinary) checkRecall(replica, this.#queries);
      const inboxBytes = replica.status().peering?.inboxBytes ?? 0;
      if (inboxBytes > 0) throw new Violated("at rest", `replica ${node.id} holds ${inboxBytes} bytes back`);
      this.#checkRestart(node);
    }
  }

  /** A process that starts again on its disk is what it was. */
  #checkRestart(node: Node): void {
    if (node.id !== (this.#scenario.seed % 3) + 1) return;
    this.#restart(node);
    this.#convergence.checkThoroughly(node);
  }

  // ---- trace

  #noteSent(message: SentMessage): void {
    this.#messages++;
    this.#hash.update(`${message.sentMs} ${message.from}>${message.to} ${message.fate} ${message.arrivesMs} `);
    this.#hash.update(message.bytes);
    if (this.#onEvent === undefined) return;
    const atMs = message.sentMs - START_MS;
    const text = `${message.from} > ${message.to} ${message.fate}: ${describeMessage(message)}`;
    this.#onEvent({ atMs, kind: "message", node: message.from, text, message });
  }

  #note(kind: TraceEvent["kind"], node: number, text: string): void {
    const atMs = this.#queue.nowMs - START_MS;
    this.#hash.update(`${atMs} ${kind} ${node} ${text}`);
    this.#onEvent?.({ atMs, kind, node, text });
  }
}

function describeCommand(command: Step["command"]): string {
  if (command.kind === "upsert-points") return `upsert ${command.points.map(({ id }) => id).join(" ")}`;
  if (command.kind === "delete-points") {
    return "ids" in command.target ? `delete ${command.target.ids.join(" ")}` : "delete by filter";
  }
  return command.kind;
}

/** Run a scenario. Errors of the simulator itself pass. */
export function runScenario(scenario: Scenario, onEvent?: (event: TraceEvent) => void): RunResult {
  return new World(scenario, onEvent).run();
}
