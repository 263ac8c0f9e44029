import { type Collection, visibleCollections } from "@murmuration/core";
import type { Logger } from "pino";
import type { Backups } from "../backup/backups.js";
import type { Database } from "../engine/database.js";
import type { CollectionHeader, Snapshots } from "../snapshots/snapshots.js";
import type { CopiesPolicy } from "./copies-policy.js";
import { Erasures } from "./erasures.js";
import { snapshotCopies } from "./snapshot-copies.js";

/** What a server keeps beside its database. */
export interface ErasedServer {
  readonly database: Database;
  readonly backups: Backups | undefined;
  readonly snapshots: Snapshots;
  readonly policy: CopiesPolicy;
  /** What a snapshot of a collection says of it beside its points. */
  readonly headerOf: (database: Database, of: Collection) => CollectionHeader;
  readonly log?: Logger;
}

/** The host's part in erasures, begun. */
export function openErasures({ database, backups, snapshots, policy, headerOf, log }: ErasedServer): Erasures {
  const full = async () => {
    const all = visibleCollections(database.catalogue).map((of) => headerOf(database, of));
    return (await snapshots.createFull(all, database.catalogue.aliases)).name;
  };
  const erasures = new Erasures({
    database,
    copies: {
      backups,
      snapshots: snapshotCopies(snapshots, full),
      headerOf: (name) => {
        const of = database.collectionNamed(name);
        return of === undefined ? undefined : headerOf(database, of);
      },
    },
    policy,
    ...(log === undefined ? {} : { log }),
  });
  erasures.begin();
  return erasures;
}
