import type { VersionVector } from "../causality/version-vector.js";
import { decodeToken, encodeToken, isCovered, mergeTokens, type SessionToken } from "./token.js";

/**
 * A client's session: reads see what it wrote (read your writes), and never less than reads before them (monotonic reads), on
 * whatever replica they are made. The client carries the token; a replica that does not cover it waits or passes the read on.
 * The guarantees are those of Terry et al., Session guarantees for weakly consistent replicated data (1994).
 */
export class Session {
  #seen: SessionToken;

  constructor(seen: SessionToken = new Map()) {
    this.#seen = seen;
  }

  /** The session of a token that a client sent in `header`. Throws `format` naming the header. */
  static resume(text: string, header: string): Session {
    return new Session(decodeToken(text, header));
  }

  /** A write was acknowledged by a replica that held this then, the write included. */
  wrote(shard: string, frontier: VersionVector): void {
    this.#see(shard, frontier);
  }

  /** A read was answered by a replica that held this then. */
  read(shard: string, frontier: VersionVector): void {
    this.#see(shard, frontier);
  }

  /** May a replica with these frontiers answer a read of these shards? */
  mayRead(frontiers: ReadonlyMap<string, VersionVector>, shards: Iterable<string>): boolean {
    return isCovered(frontiers, this.#seen, shards);
  }

  /** What the client sends along with its next request. */
  token(): string {
    return encodeToken(this.#seen);
  }

  #see(shard: string, frontier: VersionVector): void {
    // merging copies: frontiers of a replica go on
    this.#seen = mergeTokens(this.#seen, new Map([[shard, frontier]]));
  }
}
