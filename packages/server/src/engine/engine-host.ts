import type { MessagePort } from "node:worker_threads";
import { type Change, isAdmitted, nothingLeftOut, Replica, replicaIdOf, type WaitRequest } from "@murmuration/core";
import { type Json, MurmurationError } from "@murmuration/index";
import { toPlainError } from "../threads/plain-error.js";
import { stackOf } from "../threads/stack.js";
import { buildIndexes } from "./build-indexes.js";
import { ClusterLink } from "./cluster-link.js";
import { clusterOptions } from "./cluster-options.js";
import { replicaIdFor } from "./cluster-start.js";
import * as limits from "./engine-limits.js";
import { EngineMemory } from "./engine-memory.js";
import type { EngineResources } from "./engine-resources.js";
import { FilteredWrites, isFiltered, type Write } from "./filtered-writes.js";
import { findAnswer } from "./findings.js";
import { HostImages } from "./host-images.js";
import { HostedWaits } from "./hosted-waits.js";
import { LeftOutTold } from "./left-out-told.js";
import { type EngineStart, outcomeOf, type Question, type Reply, type Request } from "./messages.js";
import { openedReply } from "./opened-reply.js";
import { openPlanners, type PlannerPool } from "./planners/planner-pool.js";
import { Replies } from "./replies.js";
import { RequestQueue } from "./request-queue.js";
import { newTableSeed } from "./table-seed.js";
import { TracedOperations } from "./traced-operations.js";
import { transportHost } from "./transport-host.js";
import { TurnGuard } from "./turn-guard.js";
import { UpkeepPace } from "./upkeep-pace.js";
import { WatchedReplica } from "./watched-replica.js";

/**
 * The host of the replica, in the engine's thread: it alone writes the log, the graphs and the images. Three things take turns: requests of
 * the HTTP thread, messages of other replicas, and ticks.
 */
