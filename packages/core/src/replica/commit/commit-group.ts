import type { PointId } from "@murmuration/index";
import type { ReceivedOperation } from "../../gossip/inbox.js";
import type { LogWriter } from "../../log/op-log.js";
import { type Journal, takeBack } from "../../state/journal.js";
import type { Shard } from "../../state/shard.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { CatalogueChanged, Change } from "./change.js";
import type { OwnRows } from "./own-rows.js";
import { sharedPayload } from "./shared-payload.js";
import { causalSetting, storedCausality } from "./stored-causality.js";
import { putPoints } from "./write-shard.js";

/** Something that was applied: what it writes by itself, and points whose rows and stored states are made once, as they are in the end. */
interface Step {
  readonly shard: string;
  /** Readers are shown another state of it. */
  readonly target: WritableShard | undefined;
  readonly ids: Iterable<PointId>;
  readonly write: ((writer: LogWriter) => void) | undefined;
  /** Shards that are no more. */
  readonly gone: readonly string[];
}

/** A place in a group, to which it can be taken back. */
export interface GroupMark {
  readonly undos: number;
  readonly steps: number;
  readonly changes: number;
  readonly own: number;
}

/** Before anything was applied. */
export const theBeginning: GroupMark = { undos: 0, steps: 0, changes: 0, own: 0 };

/** What is applied and is to become durable together, in the order in which it was applied. */
export class CommitGroup {
  /** Steps that take it back; `undefined`: it cannot be, and waits until it is durable. */
  readonly journal: Journal | undefined;
  /** Was something done by half that it is about? */
  isBroken = false;
  #steps: Step[] = [];
  #changes: CatalogueChanged[] = [];
  #own: OwnRows[] = [];
  /** Log positions of what was written last, by shard. */
  readonly #positions = new Map<Shard, number>();

  constructor(journal?: Journal) {
    this.journal = journal;
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  /** Are own operations in it? Their names must never be given again. */
  get hasOwn(): boolean {
    return this.#own.length > 0;
  }

  /** The place that it has come to. */
  mark(): GroupMark {
    const { length: undos } = this.journal ?? [];
    return { undos, steps: this.#steps.length, changes: this.#changes.length, own: this.#own.length };
  }

  /** Take back what was applied since. Returns what undoing threw: nothing, and all is as it was there. */
  takeBackTo({ undos, steps, changes, own }: GroupMark): unknown[] {
    const taken = this.#steps.splice(steps);
    this.#changes.length = changes;
    this.#own.length = own;
    const failures = takeBack(this.journal?.splice(undos) ?? []);
    // their points are as they were: what readers see of them is right again
    for (const target of targetsOf(taken)) {
      const left = this.#steps.filter((step) => step.target === target);
      target.rows.noteOnly(left.flatMap(({ ids }) => [...ids]));
      if (left.length === 0 && failures.length === 0) target.rows.undone();
    }
    return failures;
  }

  /** Something is to be written that is of no points; `gone`: shards that are no more with it. */
  write(shard: string, write: (writer: LogWriter) => void, gone: readonly string[]): void {
    this.#steps.push({ shard, target: undefined, ids: [], write, gone });
  }

  /** Shards that are no more. */
  get gone(): string[] {
    return this.#steps.flatMap(({ gone }) => gone);
  }

  /** Points have changed, or what readers see of a shard is another in some other way. */
  touch(target: WritableShard, ids: Iterable<PointId>): void {
    this.#steps.push({ shard: target.shard.id, target, ids, write: undefined, gone: [] });
  }

  /** An operation was applied, and has changed these points. */
  applied(target: WritableShard, { operation, bytes }: ReceivedOperation, ids: Iterable<PointId>): void {
    const { shard } = target;
    const { origin, sequence } = operation;
    const write = (writer: LogWriter) => {
      const payload = sharedPayload(shard, operation, bytes, ids);
      this.#positions.set(shard, writer.append(shard.id, origin, sequence, bytes, payload));
    };
    this.#steps.push({ shard: shard.id, target, ids, write, gone: [] });
  }

  changed(change: CatalogueChanged): void {
    this.#changes.push(change);
  }

  own(rows: OwnRows): void {
    this.#own.push(rows);
  }

  /** Nothing of a shard is written or told. */
  forget(id: string): void {
    this.#steps = this.#steps.filter(({ shard }) => shard !== id);
    this.#own = this.#own.filter(({ shard }) => shard !== id);
  }

  /** The shards that it has changed, as far as they are still here. */
  targets(shards: ReadonlyMap<string, WritableShard>): Set<WritableShard> {
    const targets = targetsOf(this.#steps);
    for (const target of targets) if (shards.get(target.shard.id) !== target) targets.delete(target);
    return targets;
  }

  /** Everything in order; then points, and what is known of each shard, as they are now. */
  writeAll(writer: LogWriter, shards: ReadonlyMap<string, WritableShard>): void {
    const touched = new Map(Array.from(this.targets(shards), (target) => [target, new Set<PointId>()]));
    for (const { write, target, ids } of this.#steps) {
      write?.(writer);
      const all = target && touched.get(target);
      if (all !== undefined) for (const id of ids) all.add(id);
    }
    for (const [{ shard }, ids] of touched) {
      putPoints(writer, shard, ids);
      writer.putSetting(causalSetting(shard.id), storedCausality(shard.causality, shard.windows));
    }
  }

  /** It is durable: what is told of it. */
  told(): { readonly changes: readonly Change[]; readonly own: readonly OwnRows[] } {
    for (const [shard, position] of this.#positions) shard.position = position;
    return { changes: this.#changes, own: this.#own };
  }
}

function targetsOf(steps: readonly Step[]): Set<WritableShard> {
  return new Set(steps.map(({ target }) => target).filter((target) => target !== undefined));
}
