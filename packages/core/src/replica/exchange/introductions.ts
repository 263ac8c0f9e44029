import type { CatalogueCommand, JoinMember } from "../../catalogue/catalogue-command.js";
import { type Introduction, proofOfAdmission, proofOfIntroduction } from "../../gossip/introduction.js";
import { type Invitation, secretLabel } from "../../gossip/invitation.js";
import { isSameKeys } from "../../gossip/member-keys.js";
import type { AdmittedMessage, IntroduceMessage, Message } from "../../gossip/message.js";
import { isSameProof, type Signing } from "../../gossip/signing.js";
import { limits } from "../../limits.js";
import { mark } from "../../marks.js";
import { isPlanted } from "../../planted.js";
import type { Admission } from "../membership/admission.js";
import type { Authentication } from "../membership/authentication.js";
import { UsedInvitations } from "../membership/used-invitations.js";
import type { ClusterOptions } from "../upkeep/cluster-options.js";
import type { Exchange, ExchangeContext } from "./exchange.js";

/** Setting of the log: how many the founder lets in without proof, and until when. */
const OPEN_SETTING = "cluster.open";
/** So much longer waits each member, in their order, before it lets in who has the secret of the cluster: one does. */
const RANK_MS = 3_000;
const nothing = new Uint8Array(0);

/**
 * How replicas come to know each other's keys. One that is no member yet says its key, with a keyed hash by the secret of its invitation or of the
 * cluster. A member that can tell that it is right writes it into the catalogue, and answers with the keys of all members and a keyed hash by the same
 * secret: so the cluster knows the joiner, and the joiner the cluster, and the secret is in no message. Where there is neither invitation nor
 * secret, a cluster that begins takes the first keys that it hears of, of as many replicas as it waits for, and no others.
 */
export class Introductions implements Exchange {
  readonly kinds = ["introduce", "admitted"] as const;
  readonly #context: ExchangeContext;
  readonly #options: ClusterOptions;
  readonly #authentication: Authentication;
  readonly #admission: Admission;
  readonly #used: UsedInvitations;
  /** To be written: who is let in. */
  readonly #joins = new Map<number, JoinMember>();
  /** To be answered when they are. */
  readonly #answers = new Map<number, Introduction>();
  /** Since when those ask who have the secret of the cluster. */
  readonly #sinceMs = new Map<number, number>();
  #introducedMs = Number.NEGATIVE_INFINITY;

  constructor(context: ExchangeContext, options: ClusterOptions, authentication: Authentication, admission: Admission) {
    this.#context = context;
    this.#options = options;
    this.#authentication = authentication;
    this.#admission = admission;
    this.#used = new UsedInvitations(context.store.log);
  }

  // ---- asking to be let in

