import { covers, sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import { encodeEnvelope } from "../../gossip/envelope.js";
import { isSameKeys } from "../../gossip/member-keys.js";
import type { Envelope, Message } from "../../gossip/message.js";
import { ReplayWindow } from "../../gossip/replay-window.js";
import type { Signing } from "../../gossip/signing.js";
import { limits } from "../../limits.js";
import { mark } from "../../marks.js";
import { isPlanted } from "../../planted.js";
import type { ReplicaStore } from "../commit/store.js";
import type { ClusterOptions } from "../upkeep/cluster-options.js";
import type { Refusal } from "./gate.js";
import type { Membership } from "./membership.js";

/** Setting of the log: "yes" since every member was known to have a key. */
const SECURED_SETTING = "cluster.secured";

type Keys = readonly string[];

/** A message that is taken or refused, and what its sender is to be told. */
export interface Verdict {
  readonly refusal?: Refusal;
  /** A later session of the sender is known than that in which it speaks. */
  readonly knownSession?: number;
}

/**
 * Whose messages are whose. From the moment when every member has told a key, this replica signs all that it sends and takes nothing that is not
 * signed by whom it is from; that holds from then on, also after a start. A replica that is to be let in by a secret does so from its beginning.
 */
export class Authentication {
  readonly #store: ReplicaStore;
  readonly #members: Membership;
  readonly #options: ClusterOptions;
  readonly #windows = new Map<number, ReplayWindow>();
  /** Keys of members that are not in the catalogue here yet, from the one that let this replica in. */
  readonly #trusted = new Map<number, Keys>();
  /** Keys of replicas that are about to begin a cluster with this one. */
  readonly #introduced = new Map<number, Keys>();
  readonly #isAdmitted: () => boolean;
  #session: number;
  #count = 0;
  #isSecured: boolean;

  /** `session`: that of this start; `isAdmitted`: does every member know this replica? */
  constructor(
    store: ReplicaStore,
    members: Membership,
    options: ClusterOptions,
    session: number,
    isAdmitted: () => boolean,
  ) {
    this.#isAdmitted = isAdmitted;
    this.#store = store;
    this.#members = members;
    this.#options = options;
    this.#session = session;
    this.#isSecured = store.log.setting(SECURED_SETTING) === "yes";
  }

  get signing(): Signing | undefined {
    return this.#options.signing;
  }

  /** Is only what is signed taken? */
  get isGuarded(): boolean {
    const { signing, invitation, secret } = this.#options;
    if (signing === undefined) return false;
    const isProven = (invitation !== undefined || secret !== undefined) && !this.#members.isMember();
    return this.#isSecured || isProven || this.#trusted.size > 0 || this.#options.founderKeys !== undefined;
  }

  /** Is what is sent signed? By a replica that is about to be let in too, as soon as it knows that members have keys. */
  get #signs(): boolean {
    return this.isGuarded || (this.signing !== undefined && !this.#isAdmitted() && this.#haveAllKeys());
  }

  #haveAllKeys(): boolean {
    const active = this.#members.active();
    return active.length > 0 && active.every((id) => this.keysOf(id) !== undefined);
  }

  /** Was this replica let in by a member whose catalogue it may not have yet? */
  get isLetIn(): boolean {
    return this.#trusted.size > 0;
  }

  /**
   * Is this replica to be let in by a member, instead of joining by itself? One that has nothing to prove and was a member before, under another id,
   * joins by itself: where all others are gone, there is nobody else.
   */
  get mustBeLetIn(): boolean {
    const { signing, invitation, secret } = this.#options;
    if (signing === undefined || this.#members.isFounder()) return false;
    if (invitation !== undefined || secret !== undefined) return this.#members.active().length > 0;
    return !this.#isSecured && (this.isLetIn || this.#haveAllKeys());
  }

  /** Keys of a replica, newest first, as far as they are known. */
  keysOf(id: number): Keys | undefined {
    if (id === this.#store.id) return this.signing?.publicKeys();
    const { members } = this.#store.catalogue;
    return (
      members.find((member) => member.id === id)?.keys ??
      this.#trusted.get(id) ??
      this.#options.founderKeys?.get(id) ??
      this.#introduced.get(id)
    );
  }

  /** Keys of all members, by their ids. */
  keysOfMembers(): ReadonlyMap<number, Keys> {
    const keys = this.#members.active().map((id) => [id, this.keysOf(id)] as const);
    return new Map(keys.filter((entry): entry is readonly [number, Keys] => entry[1] !== undefined));
  }

  /** A member has let this replica in: these are the members' keys. */
  trust(keys: ReadonlyMap<number, Keys>): void {
    for (const [id, known] of keys) if (this.#trusted.size < limits.membersMax) this.#trusted.set(id, known);
  }

  /** A replica that may begin a cluster with this one has these keys. The first that are heard of stand. */
  noteIntroduced(id: number, keys: Keys): Refusal | undefined {
    const known = this.#introduced.get(id);
    if (known !== undefined && !isSameKeys(known, keys)) {
      return { reason: "other key", detail: `replica ${id} has another key than it said before` };
    }
    if (known === undefined && this.#introduced.size < limits.strangersMax) this.#introduced.set(id, keys);
    return undefined;
  }

  /** Nothing of a replica that is no member is kept. */
  forget(id: number): void {
    this.#windows.delete(id);
    this.#introduced.delete(id);
  }

  /** Why this replica cannot speak: the members know other keys of it. */
  refusesOwnKey(): string | undefined {
    const { signing } = this;
    const self = this.#store.catalogue.members.find(({ id }) => id === this.#store.id);
    if (signing === undefined || !this.#isSecured || self?.keys === undefined) return undefined;
    const signsWith = signing.publicKeys().at(-1) ?? "";
    if (self.keys.includes(signsWith)) return undefined;
    return "this replica's key is not the one by which the members know it: bring its file back, or evict it and join with an empty data folder";
  }

  /** The keys that the catalogue is to have of this replica, where it has others. */
  keysToTell(): Keys | undefined {
    const { signing } = this;
    const self = this.#store.catalogue.members.find(({ id, state }) => id === this.#store.id && state === "active");
    if (signing === undefined || self === undefined) return undefined;
    const keys = signing.publicKeys();
    return isSameKeys(self.keys, keys) ? undefined : keys;
  }

  /**
   * Looks whether every member has a key by now, and all know that; from then on it is in the log. And whether all know a new key of this replica.
   * `stable`: what all members hold of the catalogue; `past`: what is to be held of it to know them.
   */
  settle(stable: VersionVector, past: VersionVector): void {
    this.#adoptKey(stable);
    if (this.#isSecured || this.signing === undefined) return;
    const active = this.#members.active();
    if (!active.includes(this.#store.id) || !this.#haveAllKeys()) return;
    const isOwnTold = this.#options.founderKeys !== undefined || this.keysToTell() === undefined;
    if (!isOwnTold || !covers(stable, past) || !this.#store.isDurable()) return;
    this.secure();
  }

  /** Only what is signed is taken from now on. So it is at once for whoever begins a cluster. */
  secure(): void {
    if (this.signing === undefined || this.#isSecured) return;
    this.#store.log.transaction((writer) => writer.putSetting(SECURED_SETTING, "yes"));
    this.#isSecured = true;
    mark("cluster secured");
  }

  #adoptKey(stable: VersionVector): void {
    const { signing } = this;
    const { id, system, catalogue } = this.#store;
    if (signing === undefined || signing.publicKeys().length === 1) return;
    const self = catalogue.members.find((member) => member.id === id);
    const isTold = isSameKeys(self?.keys, signing.publicKeys()) && this.#store.isDurable();
    if (!isTold || sequenceOf(stable, id) < sequenceOf(system.frontier, id)) return;
    mark("key adopted");
    signing.adopt();
  }

  /** A message as bytes, signed where it is to be. */
  seal(cluster: string, to: number, message: Message): Uint8Array {
    const envelope = { cluster, from: this.#store.id, to, message };
    const { signing } = this;
    const isOfOpen = message.kind !== "introduce" && message.kind !== "admitted";
    if (signing === undefined || (isOfOpen && !this.#signs)) return encodeEnvelope(envelope);
    this.#count += 1;
    return encodeEnvelope(envelope, {
      session: this.#session,
      count: this.#count,
      sign: (signed) => signing.sign(signed),
    });
  }

  /** Speaks in a later session than the one that others know of. */
  speakAfter(known: number): void {
    if (known < this.#session || known >= Number.MAX_SAFE_INTEGER) return;
    mark("session raised");
    this.#session = known + 1;
    this.#count = 0;
  }

  /** Is a message its sender's, and to be taken? What says a key itself is looked at by that. */
  judge({ from, message, seal }: Envelope): Verdict {
    if (seal === undefined) {
      if (!this.isGuarded || isPlanted("unsigned-taken")) return {};
      return refused("unsigned", `${message.kind} of replica ${from} is not signed`);
    }
    const { signing } = this;
    if (signing === undefined) return refused("no key", `replica ${from} signs, and this replica has no key itself`);
    const known = this.keysOf(from) ?? keysSaid(from, message);
    if (known === undefined) return refused("unknown key", `replica ${from} signs with a key that is not known`);
    const isSigned = known.some((key) => signing.verify(key, seal.signed, seal.signature));
    if (!isSigned && !isPlanted("signatures-unchecked")) {
      mark("forged message refused");
      return refused("forged", `${message.kind} that says to be of replica ${from} is not signed by it`);
    }
    return this.#judgeOrder(from, message, seal);
  }

  #judgeOrder(from: number, message: Message, seal: NonNullable<Envelope["seal"]>): Verdict {
    // its own come back to it; and what says a key may come as often as it likes
    if (from === this.#store.id || message.kind === "introduce" || message.kind === "admitted") return {};
    const isKept = this.#members.isActive(from) || this.#windows.size < limits.membersMax + limits.strangersMax;
    const window = this.#windows.get(from) ?? new ReplayWindow();
    if (isKept) this.#windows.set(from, window);
    const taken = window.take(seal, message.kind);
    if (taken === "taken") return {};
    if (taken === "again" && isPlanted("replays-taken")) return {};
    if (taken === "earlier session" && isPlanted("session-unchecked")) return {};
    mark("replayed message refused");
    const { refusal } = refused("replayed", `${message.kind} of replica ${from} comes again or too late`);
    return {
      ...(refusal === undefined ? {} : { refusal }),
      ...(taken === "again" ? {} : { knownSession: window.session }),
    };
  }
}

/** The keys that a message says itself: whoever signs with them has them. Whether to believe that they are the sender's is another matter. */
function keysSaid(from: number, message: Message): Keys | undefined {
  if (message.kind === "introduce") return message.keys;
  return message.kind === "admitted" ? message.keys.get(from) : undefined;
}

function refused(reason: string, detail: string): Verdict {
  return { refusal: { reason, detail } };
}
