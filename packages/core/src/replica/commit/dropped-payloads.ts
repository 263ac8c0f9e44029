import { MurmurationError } from "@murmuration/index";
import { limits } from "../../limits.js";
import type { OpLog } from "../../log/op-log.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { Change } from "./change.js";

/** Can nobody read any more what a commit has dropped? `isRoomWanted`: or is room worth more than who still reads of what is gone. */
type IsPassed = (nowMs: number, isRoomWanted: boolean) => boolean;

/** Deletes payloads that no row has any more, once nobody reads at an epoch at which one had them. */
export class DroppedPayloads {
  readonly #log: OpLog;
  readonly #shards: ReadonlyMap<string, WritableShard>;
  /** What was noted up to here, nobody reads. */
  #passed: number;
  #deleted = 0;
  #isRoomWanted = false;
  /** Notes up to these positions, in order. */
  readonly #waiting: { readonly upTo: number; readonly isPassed: IsPassed }[] = [];

  /** What was noted before the log was opened had no reader since. `shards`: those that are served, as they are at any time. */
  constructor(log: OpLog, shards: ReadonlyMap<string, WritableShard>) {
    this.#log = log;
    this.#shards = shards;
    this.#passed = log.lastDrop();
  }

  /**
   * A group is durable and published: what it dropped may go when every reader is at the epochs that it made, or later ones. Returns its
   * changes.
   */
  committed(changes: readonly Change[]): readonly Change[] {
    const upTo = this.#log.lastDrop();
    if (upTo > (this.#waiting.at(-1)?.upTo ?? this.#passed)) {
      const passed = changes.flatMap((change) => isPassedOf(change, this.#shards));
      this.#waiting.push({ upTo, isPassed: (...now) => passed.every((isPassed) => isPassed(...now)) });
    }
    return changes;
  }

  /** Is all deleted that was noted up to this position? */
  areDeleted(upTo: number): boolean {
    return this.#deleted >= upTo;
  }

  /** The log has refused a commit, perhaps because its disk is full: what was dropped with a collection goes at the next call. */
  wantRoom(): void {
    this.#isRoomWanted = true;
  }

  /** Delete some of what may go, in a commit of its own. Where the log refuses it, it is tried at the next call. */
  sweep(nowMs: number): void {
    const isPassed = () => this.#waiting[0]?.isPassed(nowMs, this.#isRoomWanted) === true;
    while (isPassed()) this.#passed = this.#waiting.shift()?.upTo ?? this.#passed;
    this.#isRoomWanted = false;
    if (this.#deleted >= this.#passed) return;
    try {
      const isDone = this.#log.transaction(
        (writer) => writer.deleteDropped(this.#passed, limits.payloadsDeletedPerCommit),
        { isLazy: true },
      );
      if (isDone) this.#deleted = this.#passed;
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
    }
  }
}

function isPassedOf(change: Change, shards: ReadonlyMap<string, WritableShard>): IsPassed[] {
  if (change.kind === "published") {
    const segment = shards.get(change.shard)?.rows.segment;
    return segment === undefined ? [isOld()] : [() => segment.isPassed(change.epoch)];
  }
  const isTableGone = change.kind === "replaced" || (change.kind === "catalogue" && change.delta.dropped.length > 0);
  return isTableGone ? [isOld()] : [];
}

/** Of a table that is given up there is no later epoch; readers are told of it, and have ended what they read there by then. */
function isOld(): IsPassed {
  let sinceMs: number | undefined;
  return (nowMs, isRoomWanted) => {
    sinceMs ??= nowMs;
    return isRoomWanted || nowMs - sinceMs >= limits.droppedTableKeptMs;
  };
}
