import { Broker } from "./broker.js";
import { changesWholly } from "./checkers/changes-wholly.js";
import { Violated, type Violation } from "./checkers/checker.js";
import { checkCompaction } from "./checkers/compaction.js";
import { ConvergenceChecker } from "./checkers/convergence.js";
import { ErasureChecker } from "./checkers/erasures.js";
import { ForgedSnapshots } from "./checkers/forged-snapshots.js";
import { checkForgeries, type Forgeries } from "./checkers/forgeries.js";
import { checkGraphRules, checkInserts } from "./checkers/graph.js";
import { checkVectorOfCommand, checkVectorsOfShards } from "./checkers/late-vectors.js";
import { ProgressChecker } from "./checkers/progress.js";
import { QuorumChecker } from "./checkers/quorums.js";
import { checkReadBack } from "./checkers/read-back.js";
import { RowChecker } from "./checkers/rows.js";
import { SessionChecker } from "./checkers/sessions.js";
import { WriteChecker } from "./checkers/writes.js";
import { configureNode } from "./configure-node.js";
import { VectorSource } from "./data.js";
import { describeCommand, operationsOf } from "./describe.js";
import { EventQueue } from "./event-queue.js";
import { inject } from "./faults.js";
import type { FaultyWorld } from "./faulty-world.js";
import type { Hostility } from "./hostile.js";
import { Impostor } from "./impostor.js";
import { Network, type SentMessage } from "./network.js";
import { Node } from "./node.js";
import { Random } from "./random.js";
import { profileOf, type Scenario } from "./scenario.js";
import { checkAtRest, type HealedWorld, settle } from "./settle.js";
import { Trace, type TraceEvent } from "./trace.js";
import { violationOf } from "./violation-of.js";
import { collectionOf, type Step } from "./workload.js";

const START_MS = 1_700_000_000_000;
const TICK_MS = 100;
const DRAIN_MS = 1_000;
const FIRST_WRITE_MS_MAX = 2_000;

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

/** One run: replicas, their disks, clocks and network, clients and faults, in virtual time. */
export class World {
  readonly #scenario: Scenario;
  readonly #queue = new EventQueue(START_MS);
  readonly #nodes: Node[] = [];
  readonly #network: Network;
  readonly #broker: Broker | undefined;
  readonly #founders: readonly number[];
  readonly #convergence: ConvergenceChecker;
  readonly #progress = new ProgressChecker();
  readonly #rows = new RowChecker();
  readonly #writes = new WriteChecker();
  readonly #sessions: SessionChecker;
  readonly #quorums: QuorumChecker | undefined;
  readonly #erasures: ErasureChecker | undefined;
  readonly #queries: readonly Float32Array[];
  readonly #isOrdinary: boolean;
  /** Are there commands that are refused for their texts? */
  readonly #isTextual: boolean;
  readonly #trace: Trace;
  /** Nothing that happens from here on can be checked. */
  #isOver = false;
  #acknowledged = 0;
  /** Messages that no replica of ours has made. */
  readonly #forged = new WeakSet<Uint8Array>();
  /** By hostile member: which of its operations must not be taken. */
  readonly #forgeries: Forgeries = new Map();
  readonly #forgedSnapshots = new ForgedSnapshots();
  /** Somebody at the broker who is no member. */
  readonly #impostor: Impostor | undefined;
  /** Was anything lost that no log tells of? */
  #wasDamaged = false;