  tick(nowMs: number): void {
    const { signing, region = "", url, invitation } = this.#options;
    if (signing === undefined || this.#admission.isAdmitted) return;
    if (Math.abs(nowMs - this.#introducedMs) < limits.introduceMs) return;
    this.#introducedMs = nowMs;
    const said: Introduction = {
      kind: "introduce",
      keys: signing.publicKeys(),
      region,
      url,
      invitation: invitation?.name ?? "",
      endsMs: invitation?.endsMs ?? 0,
    };
    const secret = invitation?.secret ?? this.#options.secret;
    const proof = secret === undefined ? nothing : this.#proofOf(signing, secret, this.#context.store.id, said);
    this.#context.send(undefined, "control", { ...said, proof });
  }

  #proofOf(signing: Signing, secret: Uint8Array, from: number, said: Introduction): Uint8Array {
    return proofOfIntroduction(signing, secret, this.#options.name, from, said);
  }

  #takeAdmitted(from: number, message: AdmittedMessage): void {
    const { signing, invitation, secret } = this.#options;
    const { store } = this.#context;
    if (signing === undefined || this.#admission.isAdmitted) return;
    const given = invitation?.secret ?? secret;
    if (given === undefined) {
      const { members } = store.catalogue;
      if (this.#authentication.isLetIn || (members.length > 0 && !members.some(({ id }) => id === from))) return;
      this.#context.refuse(
        "keys taken unseen",
        `those that replica ${from} says: no invitation, and no secret of the cluster`,
      );
    } else {
      const expected = proofOfAdmission(
        signing,
        given,
        this.#options.name,
        { from, to: store.id, keys: signing.publicKeys() },
        message,
      );
      const isOfMaker =
        invitation === undefined ||
        (from === invitation.member &&
          message.keys.get(from)?.some((key) => signing.fingerprint(key) === invitation.fingerprint) === true);
      if (!isOfMaker || !isSameProof(expected, message.proof)) {
        this.#context.refuse("forged", `replica ${from} says to have let this replica in, and cannot prove it`);
        return;
      }
    }
    mark("let in");
    this.#authentication.trust(message.keys);
  }

  // ---- letting in

  take(from: number, message: Message, nowMs: number): void {
    if (message.kind === "introduce") this.#takeIntroduction(from, message, nowMs);
    if (message.kind === "admitted") this.#takeAdmitted(from, message);
  }

  #takeIntroduction(from: number, message: IntroduceMessage, nowMs: number): void {
    const { signing, secret } = this.#options;
    if (signing === undefined) return;
    const { members, store } = this.#context;
    if (!members.isMember()) {
      // a cluster that is about to begin
      if (members.active().length > 0) return;
      if (secret !== undefined && !isSameProof(message.proof, this.#proofOf(signing, secret, from, message))) {
        return this.#context.refuse("not invited", `replica ${from} does not have the secret of the cluster`);
      }
      const refusal = this.#authentication.noteIntroduced(from, message.keys);
      if (refusal !== undefined) this.#context.refuse(refusal.reason, refusal.detail);
      return;
    }
    const present = store.catalogue.members.find(({ id }) => id === from);
    if (present?.state === "evicted") return this.#context.refuse("evicted", `replica ${from} was evicted`);
    const isKnown = present !== undefined && isSameKeys(present.keys, message.keys);
    if (!isKnown) {
      if (!this.#context.countsAsMember() || !this.#isLetIn(signing, from, message, nowMs)) return;
      const { keys, region, url } = message;
      this.#joins.set(from, { kind: "join-member", id: from, region, keys, ...(url === undefined ? {} : { url }) });
    }
    if (this.#answers.size < limits.strangersMax) this.#answers.set(from, message);
  }

  #isLetIn(signing: Signing, from: number, message: IntroduceMessage, nowMs: number): boolean {
    const { secret } = this.#options;
    if (isPlanted("strangers-let-in")) return true;
    if (message.invitation !== "") {
      // that of another member, which looks at it itself
      if (!message.invitation.startsWith(`${this.#context.store.id}.`)) return false;
      return this.#isInvited(signing, from, message, nowMs);
    }
    if (secret !== undefined && isSameProof(message.proof, this.#proofOf(signing, secret, from, message))) {
      return this.#isTurn(from, nowMs);
    }
    if (this.#isOpen(nowMs)) {
      this.#context.refuse("keys taken unseen", `those of replica ${from}, as the cluster has just begun`);
      return true;
    }
    const way = "make an invitation for it: murmur invite";
    this.#context.refuse("not invited", `replica ${from} asks to be let in and proves nothing: ${way}`);
    return false;
  }

  #isInvited(signing: Signing, from: number, message: IntroduceMessage, nowMs: number): boolean {
    const { invitation: name, endsMs, keys } = message;
    const secret = this.#secretOf(signing, name, endsMs);
    const refuse = (why: string): false => {
      mark("invitation refused");
      this.#context.refuse("not invited", `replica ${from} brings an invitation ${why}`);
      return false;
    };
    if (!isSameProof(message.proof, this.#proofOf(signing, secret, from, message)))
      return refuse("that was not made here");
    if (endsMs < nowMs) return refuse("that has ended");
    if (isPlanted("invitations-reused")) return true;
    const user = this.#used.userOf(name, nowMs);
    if (user !== undefined) return user === userText(from, keys) ? true : refuse("that another replica has used");
    return this.#used.note(name, userText(from, keys), endsMs) || refuse("and too many are in use");
  }

  #secretOf(signing: Signing, name: string, endsMs: number): Uint8Array {
    return signing.secretOf(secretLabel({ cluster: this.#options.name, name, endsMs }));
  }

  /** Whoever has the secret of the cluster is let in by one member, not by all at once. */
  #isTurn(from: number, nowMs: number): boolean {
    const { members, store, heardMs } = this.#context;
    if (this.#sinceMs.size >= limits.strangersMax) this.#sinceMs.clear();
    const sinceMs = this.#sinceMs.get(from) ?? nowMs;
    this.#sinceMs.set(from, sinceMs);
    const isHeard = (id: number) =>
      id === store.id || Math.abs(nowMs - (heardMs(id) ?? Number.NEGATIVE_INFINITY)) <= limits.suspectMs;
    return Math.abs(nowMs - sinceMs) >= members.active().filter(isHeard).indexOf(store.id) * RANK_MS;
  }

  // ---- a cluster that begins

  /** This replica begins a cluster: it lets in so many others without an invitation. */
  open(peers: number, nowMs: number): void {
    const { signing, secret } = this.#options;
    if (signing === undefined || secret !== undefined || peers === 0) return;
    const text = `${peers} ${nowMs + limits.foundingOpenMs}`;
    this.#context.store.log.transaction((writer) => writer.putSetting(OPEN_SETTING, text));
  }

  #isOpen(nowMs: number): boolean {
    const [peers = 0, untilMs = 0] = (this.#context.store.log.setting(OPEN_SETTING) ?? "").split(" ").map(Number);
    return nowMs < untilMs && this.#context.store.catalogue.members.length + this.#joins.size <= peers;
  }

  // ---- what comes of it

  hasJoins(): boolean {
    return this.#joins.size > 0;
  }

  /** What is to be written: those who are let in. */
  takeJoins(): readonly CatalogueCommand[] {
    const joins = [...this.#joins.values()];
    this.#joins.clear();
    return joins;
  }

  beforeSending(): void {
    const { signing } = this.#options;
    if (signing === undefined || this.#answers.size === 0 || !this.#context.store.isDurable()) return;
    for (const [to, { invitation, endsMs, keys }] of this.#answers) {
      if (!this.#context.members.isActive(to)) continue;
      const isMade = invitation !== "";
      const secret = isMade ? this.#secretOf(signing, invitation, endsMs) : this.#options.secret;
      const said = { invitation, keys: this.#authentication.keysOfMembers() };
      const asked = { from: this.#context.store.id, to, keys };
      const proof = secret === undefined ? nothing : proofOfAdmission(signing, secret, this.#options.name, asked, said);
      this.#context.send(to, "control", { kind: "admitted", ...said, proof });
    }
    this.#answers.clear();
  }

  forget(replica: number): void {
    this.#joins.delete(replica);
    this.#sinceMs.delete(replica);
  }

  /** Makes an invitation. `nonce` is drawn by the host, and never the same. */
  invite(nonce: string, endsMs: number): Invitation | undefined {
    const { signing, name: cluster } = this.#options;
    if (signing === undefined) return undefined;
    const { id: member } = this.#context.store;
    const name = `${member}.${nonce}`;
    const fingerprint = signing.fingerprint(signing.publicKeys().at(-1) ?? "");
    return { cluster, member, fingerprint, name, endsMs, secret: this.#secretOf(signing, name, endsMs) };
  }
}

/** A replica, and the key that it signs with: it may be about to change that. */
function userText(replica: number, keys: readonly string[]): string {
  return `${replica} ${keys.at(-1) ?? ""}`;
}