export class EngineHost {
  readonly #replies: Replies;
  readonly #resources: EngineResources;
  readonly #pool: PlannerPool | undefined;
  readonly #replica: Replica;
  readonly #link: ClusterLink | undefined;
  readonly #pace: UpkeepPace;
  readonly #waits: HostedWaits;
  readonly #filtered: FilteredWrites;
  readonly #memory: EngineMemory;
  readonly #traced: TracedOperations;
  readonly #images: HostImages;
  #tickTimer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** When own operations went out last. */
  #sentOwnMs = Number.NEGATIVE_INFINITY;
  readonly #requests: RequestQueue;
  /** Is a turn of the requests due already, and one of the messages of other replicas? */
  #isHandling = false;
  #isReceiving = false;
  #hadRequests = false;
  #storageFails = false;
  /** Epochs that passed where something failed, to be told of. */
  readonly #passed: Change[] = [];
  /** What the other thread was told last, if anything. */
  #toldStanding: string | undefined;
  readonly #leftOut = new LeftOutTold(
    nothingLeftOut,
    (leftOut) => this.#reply({ kind: "left-out", leftOut }),
    (why) => this.#tell("warn", "an entry of the catalogue cannot be read and is left out", { why }),
  );
  #isClosed = false;
  readonly #watched = new WatchedReplica();
  readonly #guard = new TurnGuard((what, why) => this.#tell("error", what, { why }));

  constructor(port: MessagePort, start: EngineStart, resources: EngineResources) {
    this.#replies = new Replies(port);
    this.#requests = new RequestQueue(port);
    this.#resources = resources;
    const { cluster, planners } = start;
    this.#traced = new TracedOperations(start.isTraced === true);
    const { log, images, vectors } = resources;
    this.#pool = openPlanners(planners, (what, why) => this.#tell("warn", what, { why }));
    this.#replica = Replica.open({
      log,
      clock: { now: () => Date.now() },
      newReplicaId: replicaIdFor(cluster, replicaIdOf(log)),
      newTableSeed,
      images,
      vectorFiles: vectors,
      planner: this.#pool,
      watch: this.#watched,
      ...(cluster === undefined
        ? {}
        : {
            cluster: clusterOptions(cluster, resources.signing),
          }),
    });
    this.#reply(openedReply(this.#replica, cluster === undefined || isAdmitted(log)));
    this.#images = new HostImages({
      replica: this.#replica,
      images,
      vectors,
      every: start.imageEvery,
      sync: () => this.#try(() => this.#replica.sync()),
      tell: (level, message, details) => this.#tell(level, message, details),
    });
    this.#pace = new UpkeepPace(cluster !== undefined);
    this.#waits = new HostedWaits(this.#replica.waits);
    this.#memory = new EngineMemory(start, resources, () => this.#replica.writableShards());
    this.#filtered = new FilteredWrites(this.#replica, {
      execute: (write) => this.#commit([write]),
      refuse: ({ request }, error) => this.#reply({ kind: "refused", request, error: toPlainError(error) }),
    });
    if (cluster !== undefined) {
      this.#link = new ClusterLink(
        cluster,
        transportHost(this.#replica, cluster, {
          log: this.#resources.log,
          keep: (write) => this.#guard.run("a stream's position was not kept", () => this.#try(write)),
          tell: (level, message, details) => this.#tell(level, message, details),
        }),
        () => this.#scheduleReceive(),
        (error) => this.#tell("error", "no connection to the cluster, tried again", { why: String(error) }),
      );
    }
  }

  announce(): void {
    this.#publish();
    this.#reply({ kind: "ready" });
    this.#scheduleTick();
  }

  // ---- requests

  /** Take a request. It is handled in a turn of the event loop: a port gives up to a thousand before sockets and timers are looked at. */
  take(request: Request): void {
    this.#requests.take(request);
    this.#scheduleTurn();
  }

  #scheduleTurn(): void {
    if (this.#isHandling) return;
    this.#isHandling = true;
    setImmediate(() => {
      this.#isHandling = false;
      this.#turn("requests", () => this.#handle());
    });
  }

  /** No request, no message and no data ends this thread: what fails is told, and the next turn comes. */
  #turn(what: string, act: () => void): void {
    if (this.#guard.run(`the engine failed at ${what}`, act)) return;
    this.#pace.noteFailure(performance.now());
    if (!this.#requests.isEmpty || !this.#filtered.isEmpty) this.#scheduleTurn();
    this.#scheduleTick();
  }

  /** Handle the requests that wait, in order, for one turn. */
  #handle(): void {
    if (this.#isClosed) return;
    this.#hadRequests = true;
    const beganMs = performance.now();
    let writes: Write[] = [];
    let oldestMs = beganMs;
    this.#filtered.step();
    for (let request = this.#requests.next(); request !== undefined; request = this.#requests.next()) {
      if (request.kind === "write" && !isFiltered(request)) {
        if (writes.length === 0) oldestMs = performance.now();
        writes.push(request);
        if (writes.length < limits.GROUP_COMMANDS_MAX && performance.now() - oldestMs < limits.GROUP_MS_MAX) continue;
      }
      this.#commit(writes);
      writes = [];
      if (request.kind === "write" && isFiltered(request))
        this.#orRefuse(request.request, () => this.#filtered.take(request));
      if (request.kind === "ask") this.#answer(request.request, request.question);
      if (request.kind === "wait") this.#beginWait(request.request, request.wait);
      if (request.kind === "cancel") this.#waits.cancel(request.request);
      if (request.kind === "follow") this.#replies.follow(request.request, request.port);
      if (request.kind === "close") return this.#startClosing();
      if (performance.now() - beganMs > limits.TURN_MS_MAX) {
        this.#scheduleTurn();
        break;
      }
    }
    this.#commit(writes);
    if (buildIndexes(this.#replica) || !this.#filtered.isEmpty || !this.#requests.isEmpty) this.#scheduleTurn();
    this.#publish();
    this.#scheduleTick();
    if (this.#images.areDue) this.#images.save();
  }

  #commit(asked: readonly Write[]): void {
    const writes = asked.filter((write) => this.#isPossible(write));
    if (writes.length === 0) return;
    const isWatched = writes.some(({ watched }) => watched !== undefined);
    const { done, report } = this.#watched.run(isWatched, () => this.#execute(writes));
    const { outcomes, changes } = done;
    const answers = outcomes.map((outcome, i) => {
      const { request, watched, command } = writes[i] as Write;
      this.#traced.noteOwn(this.#replica, command, outcome, watched?.traceparent);
      return outcomeOf(request, outcome, watched && report);
    });
    // what waited for the log was written before these
    const before = this.#replica.changes();
    const passed = outcomes.some((outcome) => outcome instanceof MurmurationError) ? this.#replica.passedEpochs() : [];
    // who is told that a quarantined collection is gone finds the probes at ease
    this.#tellStanding();
    this.#reply({ kind: "committed", outcomes: answers, changes: [...before, ...changes, ...passed] });
    if (changes.length > 0) this.#pace.noteWrite(performance.now());
    this.#send();
  }

  #execute(writes: readonly Write[]): ReturnType<Replica["execute"]> {
    try {
      return this.#resources.reserve.execute(
        this.#replica,
        writes.map((write) => write.command),
      );
    } catch (error) {
      const failure = new MurmurationError("internal", "the engine failed", undefined, error);
      return { outcomes: writes.map(() => failure), changes: [], own: [] };
    }
  }

  /** A write that asks for more members than there are, or adds to a full heap, is refused before anything is written. */
  #isPossible({ request, level, command }: Write): boolean {
    return this.#orRefuse(request, () => {
      if (level !== undefined) this.#replica.waits.check(level, "write_consistency");
      this.#memory.admit(command);
    });
  }

  #beginWait(request: number, wait: WaitRequest): void {
    this.#orRefuse(request, () => this.#waits.begin(request, wait));
  }

  #orRefuse(request: number, act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      this.#reply({ kind: "refused", request, error: toPlainError(error) });
      return false;
    }
  }

  /** Tell of the waits that are over, after the changes that they waited for. */
  #settle(): void {
    const requests = this.#waits.takeSettled();
    if (requests.length > 0) this.#reply({ kind: "settled", requests });
  }

  #answer(request: number, question: Question): void {
    const asked = {
      replica: this.#replica,
      link: this.#link,
      images: this.#images,
      logBytes: this.#resources.logBytes,
      disk: this.#resources.disk,
    };
    this.#orRefuse(request, () => this.#reply({ kind: "answer", request, answer: findAnswer(asked, question) }));
  }

  // ---- other replicas

  #scheduleReceive(): void {
    if (this.#isReceiving || this.#storageFails) return;
    this.#isReceiving = true;
    // requests of the other thread have their turn in between
    setImmediate(() => {
      this.#isReceiving = false;
      this.#turn("messages of other replicas", () => this.#receive());
    });
  }

  #receive(): void {
    // what is not taken waits at its origin: every tick looks again
    if (this.#memory.look() !== undefined) return;
    const messages = this.#link?.take(limits.RECEIVE_BYTES_MAX) ?? [];
    if (messages.length === 0 || this.#isClosed) return;
    this.#try(() => this.#traced.receive(this.#replica, messages, this.#watched));
    this.#pace.noteReceived(performance.now());
    this.#publish();
    if (this.#link?.hasWaiting === true) this.#scheduleReceive();
    this.#scheduleTick();
  }

  #send(): void {
    const link = this.#link;
    if (link === undefined) return;
    const lingersMs = this.#sentOwnMs + limits.LINGER_MS - performance.now();
    // whoever waits for other replicas waits for them to have these
    const leavesOwn = lingersMs > 0 && !this.#waits.areOthersAsked();
    const outgoing = this.#replica.outbox({ leavesOwn });
    link.send(this.#traced.addTo(outgoing));
    if (leavesOwn) this.#lingerTimer ??= setTimeout(() => this.#turn("sending", () => this.#endLinger()), lingersMs);
    else if (outgoing.some(({ lane }) => lane === "live")) this.#sentOwnMs = performance.now();
  }

  #endLinger(): void {
    this.#lingerTimer = undefined;
    if (!this.#isClosed) this.#send();
  }

  // ---- ticks

  #scheduleTick(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#tickTimer);
    this.#tickTimer = setTimeout(() => this.#turn("a tick", () => this.#tick()), this.#pace.waitMs(performance.now()));
  }

  #tick(): void {
    const beganMs = performance.now();
    // the thread that speaks HTTP refuses by itself what would be looked at here
    this.#memory.look();
    this.#resources.reserve.refill(beganMs);
    const doesUpkeep = this.#pace.isUpkeepDue(beganMs);
    const isDone = this.#try(() =>
      // an answer waits until it was told of its epoch: not for as long as a compaction takes
      this.#replica.tick(doesUpkeep ? limits.BUDGET : { isPaused: true }, () => this.#tellChanges()),
    );
    const endedMs = performance.now();
    if (!isDone) this.#pace.noteFailure(endedMs);
    else if (doesUpkeep) {
      this.#pace.noteUpkeep(endedMs, endedMs - beganMs, this.#replica.isAtRest(), this.#hadRequests);
      this.#hadRequests = false;
    } else this.#pace.noteExchange(endedMs);
    if (buildIndexes(this.#replica)) this.#scheduleTurn();
    this.#publish();
    if (this.#images.areDue) this.#images.save();
    if (isDone && this.#link?.hasWaiting === true) this.#scheduleReceive();
    this.#scheduleTick();
  }

  /** Returns false when the log did not take what was done: the replica keeps it and tries again at the next tick. */
  #try(act: () => void): boolean {
    try {
      act();
    } catch (error) {
      this.#passed.push(...this.#replica.passedEpochs());
      const isOfLog = error instanceof MurmurationError && (error.code === "storage" || error.code === "corrupt");
      if (!isOfLog) throw error;
      if (!this.#storageFails) this.#reply({ kind: "storage-failed", error: toPlainError(error) });
      this.#storageFails = true;
      return false;
    }
    this.#storageFails = false;
    return true;
  }

  #publish(): void {
    for (const { what, detail } of this.#replica.takeFaults()) this.#guard.note(what, detail);
    this.#tellChanges();
    this.#settle();
    this.#tellStanding();
    this.#leftOut.look(this.#replica.leftOut());
    this.#send();
  }

  #tellChanges(): void {
    const changes = [...this.#replica.changes(), ...this.#passed.splice(0)];
    if (changes.length > 0) this.#reply({ kind: "applied", changes });
    const traces = this.#traced.takeApplied();
    if (traces.length > 0) this.#reply({ kind: "traced", traces });
  }

  #tellStanding(): void {
    const standing = this.#replica.standing();
    const told = JSON.stringify(standing);
    if (told === this.#toldStanding) return;
    this.#toldStanding = told;
    this.#reply({ kind: "standing", standing });
  }

  // ---- images, and the end

  #startClosing(): void {
    this.#close().catch((error: unknown) => {
      this.#tell("error", "the engine could not be closed in good order", { why: stackOf(error) });
      this.#replies.close();
    });
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    this.#filtered.refuseAll(new MurmurationError("unavailable", "the server is stopping"));
    clearTimeout(this.#tickTimer);
    clearTimeout(this.#lingerTimer);
    this.#link?.send(this.#replica.outbox());
    // the others should not have to wait for this replica to come back
    const sent = this.#link?.close(limits.DRAIN_MS_MAX);
    this.#images.save();
    await sent;
    this.#pool?.close();
    this.#resources.log.close();
    this.#reply({ kind: "closed" });
    this.#replies.close();
  }

  #tell(level: "info" | "warn" | "error", message: string, details: Json): void {
    this.#reply({ kind: "log", level, message, details });
  }

  #reply(reply: Reply): void {
    this.#replies.post(reply);
  }
}
