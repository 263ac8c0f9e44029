import type { PointId } from "@murmuration/index";
import type { LogWriter } from "../log/op-log.js";
import { epochsOf } from "../state/open-shard.js";
import type { Shard } from "../state/shard.js";
import type { WritableShard } from "../state/writable-shard.js";
import type { AppliedOperation, CatalogueChanged, Change, PointsReconciled } from "./change.js";
import type { OwnRows } from "./own-rows.js";
import { SYSTEM_SHARD } from "./stored-causality.js";

/** What a view is told when it is durable. */
type PendingChange =
  | CatalogueChanged
  | PointsReconciled
  | { readonly shard: Shard; readonly operations: AppliedOperation[] };

/** A write of something that is applied. */
interface PendingWrite {
  readonly shard: string;
  readonly write: (writer: LogWriter) => void;
}

/** What is applied and not in the log yet, in the order in which it was applied. */
export class Pending {
  #writes: PendingWrite[] = [];
  /** Points that it has changed: each is written once, as it is then. */
  readonly #touched = new Map<Shard, Set<PointId>>();
  /** Shards of which readers are shown more once it is durable. */
  readonly #shown = new Set<string>();
  #changes: PendingChange[] = [];
  #own: OwnRows[] = [];

  get isEmpty(): boolean {
    return this.#writes.length === 0 && this.#touched.size === 0;
  }

  /** Are own operations in it? Their names must never be given again. */
  get hasOwn(): boolean {
    return this.#own.length > 0;
  }

  write(shard: string, write: PendingWrite["write"]): void {
    this.#writes.push({ shard, write });
  }

  /** What readers see of a shard is another once it is durable. */
  show(shard: Shard): void {
    this.#shown.add(shard.id);
  }

  /** The shards of which readers are shown more, as far as they are here. */
  targets(shards: ReadonlyMap<string, WritableShard>): WritableShard[] {
    return Array.from(this.#shown, (id) => shards.get(id)).filter((target) => target !== undefined);
  }

  touch(shard: Shard, ids: Iterable<PointId>): void {
    const touched = this.#touched.get(shard) ?? new Set();
    this.#touched.set(shard, touched);
    this.show(shard);
    for (const id of ids) touched.add(id);
  }

  /** An operation was applied; those of one shard that follow each other are told together. */
  applied(shard: Shard, operation: AppliedOperation): void {
    this.show(shard);
    const last = this.#changes.at(-1);
    if (last !== undefined && "operations" in last && last.shard === shard) last.operations.push(operation);
    else this.#changes.push({ shard, operations: [operation] });
  }

  changed(change: CatalogueChanged | PointsReconciled): void {
    this.#changes.push(change);
  }

  own(rows: OwnRows): void {
    this.#own.push(rows);
  }

  /** Points of shards that are gone are not written. */
  forgetPoints(isGone: (shard: string) => boolean): void {
    for (const shard of this.#touched.keys()) if (isGone(shard.id)) this.#touched.delete(shard);
  }

  /** Nothing of a shard is written or told. */
  forget(id: string): void {
    this.#writes = this.#writes.filter(({ shard }) => shard !== id);
    this.#changes = this.#changes.filter((change) => shardOf(change) !== id);
    this.#own = this.#own.filter(({ shard }) => shard !== id);
    this.forgetPoints((shard) => shard === id);
  }

  /** `putPoints` writes points of a shard as they are. */
  writeAll(writer: LogWriter, putPoints: (shard: Shard, ids: Iterable<PointId>) => void): void {
    for (const { write } of this.#writes) write(writer);
    for (const [shard, ids] of this.#touched) putPoints(shard, ids);
  }

  /** Takes what is told now that it is written. The graphs' epochs are those of now: everything that was applied is told. */
  take(shards: ReadonlyMap<string, WritableShard>): { readonly changes: Change[]; readonly own: OwnRows[] } {
    const changes = this.#changes.map((pending): Change => {
      if (!("operations" in pending)) return pending;
      const { shard, operations } = pending;
      const target = shards.get(shard.id);
      const epochs = target?.shard === shard ? epochsOf(target.indexes) : new Map<string, number>();
      return { kind: "operations", shard: shard.id, operations, epochs };
    });
    const own = this.#own;
    [this.#writes, this.#changes, this.#own] = [[], [], []];
    this.#touched.clear();
    this.#shown.clear();
    return { changes, own };
  }
}

function shardOf(change: PendingChange): string {
  if ("operations" in change) return change.shard.id;
  return change.kind === "catalogue" ? SYSTEM_SHARD : change.shard;
}
