import { MurmurationError } from "@murmuration/index";
import type { SnapshotWordMessage } from "../../gossip/message.js";
import type { LogWriter, OpLog } from "../../log/op-log.js";
import { countOf, storedSetting } from "../../log/stored-setting.js";
import { mark } from "../../marks.js";
import type { Shard } from "../../state/shard.js";
import type { ExchangeContext } from "./exchange.js";
import type { Digests } from "./known-digests.js";

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
 * Snapshots that were installed although no other member knew their digests (docs/convergence.md, snapshots). Who has the same at an equal
 * frontier is asked whether it knows that from others than their source: a member that has it from there as well says nothing. Once one does,
 * the state is confirmed, and not yet the checkpoint that came, whose contents later operations may have covered: so it counts when the state is
 * written as a checkpoint of its own. Kept in the log: a start does not confirm anything.
 */
export class UnconfirmedSnapshots {
  readonly #context: ExchangeContext;
  /** By shard, whose snapshot it is. */
  readonly #sources = new Map<string, number>();
  /** By shard, who was asked about which digests last. */
  readonly #asked = new Map<string, Digests & { readonly to: number }>();
  /** By shard, members that cannot confirm it: they asked for a snapshot of it since, or have the same and do not know it from elsewhere. */
  readonly #without = new Map<string, Set<number>>();
  /** Shards whose state is confirmed, and that wait for a checkpoint of it. */
  readonly #confirmed = new Set<string>();

  constructor(context: ExchangeContext) {
    this.#context = context;
    for (const shard of context.store.shards.keys()) this.noteInstalled(shard);
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
    const source = storedSource(this.#context.store.log, unconfirmedSetting(shard));
    this.#forget(shard);
    if (source !== undefined) this.#sources.set(shard, source);
  }

  /**
   * A shard was compared with a member at equal frontiers, of which these are the digests here; `differing`: what of it was other. Returns what
   * is to be reported, if something is: a state of another's that is not what a third has.
   */
  noteCompared(
    { id: shard, frontier }: Pick<Shard, "id" | "frontier">,
    from: number,
    { points, graph }: Digests,
    differing: string | undefined,
  ): string | undefined {
    const source = this.sourceOf(shard);
    if (source === undefined || source === from) return undefined;
    if (differing !== undefined) {
      this.#without.get(shard)?.delete(from);
      return `the snapshot of shard ${shard} from replica ${source} does not have the ${differing} that replica ${from} has`;
    }
    if (this.#isMember(source)) {
      this.#asked.set(shard, { to: from, points, graph });
      const question = { kind: "snapshot-question", shard, frontier: new Map(frontier), points, graph } as const;
      this.#context.send(from, "control", question);
    } else {
      // what members agree on is what there is
      this.#confirm(shard);
    }
    return undefined;
  }

  /** A member asks for a snapshot of a shard: whatever it comes to hold, it has from others, and cannot confirm the state here. */
  noteWithout(from: number, shard: string): void {
    if (!this.#sources.has(shard)) return;
    const without = this.#without.get(shard) ?? new Set();
    this.#without.set(shard, without.add(from));
  }

  /**
   * What a member knows of digests that it was asked about, after it was compared and had them: the same, from others than the source of the
   * snapshot here, confirms it. One that does not know has them from there as well.
   */
  noteWord(from: number, { shard, points, graph, word }: SnapshotWordMessage): void {
    const asked = this.#asked.get(shard);
    if (asked?.to !== from || asked.points !== points || asked.graph !== graph) return;
    this.#asked.delete(shard);
    if (word === "same") this.#confirm(shard);
    else if (word === "unknown") this.noteWithout(from, shard);
  }

  /** Where nobody is left who could confirm anything, or contradict, nothing waits for it. Shards that are gone are forgotten. */
  tidy(): void {
    const { store, members } = this.#context;
    for (const [shard, source] of this.#sources) {
      if (!store.shards.has(shard)) this.#forget(shard);
      else if (members.active().every((id) => id === store.id || id === source || this.#without.get(shard)?.has(id)))
        this.#confirm(shard);
      if (this.#confirmed.has(shard) && !store.checkpointsWanted.has(shard)) this.#end(shard);
    }
  }

  /** A source that is not known any more may be one. */
  #isMember(source: number): boolean {
    return source === 0 || this.#context.members.isActive(source);
  }

  #confirm(shard: string): void {
    if (this.#confirmed.has(shard)) return;
    this.#confirmed.add(shard);
    this.#context.store.checkpointsWanted.add(shard);
  }

  #end(shard: string): void {
    try {
      this.#context.store.log.transaction((writer) => putUnconfirmed(writer, shard, undefined));
    } catch (error) {
      if (error instanceof MurmurationError && error.code === "storage") return;
      throw error;
    }
    mark("snapshot confirmed");
    this.#forget(shard);
  }

  #forget(shard: string): void {
    this.#sources.delete(shard);
    this.#asked.delete(shard);
    this.#without.delete(shard);
    this.#confirmed.delete(shard);
  }
}
