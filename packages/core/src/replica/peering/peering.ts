import { MurmurationError } from "@murmuration/index";
import type { CatalogueCommand } from "../../catalogue/catalogue-command.js";
import type { VersionVector } from "../../causality/version-vector.js";
import type { Command } from "../../command/command.js";
import { mergeTokens, type SessionToken } from "../../consistency/token.js";
import { Acquaintances } from "../../gossip/acquaintances.js";
import { ClockGuard } from "../../gossip/clock-guard.js";
import type { Envelope, HeartbeatMessage, Message } from "../../gossip/message.js";
import { RequestPlanner } from "../../gossip/requests.js";
import { Stability } from "../../gossip/stability.js";
import type { Arrived, Outgoing } from "../../gossip/transport.js";
import { limits } from "../../limits.js";
import { isPlanted } from "../../planted.js";
import type { ReplicaStore } from "../commit/store.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";
import { Answers } from "../exchange/answers.js";
import type { ExchangeContext } from "../exchange/exchange.js";
import { type Exchanges, makeExchanges } from "../exchange/make-exchanges.js";
import { isBehindItself, missingOperations } from "../exchange/missing.js";
import type { SetAsideOperation } from "../exchange/set-aside.js";
import { frontiersOf, type Waits } from "../exchange/waits.js";
import { Admission } from "../membership/admission.js";
import { Authentication } from "../membership/authentication.js";
import { believable } from "../membership/gate.js";
import { isOtherStart, startIncarnation } from "../membership/incarnation.js";
import { Membership } from "../membership/membership.js";
import type { ClusterOptions, PeeringForUpkeep } from "../upkeep/cluster-options.js";
import { holdersOf, type KnownMembers } from "../upkeep/known-members.js";
import { Doorway } from "./doorway.js";
import { Incidents } from "./incidents.js";
import { Intake } from "./intake.js";
import { Joining } from "./joining.js";
import { LagMeter } from "./lag.js";
import { Outbox } from "./outbox.js";
import { peersHeard } from "./peers-heard.js";
import { reasonsOf, type Standing, type StandingCase } from "./standing.js";
import { type PeeringStatus, peerStatuses } from "./status.js";

/** A replica's part in the exchange: what it sends, asks for, accepts and refuses. */
export class Peering implements PeeringForUpkeep {
  readonly #store: ReplicaStore;
  readonly #options: ClusterOptions;
  readonly #members: Membership;
  readonly #incarnation: number;
  readonly #intake: Intake;
  readonly #stability: Stability;
  readonly #requests: RequestPlanner;
  readonly #clockGuard: ClockGuard;
  readonly #incidents = new Incidents();
  readonly #lag = new LagMeter();
  readonly #admission: Admission;
  readonly #authentication: Authentication;
  readonly #doorway: Doorway;
  /** Who is let in, and by which keys members are known. */
  readonly joining: Joining;
  readonly #frontiersOf = new Map<number, ReadonlyMap<string, VersionVector>>();
  readonly #known: Acquaintances;
  readonly #answers: Answers;
  readonly #outbox: Outbox;
  readonly #exchanges: Exchanges;
  /** Is stability to be looked at? */
  #isUnsettled = false;
  /** Another process runs under this id. */
  #fenced = false;
  /** As of the last message or tick. */
  #nowMs = 0;
  #lastHeartbeatMs = Number.NEGATIVE_INFINITY;

