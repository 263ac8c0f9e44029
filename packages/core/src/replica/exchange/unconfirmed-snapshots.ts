import { MurmurationError } from "@murmuration/index";
import type { LogWriter, OpLog } from "../../log/op-log.js";
import { countOf, storedSetting } from "../../log/stored-setting.js";
import { mark } from "../../marks.js";
import type { ReplicaStore } from "../commit/store.js";
import type { Membership } from "../membership/membership.js";

const incomingSetting = (shard: string) => `snapshot.from.${shard}`;
const unconfirmedSetting = (shard: string) => `snapshot.unconfirmed.${shard}`;

/** A shard whose state comes from one member, and that nobody else has confirmed. */
export interface UnconfirmedSnapshot {
  readonly shard: string;
  /** Id of the replica that gave it; 0 where that is not known any more. */
  readonly source: number;
}

/** Note whose snapshot is coming. */
export function putIncomingSource(writer: LogWriter, shard: string, source: number): void {
  writer.putSetting(incomingSetting(shard), String(source));
}

/** Whose snapshot is coming; 0 where that is not known. */
export function incomingSource(log: OpLog, shard: string): number {
  return storedSource(log, incomingSetting(shard)) ?? 0;
}

/** Note of a shard that its state is from `source` and that nobody else has confirmed it; `undefined`: it is confirmed. */
export function putUnconfirmed(writer: LogWriter, shard: string, source: number | undefined): void {
  writer.putSetting(unconfirmedSetting(shard), source === undefined ? "" : String(source));
}

/** 0 for one that is damaged: somebody's word it was. */
function storedSource(log: OpLog, setting: string): number | undefined {
  try {
    return storedSetting(log, setting, (text) => (text === "0" ? 0 : countOf(text)));
  } catch (error) {
    if (error instanceof MurmurationError && error.code === "corrupt") return 0;
    throw error;
  }
}

/**
 * Snapshots that were installed although no other member knew their digests (docs/convergence.md, snapshots). The first comparison at
 * equal frontiers with somebody else than their source confirms them. Kept in the log: a start does not confirm anything.
 */
export class UnconfirmedSnapshots {
  readonly #store: ReplicaStore;
  readonly #members: Membership;
  /** By shard, whose snapshot it is. */
  readonly #sources = new Map<string, number>();

  constructor(store: ReplicaStore, members: Membership) {
    this.#store = store;
    this.#members = members;
    for (const shard of store.shards.keys()) this.noteInstalled(shard);
  }

  /** Whose word alone a shard's state is; `undefined`: it is not. */
  sourceOf(shard: string): number | undefined {
    return this.#sources.get(shard);
  }

  list(): UnconfirmedSnapshot[] {
    return Array.from(this.#sources, ([shard, source]) => ({ shard, source }));
  }

  /** Shard → whose word alone it is. */
  byShard(): { readonly [shard: string]: number } {
    return Object.fromEntries(this.#sources);
  }

  /** A snapshot of a shard was installed, with what the log says of it. */
  noteInstalled(shard: string): void {
    const source = storedSource(this.#store.log, unconfirmedSetting(shard));
    if (source === undefined) this.#sources.delete(shard);
    else this.#sources.set(shard, source);
  }

  /**
   * A shard was compared with a member at equal frontiers; `differing`: what of it was other. Returns what is to be reported, if something is:
   * a state of another's that is not what a third has.
   */
  noteCompared(shard: string, from: number, differing: string | undefined): string | undefined {
    const source = this.sourceOf(shard);
    if (source === undefined || source === from) return undefined;
    if (differing === undefined) {
      this.#confirm(shard);
      return undefined;
    }
    return `the snapshot of shard ${shard} from replica ${source} does not have the ${differing} that replica ${from} has`;
  }

  /** Where nobody is left who could confirm anything, nothing waits for it. Shards that are gone are forgotten. */
  tidy(): void {
    const { shards, id: self } = this.#store;
    for (const [shard, source] of this.#sources) {
      if (!shards.has(shard)) this.#sources.delete(shard);
      else if (!this.#members.active().some((id) => id !== self && id !== source)) this.#confirm(shard);
    }
  }

  #confirm(shard: string): void {
    try {
      this.#store.log.transaction((writer) => putUnconfirmed(writer, shard, undefined));
    } catch (error) {
      if (error instanceof MurmurationError && error.code === "storage") return;
      throw error;
    }
    mark("snapshot confirmed");
    this.#sources.delete(shard);
  }
}
