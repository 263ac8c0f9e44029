import type { IncomingHttpHeaders } from "node:http";
import { jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { Refusal } from "../http/refusal.js";
import { anybody, type Caller, nobody } from "./caller.js";
import { type Claims, readClaims, type ValueExists } from "./claims.js";
import { credentialOf } from "./credential.js";
import { isPeerToken, peerKey, readPeerToken, signPeerToken } from "./peer-token.js";
import { type Access, manageAll, type Right, readAll, requireRight, whyNot } from "./rights.js";
import { type Digested, digested, fingerprint, placeAmong } from "./secrets.js";

/** Keys that a server takes. Plain data, so that any thread can make a `Guard` of it. */
export interface AccessKeys {
  /** Each lets do everything; tokens are signed with any of them. */
  readonly readWrite: readonly string[];
  readonly readOnly: readonly string[];
  /** Are tokens taken, too? */
  readonly tokens: boolean;
  /** What keys are called where it is said who did something; by the key. Others are called by their fingerprint. */
  readonly names?: ReadonlyMap<string, string>;
}

/** Is there a point with these values? Evaluated at every use of the token. */
export type Holds = (claim: ValueExists) => Promise<boolean>;

/** What a listener knows of the server that it listens for. */
export interface Here {
  readonly holds: Holds;
  /** Tokens that other replicas make are for one replica. */
  readonly replicaId: () => number;
}

/** A token may be so many seconds beyond its end: clocks differ. */
export const tokenLeewaySeconds = 30;
/** Tokens whose signature is not computed again. */
const tokensKeptMax = 1_024;

/** What is wrong with a key itself is said in plain text, outside of the envelope. */
function unauthorized(message: string): Refusal {
  return new Refusal(401, message, { "www-authenticate": "Bearer" }, "text");
}
const missing = () => unauthorized("Must provide an API key or an Authorization bearer token");
const invalid = () => unauthorized("Invalid API key or JWT");
const noSuchValue = () => unauthorized("Invalid JWT, stateful validation failed");

/** The keys in force, and what is derived from them. */
interface InForce {
  /** Of keys that let do everything, then of those that let read, each in their order. */
  readonly callers: { readonly all: readonly Caller[]; readonly read: readonly Caller[] };
  readonly readWrite: readonly Digested[];
  readonly readOnly: readonly Digested[];
  readonly signing: readonly Uint8Array[];
  /** What other replicas sign with that have one of these keys; this one signs with the first. */
  readonly peers: readonly Uint8Array[];
  /** By the digest of the token. */
  readonly verified: LRUCache<string, Claims>;
}

/** A token whose signature is right. */
interface Known {
  readonly claims: Claims;
  readonly by: "token" | "replica";
}

function inForce({ readWrite, readOnly, tokens, names }: AccessKeys): InForce {
  const calling = (access: Access, by: Caller["by"]) => (key: string) =>
    ({ access, by, subject: undefined, name: names?.get(key) ?? fingerprint(key) }) satisfies Caller;
  return {
    callers: { all: readWrite.map(calling(manageAll, "key")), read: readOnly.map(calling(readAll, "read-only key")) },
    readWrite: readWrite.map(digested),
    readOnly: readOnly.map(digested),
    signing: tokens ? readWrite.map((key) => new TextEncoder().encode(key)) : [],
    peers: readWrite.map(peerKey),
    verified: new LRUCache({ max: tokensKeptMax }),
  };
}

function callerByKey({ readWrite, readOnly, callers }: InForce, credential: Digested): Caller | undefined {
  const ofAll = placeAmong(readWrite, credential);
  const ofRead = placeAmong(readOnly, credential);
  return callers.all[ofAll] ?? callers.read[ofRead];
}

/** Decides who is let in, and to what. Without keys everybody is. */
export class Guard {
  readonly #nowMs: () => number;
  readonly #watching: ((keys: AccessKeys | undefined) => void)[] = [];
  #keys: InForce | undefined;
  #given: AccessKeys | undefined;

  /** `nowMs`: milliseconds since 1970, by which tokens end. */
  constructor(keys: AccessKeys | undefined, nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
    this.replace(keys);
  }

  /** Are there keys at all? */
  get asksForKeys(): boolean {
    return this.#keys !== undefined;
  }

  /** What the keys in force are called: those that let do everything, then those that let read. */
  get keyNames(): string[] {
    const { all = [], read = [] } = this.#keys?.callers ?? {};
    return [...all, ...read].map(({ name }) => name ?? "");
  }

  /**
   * The same question for a listener that answers at once: is it let in by a key, or by a token that is known and depends on nothing else? Whoever is not
   * may be let in still, or is refused, which `admit` says.
   */
  admitsNow(headers: IncomingHttpHeaders, right: Right, collection: string | undefined): boolean {
    const keys = this.#keys;
    if (keys === undefined || right === "open") return true;
    const credential = credentialOf(headers);
    const caller = credential === undefined ? undefined : this.#knownCaller(keys, digested(credential));
    return caller !== undefined && whyNot(caller.access, right, collection) === undefined;
  }

  /**
   * Has a token looked at whose signature was not computed here yet, so that `admitsNow` knows it the next time: for whoever asks nothing else. One that is
   * refused stays unknown.
   */
  learn(headers: IncomingHttpHeaders): void {
    const keys = this.#keys;
    const credential = credentialOf(headers);
    if (keys === undefined || credential === undefined || keys.signing.length === 0 || isPeerToken(credential)) return;
    const digest = digested(credential);
    if (this.#knownCaller(keys, digest) !== undefined) return;
    this.#claimsOf(keys, credential, digest.toString("base64")).catch(() => undefined);
  }

  /** Other keys from now on: what the ones before let in is not let in any more. */
  replace(keys: AccessKeys | undefined): void {
    this.#keys = keys === undefined ? undefined : inForce(keys);
    this.#given = keys;
    for (const tell of this.#watching) tell(keys);
  }

  /** Tells of the keys in force: now, and when others are. */
  watch(tell: (keys: AccessKeys | undefined) => void): void {
    this.#watching.push(tell);
    tell(this.#given);
  }

  /**
   * The one question of every listener: may a request with these headers do what needs this right, in this collection if its path names one?
   * Throws, or rejects with, 401 as plain text or 403. Tokens take a promise, keys none. `known` is told who it is, also where they are refused.
   */
  admit(
    headers: IncomingHttpHeaders,
    right: Right,
    collection: string | undefined,
    here: Here,
    known: (caller: Caller) => void = () => undefined,
  ): Caller | Promise<Caller> {
    const keys = this.#keys;
    if (keys === undefined) return anybody;
    if (right === "open") return nobody;
    const caller = this.#callerOf(keys, headers, here);
    if (caller instanceof Promise) return this.#admitToken(caller, right, collection, here, known);
    known(caller);
    requireRight(caller.access, right, collection);
    return caller;
  }

  /** The credential with which the replica `audience` is asked for what this caller may do; `undefined`: there is none to be made. */
  async credentialFor(caller: Caller, audience: number): Promise<string | undefined> {
    const key = this.#keys?.peers[0];
    return key === undefined ? undefined : signPeerToken(key, caller, audience, this.#nowMs());
  }

  #callerOf(keys: InForce, headers: IncomingHttpHeaders, here: Here): Caller | Promise<Known> {
    const credential = credentialOf(headers);
    if (credential === undefined) throw missing();
    const digest = digested(credential);
    const known = this.#knownCaller(keys, digest);
    if (known !== undefined) return known;
    if (keys.peers.length > 0 && isPeerToken(credential)) return this.#peerClaims(keys, credential, here);
    if (keys.signing.length === 0) throw invalid();
    return this.#claimsOf(keys, credential, digest.toString("base64"));
  }

  /** Who calls, where that is known at once. */
  #knownCaller(keys: InForce, digest: Digested): Caller | undefined {
    const caller = callerByKey(keys, digest);
    if (caller !== undefined) return caller;
    const claims = keys.verified.size === 0 ? undefined : keys.verified.get(digest.toString("base64"));
    if (claims === undefined || claims.valueExists !== undefined) return undefined;
    if (claims.expiresAt !== undefined && claims.expiresAt + tokenLeewaySeconds <= this.#nowMs() / 1000)
      return undefined;
    return { access: claims.access, by: "token", subject: claims.subject };
  }

  async #peerClaims({ peers }: InForce, token: string, { replicaId }: Here): Promise<Known> {
    const here = { replicaId: replicaId(), nowMs: this.#nowMs(), leewaySeconds: tokenLeewaySeconds };
    for (const key of peers) {
      const claims = await readPeerToken(token, key, here);
      if (claims !== undefined) return { claims, by: "replica" };
    }
    throw invalid();
  }

  async #claimsOf({ signing, verified }: InForce, token: string, digest: string): Promise<Known> {
    const nowSeconds = this.#nowMs() / 1000;
    const known = verified.get(digest);
    if (known !== undefined) {
      if (known.expiresAt !== undefined && known.expiresAt + tokenLeewaySeconds <= nowSeconds) throw invalid();
      return { claims: known, by: "token" };
    }
    const currentDate = new Date(nowSeconds * 1000);
    for (const key of signing) {
      const payload = await jwtVerify(token, key, {
        algorithms: ["HS256"],
        clockTolerance: tokenLeewaySeconds,
        currentDate,
      }).then(
        (result) => result.payload,
        () => undefined,
      );
      const claims = payload === undefined ? undefined : readClaims(payload);
      if (claims === undefined) continue;
      verified.set(digest, claims);
      return { claims, by: "token" };
    }
    throw invalid();
  }

  async #admitToken(
    reading: Promise<Known>,
    right: Right,
    collection: string | undefined,
    { holds }: Here,
    known: (caller: Caller) => void,
  ): Promise<Caller> {
    const { claims, by } = await reading;
    const { access, valueExists, subject } = claims;
    const caller: Caller = { access, by, subject };
    known(caller);
    if (valueExists !== undefined && !(await holds(valueExists))) throw noSuchValue();
    requireRight(access, right, collection);
    return caller;
  }
}
