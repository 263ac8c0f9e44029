import { MurmurationError } from "@murmuration/index";
import type { CatalogueCommand } from "../../catalogue/catalogue-command.js";
import type { Invitation } from "../../gossip/invitation.js";
import type { ReplicaStore } from "../commit/store.js";
import type { Introductions } from "../exchange/introductions.js";
import type { Authentication } from "../membership/authentication.js";
import type { Membership } from "../membership/membership.js";
import type { ClusterOptions } from "../upkeep/cluster-options.js";

/** What a replica writes into the catalogue of itself and of those whom it lets in. */
export class Joining {
  readonly #store: ReplicaStore;
  readonly #options: ClusterOptions;
  readonly #members: Membership;
  readonly #authentication: Authentication;
  readonly #introductions: Introductions;

  constructor(
    store: ReplicaStore,
    options: ClusterOptions,
    members: Membership,
    authentication: Authentication,
    introductions: Introductions,
  ) {
    this.#store = store;
    this.#options = options;
    this.#members = members;
    this.#authentication = authentication;
    this.#introductions = introductions;
  }

  /**
   * What is to be changed in the catalogue now: this replica joins, or is known otherwise from now on, or it lets others in. `mustJoin`: it is no
   * member, and may become one; `mayWrite`: it is one that takes writes.
   */
  commands(mustJoin: boolean, mayWrite: () => boolean, nowMs: number): readonly CatalogueCommand[] {
    const { region = "", url, founding } = this.#options;
    const { id, catalogue } = this.#store;
    const keys = this.#authentication.signing?.publicKeys();
    const join = {
      kind: "join-member",
      id,
      region,
      ...(url === undefined ? {} : { url }),
      ...(keys === undefined ? {} : { keys }),
    } as const;
    const hasBegun = catalogue.members.length > 0;
    // else a member that has let it in writes it
    if (mustJoin && !(hasBegun && this.#authentication.mustBeLetIn)) {
      if (!hasBegun && founding !== undefined) {
        this.#authentication.secure();
        this.#introductions.open(founding.peers, nowMs);
      }
      return [join];
    }
    const told = this.#authentication.keysToTell();
    const own = [
      ...(this.#members.hasMoved() ? [join] : []),
      ...(told === undefined ? [] : [{ kind: "set-member-keys", id, keys: told } as const]),
    ];
    if ((own.length === 0 && !this.#introductions.hasJoins()) || !mayWrite()) return [];
    return [...own, ...this.#introductions.takeJoins()];
  }

  /**
   * Makes an invitation, by which one replica is let into the cluster, once, until it ends. `nonce`: drawn by the host, letters and digits.
   * Throws `unavailable` where this replica can let nobody in.
   */
  invite(nonce: string, endsMs: number): Invitation {
    const invitation = this.#members.isMember() ? this.#introductions.invite(nonce, endsMs) : undefined;
    if (invitation !== undefined) return invitation;
    throw new MurmurationError("unavailable", "this replica is no member of a cluster whose members have keys");
  }

  /** Changes this replica's key. The old one signs until every member knows the new one. Throws `unavailable` where it has none. */
  renewKey(): void {
    const { signing } = this.#authentication;
    if (signing === undefined) throw new MurmurationError("unavailable", "this replica has no key");
    signing.renew();
  }
}
