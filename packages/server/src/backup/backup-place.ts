import type { Manifest } from "./manifest.js";
import type { StoredManifest } from "./stored-manifest.js";

/** The manifest of a backup: of one in a folder, a file, or of one in a store, parts. */
export type AnyManifest = Manifest | StoredManifest;

/** A backup, or why its manifest cannot be read. */
export type ListedBackup =
  | { readonly name: string; readonly manifest: AnyManifest }
  | { readonly name: string; readonly problem: string };

/** Where backups are: a folder or a store. Several replicas may use one: each touches only what it made itself, but for `remove`. */
export interface BackupPlace {
  readonly path: string;
  /** Names of the backups, newest first; of one replica, or of all. */
  names(replicaId?: number): Promise<string[]>;
  /** All backups, newest first. */
  list(): Promise<ListedBackup[]>;
  /** Removes backups, and of those of this replica what no other one is made of: another one may be sending some of it. Throws `not-found`, or `storage`. */
  remove(names: readonly string[], replicaId: number): Promise<void>;
  /** Removes what a replica left unfinished at an earlier start. Returns the names of what was removed. */
  sweep(replicaId: number): Promise<string[]>;
  /** Ids of all replicas of which there is anything, be it what a backup that is gone was made of. */
  makers(): Promise<number[]>;
  /**
   * Removes everything of a replica that is of no backup, also what the next backup might have used. Where one of its backups cannot be read, nobody knows what that is made of: throws, or with
   * `mayKeep` leaves it and resolves to the names of those.
   */
  leaveOnlyBackups(replicaId: number, mayKeep: boolean): Promise<string[]>;
  /** Has the keys of a replica's backups be wrapped by the first of the keys. Returns the names of those that none of them opens. */
  rewrap(replicaId: number): Promise<string[]>;
}