  constructor(scenario: Scenario, onEvent?: (event: TraceEvent) => void) {
    this.#scenario = scenario;
    this.#trace = new Trace(() => this.#queue.nowMs - START_MS, onEvent);
    const profile = profileOf(scenario.profile);
    this.#isTextual = profile.hasAwkwardText === true;
    const random = new Random(scenario.seed);
    this.#founders = Array.from({ length: profile.founders }, (_, i) => i + 1);
    const source = new VectorSource(scenario.seed ^ 0x5bd1e995, { ...profile });
    this.#isOrdinary = new VectorSource(scenario.seed, profile).isOrdinary;
    this.#queries = Array.from({ length: 6 }, (_, i) => source.next(i % profile.founders));
    this.#convergence = new ConvergenceChecker(this.#queries.slice(0, 3));
    this.#sessions = new SessionChecker(scenario.seed, this.#queries);
    if (profile.hasErasures === true) this.#erasures = new ErasureChecker();
    if (profile.hasQuorums === true) {
      this.#quorums = new QuorumChecker({
        seed: scenario.seed,
        sessions: this.#sessions,
        nodes: this.#nodes,
        nowMs: () => this.#queue.nowMs,
        note: (node, text) => this.#trace.note("wait", node.id, text),
      });
    }
    this.#network = new Network(
      this.#queue,
      random.fork("network"),
      scenario.rates,
      (message) => this.#deliver(message),
      (message) => this.#trace.sent(message),
    );
    if (profile.hasImpostor === true) this.#impostor = new Impostor(scenario.seed, this.#nodes, this.#network);
    if (scenario.hasBroker) {
      this.#broker = new Broker(this.#network, () => this.#nodes.map(({ address }) => address));
    }
  }

  /** Run to the end or to the first violation. */
  run(): RunResult {
    let violation: Violation | undefined;
    try {
      this.#go();
    } catch (error) {
      violation = violationOf(error, this.#queue.nowMs - START_MS, this.#nodes);
      if (violation !== undefined)
        this.#trace.note("violation", violation.about?.nodes?.[0] ?? 0, `${violation.checker}: ${violation.detail}`);
    }
    return {
      scenario: this.#scenario,
      violation,
      simulatedMs: this.#queue.nowMs - START_MS,
      messages: this.#trace.messages,
      writes: this.#acknowledged,
      traceDigest: this.#trace.digest(),
    };
  }

  #go(): void {
    const { steps, faults, seed } = this.#scenario;
    for (const id of this.#founders) this.#addNode(id);
    this.#runUntil(START_MS + 300);
    this.#client(0, collectionOf(seed, profileOf(this.#scenario.profile)));
    // a replica that starts first hears from the others, or waits for them
    while (this.#acknowledged === 0 && this.#queue.nowMs < START_MS + FIRST_WRITE_MS_MAX) {
      this.#runUntil(this.#queue.nowMs + 100);
      this.#client(0, collectionOf(seed, profileOf(this.#scenario.profile)));
    }
    this.#runUntil(START_MS + 400);
    for (const step of steps) this.#queue.at(START_MS + step.atMs, () => this.#step(step));
    const faulty = this.#faulty();
    for (const fault of faults) this.#queue.at(START_MS + fault.atMs, () => inject(faulty, fault));
    const lastMs = Math.max(500, ...steps.map(({ atMs }) => atMs), ...faults.map(({ atMs, forMs }) => atMs + forMs));
    this.#runUntil(START_MS + lastMs + DRAIN_MS);
    if (this.#isOver) return;
    this.#recover();
    const healed = this.#healed();
    settle(healed);
    checkAtRest(healed);
    this.#erasures?.checkAll(this.#nodes);
  }

  #runUntil(untilMs: number): void {
    while (!this.#isOver && this.#queue.step(untilMs));
  }

  // ---- nodes

  #addNode(id: number, prepare?: (node: Node) => void): Node {
    const node = new Node(id, this.#founders, () => this.#queue.nowMs, this.#scenario.planners);
    configureNode(node, this.#scenario);
    prepare?.(node);
    this.#nodes.push(node);
    node.start();
    this.#trace.note("start", id, "starts");
    const tick = () => {
      if (!node.isRetired) {
        if (node.isUp) {
          node.tick();
          this.#broker?.pump(node.address);
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
    for (const outgoing of node.outbox()) {
      const { to, lane, bytes } = outgoing;
      this.#quorums?.sent(node, outgoing);
      if (this.#broker !== undefined && to === undefined && lane === "live") {
        this.#broker.publish(node.address, bytes);
        continue;
      }
      for (const other of this.#nodes) {
        if (other !== node && (to === undefined || to === other.id)) {
          this.#network.send(node.address, other.address, bytes);
        }
      }
    }
    if (node.replica === undefined) return;
    checkForgeries(node.replica, this.#forgeries);
    this.#impostor?.check(node);
    if (this.#nodes.some((one) => one.isTwin)) return;
    this.#progress.check(node);
    this.#rows.check(node);
    if (this.#forgedSnapshots.isInstalled(node, this.#nodes)) this.#damage(node);
    if (node.isDamaged) return;
    // who has lost a link purges a node too early, and cuts the link that others still have: equal again, by a rule broken
    if (!this.#wasDamaged) checkGraphRules(node.replica);
    if (!this.#wasDamaged) checkVectorsOfShards(node.replica);
    this.#quorums?.settle(node);
    this.#erasures?.after(node);
    checkCompaction(node, this.#nodes, this.#founders);
    this.#convergence.check(node);
  }

  #deliver(message: SentMessage): void {
    const node = this.#nodes.find(({ address }) => address === message.to);
    if (node === undefined || node.isRetired || node.replica === undefined) return;
    if (!node.isUp) {
      // a paused process finds it when it goes on
      this.#queue.at(node.pausedUntilMs, () => this.#deliver(message));
      return;
    }
    this.#impostor?.overhear(node, message, this.#queue.nowMs);
    const wasUp = node.replica !== undefined;
    const receive = () => node.receive(message.bytes, this.#nodes.find(({ address }) => address === message.from)?.id);
    if (this.#forged.has(message.bytes)) changesWholly(node, receive);
    else receive();
    if (wasUp && node.replica === undefined) this.#trace.note("crash", node.id, "crashes while it writes");
    this.#after(node);
  }

  // ---- clients

  #step({ node, command }: Step): void {
    this.#client(node, command);
  }

  #client(first: number, command: Step["command"]): void {
    const able = this.#nodes.filter((node) => node.isUp && !node.isRetired && !node.isTwin);
    const node = able[first % Math.max(1, able.length)];
    if (node?.replica === undefined) return;
    const { replica } = node;
    const execute = () => node.execute(command);
    const { outcome, why, written, operationId } = this.#isTextual ? changesWholly(node, execute) : execute();
    const text = describeCommand(command);
    if (outcome === "acknowledged") {
      this.#acknowledged++;
      // before it is looked at: what breaks a rule is seen too
      this.#trace.note("write", node.id, text, () => ({ operations: operationsOf(written) }));
      if (!node.isDamaged) {
        checkReadBack(replica, command);
        checkVectorOfCommand(replica, command);
      }
      checkInserts(replica, written);
      this.#erasures?.note(replica, command, written);
      this.#writes.note(replica, command, written, node.clockWasSet ? undefined : node.nowMs());
      this.#sessions.note(written);
      const sound = able.filter((one) => !one.isDamaged);
      if (node.hasCollection() && !node.isDamaged && !this.#nodes.some((one) => one.isTwin))
        this.#sessions.step(replica, written, sound);
      this.#quorums?.acknowledged(node, command, operationId, written, able);
    } else this.#trace.note("refused", node.id, `${text}: ${why ?? outcome}`);
    this.#after(node);
  }

  // ---- faults

  #faulty(): FaultyWorld {
    return {
      nodes: this.#nodes,
      network: this.#network,
      queue: this.#queue,
      broker: this.#broker,
      note: (kind, node, text) => this.#trace.note(kind, node, text),
      addNode: (id, prepare) => this.#addNode(id, prepare),
      restart: (node) => this.#restart(node),
      evict: (node) => this.#evict(node),
      giveUp: (node) => this.#giveUp(node),
      damage: (node) => this.#damage(node),
      noteForged: (node, transfer) => this.#forgedSnapshots.note(transfer, node.id),
      forge: (node, hostility) => this.#forge(node, hostility),
      replace: (node) => this.#replace(node),
      impostor: this.#impostor,
      endTwin: (node, twin) => this.#endTwin(node, twin),
    };
  }

  #restart(node: Node): void {
    node.disk.writesToCrash = undefined;
    if (node.isRetired) return;
    if (node.isHostile) return this.#replace(node);
    if (node.replica !== undefined) node.kill();
    node.start();
    node.compared = undefined;
    this.#trace.note("start", node.id, "starts again");
    if (node.isBroken) this.#replace(node);
    else this.#after(node);
  }

  #damage(node: Node): void {
    node.isDamaged = true;
    this.#wasDamaged = true;
  }

  /** A member sends to all what no replica of ours would. */
  #forge(node: Node, { messages, forgedFrom }: Hostility): void {
    this.#forgeries.set(node.id, forgedFrom);
    for (const bytes of messages) {
      this.#forged.add(bytes);
      for (const { address } of this.#nodes)
        if (address !== node.address) this.#network.send(node.address, address, bytes);
    }
  }

  /** What nobody else holds of a node's writes may be lost, and named anew. */
  #giveUp(node: Node): void {
    this.#writes.giveUp(node.id);
    this.#sessions.forget();
    this.#convergence.forget();
  }

  /** Two processes with one id must notice it: one of them refuses writes. What both wrote until then cannot be mended: the run ends. */
  #endTwin(node: Node, twin: Node): void {
    const notices = (one: Node) => one.replica?.status().peering?.refusesWrites !== undefined;
    if (node.isUp && twin.isUp && !notices(node) && !notices(twin)) {
      throw new Violated("identity", `two processes run as replica ${node.id}, and neither notices`);
    }
    this.#isOver = true;
  }

  /** A node whose disk is damaged is given up; an empty one joins in its place. */
  #replace(node: Node): void {
    if (node.isRetired) return;
    this.#evict(node);
    if (node.isRetired) this.#addNode(this.#nodes.length + 1);
  }

  /** An operator gives a node up, on another one. */
  #evict(node: Node): void {
    const active = this.#nodes.filter((one) => !one.isRetired);
    const host = active.find((one) => one !== node && one.isUp);
    if (host === undefined || (active.length < 3 && !node.isBroken)) return;
    // a founder counts as a member also where what it had joined with was never taken
    const isMember = host.replica?.catalogue.members.some(({ id }) => id === node.id);
    if (isMember === false) host.execute(node.joinsBy);
    const { outcome } = host.execute({ kind: "evict-member", id: node.id });
    if (outcome === "acknowledged") {
      node.isRetired = true;
      this.#giveUp(node);
      this.#trace.note("fault", node.id, "is evicted");
    }
    this.#after(host);
  }

  // ---- the end

  /** Faults stop. */
  #recover(): void {
    this.#trace.note("phase", 0, "faults stop");
    this.#network.heal();
    for (const node of this.#nodes) {
      node.disk.isFull = false;
      node.pausedUntilMs = 0;
      node.skewMs = 0;
      node.frozenMs = undefined;
      node.disk.writesToCrash = undefined;
      if (node.isRetired) node.kill();
      else if (node.replica === undefined) this.#restart(node);
    }
  }

  #healed(): HealedWorld {
    return {
      seed: this.#scenario.seed,
      nodes: this.#nodes,
      queue: this.#queue,
      trace: this.#trace,
      convergence: this.#convergence,
      writes: this.#writes,
      recallQueries: this.#isOrdinary ? this.#queries : [],
      runUntil: (untilMs) => this.#runUntil(untilMs),
      after: (node) => this.#after(node),
      restart: (node) => this.#restart(node),
      replace: (node) => this.#replace(node),
    };
  }
}

/** Run a scenario. Errors of the simulator itself pass. */
export function runScenario(scenario: Scenario, onEvent?: (event: TraceEvent) => void): RunResult {
  return new World(scenario, onEvent).run();
}
