import type { ListedBackup } from "./backup-place.js";
import type { RepeatedReport } from "./repeated.js";
import type { Shipped } from "./ship-log.js";

/** Backups as `GET /murmur/backups` tells of them. */
export interface BackupsReport {
  /** Path of the folder, or `s3://bucket/prefix`. */
  readonly place: string;
  readonly everyMinutes: number;
  readonly keep: number;
  readonly isRunning: boolean;
  /** Why the last attempt failed; missing after one that did not. */
  readonly lastFailure?: { readonly atMs: number; readonly why: string };
  readonly drills: RepeatedReport<Drilled>;
  readonly shipping: RepeatedReport<Shipped>;
  /** Newest first. */
  readonly backups: readonly ListedBackup[];
  /** Why a store does not say which there are. */
  readonly problem?: string;
}

/** A drill that went well: of which backup, and what it took. */
export interface Drilled {
  readonly backup: string;
  readonly ms: number;
}

/** What is counted of backups since the start. */
export interface BackupCounts {
  /** When the last one was made, also before the start, as far as is known. */
  readonly lastMs: number | undefined;
  readonly failures: number;
  readonly drills: RepeatedReport<Drilled>;
  readonly shipping: RepeatedReport<Shipped>;
}