  constructor(store: ReplicaStore, options: ClusterOptions, waits: Waits) {
    this.#store = store;
    store.isClustered = true;
    this.#members = new Membership(store, options);
    this.#options = options;
    this.#incarnation = startIncarnation(store.log, options.nonce);
    this.#admission = new Admission(store, this.#members, options);
    this.#stability = new Stability(store.id, SYSTEM_SHARD);
    this.#known = new Acquaintances(
      (replica) => this.#members.isActive(replica),
      (replica) => this.#forget(replica),
    );
    const authentication = new Authentication(
      store,
      this.#members,
      options,
      this.#incarnation,
      () => this.#admission.isAdmitted,
    );
    this.#authentication = authentication;
    this.#outbox = new Outbox(store.id, (to, message) => authentication.seal(options.name, to, message));
    this.#doorway = new Doorway({
      id: store.id,
      cluster: options.name,
      members: this.#members,
      authentication,
      refuse: (reason, detail) => this.#refuse(reason, detail),
      tellSession: (to, known) => this.#outbox.send(to, "control", { kind: "session", known }),
    });
    this.#requests = new RequestPlanner();
    this.#clockGuard = new ClockGuard();
    this.#intake = new Intake({
      store,
      members: this.#members,
      admission: this.#admission,
      requests: this.#requests,
      inboxBytesMax: options.inboxBytesMax,
      refuse: (reason, detail) => this.#refuse(reason, detail),
    });
    const context = this.#exchangeContext();
    this.#answers = new Answers(context);
    this.#exchanges = makeExchanges({ context, options, waits, authentication, admission: this.#admission });
    this.joining = new Joining(store, options, this.#members, authentication, this.#exchanges.introductions);
  }

  #exchangeContext(): ExchangeContext {
    return {
      store: this.#store,
      members: this.#members,
      send: (to, lane, message) => this.#outbox.send(to, lane, message),
      refuse: (reason, detail) => this.#refuse(reason, detail),
      frontiersOf: (replica) => this.#frontiersOf.get(replica),
      snapshotLagOperations: this.#options.snapshotLagOperations ?? limits.snapshotLagOperations,
      needSnapshot: () => this.#requests.needSnapshot(),
      noteSnapshot: (shard) => this.#requests.noteSnapshot(shard),
      heardMs: (replica) => this.#known.heardMs.get(replica),
      incarnation: this.#incarnation,
      noteClock: (replica, theirMs, nowMs) => this.#clockGuard.note(replica, theirMs, nowMs),
      countsAsMember: () =>
        (this.#admission.isAdmitted || isPlanted("joiners-count")) &&
        !this.#fenced &&
        !this.#members.isEvicted(this.#store.id),
      mayHold: (shard) => this.#admission.mayHold(shard),
      forgetWaiting: (origin) => this.#intake.clear(origin),
      noteFrontiers: (replica, frontiers) =>
        this.#frontiersOf.set(replica, mergeTokens(this.#frontiersOf.get(replica) ?? new Map(), frontiers)),
    };
  }

  #standingCase(): StandingCase {
    return {
      store: this.#store,
      members: this.#members,
      admission: this.#admission,
      clocks: this.#clockGuard,
      startGuard: this.#exchanges.startGuard,
      authentication: this.#authentication,
      isFenced: this.#fenced,
      frontiers: this.#memberFrontiers(),
    };
  }

  /** Why client writes are refused now. */
  refusesWrites(): string | undefined {
    const [first] = reasonsOf(this.#standingCase());
    return first;
  }

  standing(): Standing {
    const reasons = [...reasonsOf(this.#standingCase())];
    const refusesWrites = reasons[0];
    reasons.push(...this.#exchanges.snapshots.disputes());
    const unconfirmed = this.#exchanges.unconfirmed.byShard();
    return { refusesReads: this.#admission.refusesReads(), refusesWrites, reasons, unconfirmed };
  }

  /** What is to be changed in the catalogue now. */
  catalogueCommands(nowMs: number): readonly CatalogueCommand[] {
    const joinsAs = this.#admission.joinsAs(nowMs, this.#known.heardMs, this.#frontiersOf);
    return this.joining.commands(joinsAs !== undefined, () => this.refusesWrites() === undefined, nowMs);
  }

  /** Others that are heard and have said that they hold all of this, the one heard last first. */
  holders(wanted: SessionToken, nowMs: number): number[] {
    return holdersOf(this.known(), wanted, nowMs);
  }

  known(): KnownMembers {
    const others = this.#members.active().filter((id) => id !== this.#store.id);
    const lagging = this.#requests.needSnapshot();
    return { others, heardMs: this.#known.heardMs, frontiersOf: this.#frontiersOf, lagging };
  }

  /** Why a command is refused now; `undefined`: it may write. */
  refusesCommand(command: Command): string | undefined {
    const starting = this.#members.isEvicted(this.#store.id) ? undefined : this.#exchanges.startGuard.refuses();
    if (starting !== undefined) return starting;
    // joining and evicting are what leads out of it
    return command.kind === "join-member" || command.kind === "evict-member" ? undefined : this.refusesWrites();
  }

  /** May this replica write operations of its own upkeep? */
  mayMaintain(): boolean {
    return this.refusesWrites() === undefined;
  }

  stable(shard: string): VersionVector {
    const active = this.#members.active();
    if (active.length === 0 || isPlanted("stability-alone")) return this.#store.causality(shard)?.frontier ?? new Map();
    return this.#stability.stable(shard);
  }

  isChecked(shard: string): boolean {
    return this.#exchanges.reconciliation.isChecked(shard);
  }

  // ---- receiving

  /** Take a message. Never throws for its contents. */
  receive(arrived: Arrived, nowMs: number): void {
    this.#nowMs = nowMs;
    const envelope = this.#doorway.open(arrived, nowMs);
    if (envelope === undefined) return;
    const { from, message } = envelope;
    if (from === this.#store.id) return this.#meetMyself(message);
    if (!this.#known.note(from, nowMs)) {
      return this.#refuse("too many strangers", `more than ${limits.strangersMax} that are no members speak at a time`);
    }
    try {
      this.#take(envelope, nowMs);
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      this.#refuse(error.code, `from replica ${from}: ${error.message}`);
    }
  }

  /** After messages were taken: looks at what became stable, and who is admitted. */
  settle(): void {
    if (this.#isUnsettled) this.#settleStability();
  }

  isMember(replica: number): boolean {
    return this.#members.isActive(replica);
  }

  #forget(replica: number): void {
    this.#frontiersOf.delete(replica);
    this.#lag.forget(replica);
    this.#clockGuard.forget(replica);
    this.#answers.forget(replica);
    this.#authentication.forget(replica);
    for (const exchange of this.#exchanges.all) exchange.forget?.(replica);
  }

  /** A message under this replica's own id: its own, come back, unless it is from a later start or a start at the same time. */
  #meetMyself(message: Message): void {
    if (message.kind !== "heartbeat" || !isOtherStart(message.incarnation, this.#incarnation)) return;
    if (!this.#fenced) this.#refuse("replica id in use", `another process runs as replica ${this.#store.id}`);
    this.#fenced = true;
  }

  #take({ from, to, message }: Envelope, nowMs: number): void {
    switch (message.kind) {
      case "operations":
        this.#intake.take({ from, isToAll: to === 0, bytes: message.batch, nowMs, isFenced: this.#fenced });
        return this.#settleStability();
      case "heartbeat":
        return this.#takeHeartbeat(from, message, nowMs);
      case "request":
        return this.#answers.note(from, message);
      case "session":
        return this.#members.isActive(from) ? this.#authentication.speakAfter(message.known) : undefined;
      case "compacted":
        return this.#requests.noteCompacted(from, message.shard, message.origin, message.upTo);
      default: {
        const exchange = this.#exchanges.of.get(message.kind);
        if (exchange === undefined) return this.#refuse("not supported", `${message.kind} from replica ${from}`);
        return exchange.take(from, message, nowMs);
      }
    }
  }

  #takeHeartbeat(from: number, message: HeartbeatMessage, nowMs: number): void {
    const frontiers = believable(from, message.frontiers, this.#members);
    this.#frontiersOf.set(from, frontiers);
    this.#lag.note(from, frontiers, nowMs);
    this.#clockGuard.note(from, message.nowMs, nowMs);
    this.#stability.note(from, frontiers);
    if (this.#store.hasWritten && isBehindItself(this.#store, this.#memberFrontiers())) {
      if (!this.#fenced)
        this.#refuse("replica id in use", `replica ${from} holds operations that this replica never wrote`);
      this.#fenced = true;
    }
    this.#isUnsettled = true;
  }

  *#memberFrontiers(): Generator<ReadonlyMap<string, VersionVector>> {
    for (const [replica, frontiers] of this.#frontiersOf) if (this.#members.isActive(replica)) yield frontiers;
  }

  #ownFrontiers(): ReadonlyMap<string, VersionVector> {
    return frontiersOf(this.#store, [SYSTEM_SHARD, ...this.#store.shards.keys()]);
  }

  #settleStability(): void {
    this.#isUnsettled = false;
    const frontiers = this.#ownFrontiers();
    // What an evicted one sent and is not applied yet must not be applied later: by then this replica has told the others all that it will
    // ever hold of it. What another member holds of it is asked of that member.
    const past = this.#members.past((id) => this.#intake.clear(id));
    this.#stability.settle(this.#members.active(), past, frontiers);
    this.#admission.settle(this.#stability);
    this.#authentication.settle(this.stable(SYSTEM_SHARD), past);
  }

  // ---- sending

  /** Send what is due: a heartbeat, and requests for what is missing. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    const { id } = this.#store;
    if (this.#members.isEvicted(id)) return;
    this.#intake.applyReady(nowMs);
    this.#settleStability();
    this.#store.flush();
    if (nowMs - this.#lastHeartbeatMs >= limits.heartbeatMs) {
      // others count on what a heartbeat says
      this.#store.sync();
      this.#lastHeartbeatMs = nowMs;
      const frontiers = this.#ownFrontiers();
      this.#outbox.send(undefined, "control", { kind: "heartbeat", incarnation: this.#incarnation, nowMs, frontiers });
    }
    this.#known.forgetSilent(nowMs);
    for (const exchange of this.#exchanges.all) exchange.tick(nowMs);
    const peers = peersHeard(this.#members, this.#known.heardMs, this.#frontiersOf);
    if (isPlanted("no-requests")) return;
    const known = [...this.#frontiersOf.values()];
    const missing = missingOperations(
      this.#store,
      this.#members,
      this.#intake.inboxes,
      known,
      (shard, origin, sequence) => this.#intake.wanted(shard, origin, sequence, nowMs),
    );
    const wanted = missing.filter(({ shard }) => this.#admission.mayHold(shard));
    for (const request of this.#requests.plan(nowMs, wanted, peers)) {
      const { to, shard, origin, after, limit } = request;
      this.#outbox.send(to, "control", { kind: "request", shard, origin, after, limit });
    }
  }

  /** Takes the messages to send, own operations first unless they are left for the next time. */
  outbox(leavesOwn: boolean): Outgoing[] {
    for (const exchange of this.#exchanges.all) exchange.beforeSending?.();
    const own = leavesOwn ? [] : this.#store.takeOwn();
    this.#answers.sendSome();
    const isSilent = this.#members.isEvicted(this.#store.id) || this.#fenced;
    return this.#outbox.take(isSilent ? [] : own);
  }

  #refuse(reason: string, detail: unknown): void {
    this.#incidents.note(reason, detail instanceof Error ? detail.message : String(detail), this.#nowMs);
  }

  // ---- looking in

  /** Operations of others that do not fit the state here. */
  setAside(): readonly SetAsideOperation[] {
    return this.#intake.setAside();
  }

  status(nowMs: number): PeeringStatus {
    const peers = peerStatuses({
      store: this.#store,
      members: this.#members,
      heardMs: this.#known.heardMs,
      frontiersOf: this.#frontiersOf,
      clocks: this.#clockGuard,
      lag: this.#lag,
      nowMs,
    });
    return {
      cluster: this.#options.name,
      peers,
      refused: this.#incidents.counts(),
      incidents: this.#incidents.latest(),
      setAside: this.setAside(),
      inboxBytes: this.#intake.bytes,
      refusesWrites: this.refusesWrites(),
      operationFormat: this.#exchanges.formats.written(),
      stable: new Map([...this.#ownFrontiers().keys()].map((shard) => [shard, this.stable(shard)])),
      needSnapshot: [...new Set([...this.#requests.needSnapshot(), ...this.#store.snapshotsWanted])].sort(),
      needCheckpoint: [...this.#store.checkpointsWanted].sort(),
      unconfirmedSnapshots: this.#exchanges.unconfirmed.list(),
      reconciliation: this.#exchanges.reconciliation.status(),
    };
  }
}
