import type { PointId } from "@murmuration/index";
import { mayBeAdded } from "../../catalogue/vector-incarnation.js";
import { dotText } from "../../causality/dot.js";
import { includesDot, type VersionVector } from "../../causality/version-vector.js";
import type { KeyedState } from "../../gossip/message.js";
import { limits } from "../../limits.js";
import { pointIdFromKey } from "../../log/point-key.js";
import { mark } from "../../marks.js";
import { refuseMessage } from "../../operation/refuse-message.js";
import { isPlanted } from "../../planted.js";
import { decodeNodeLists, linksToAdd, nodeOfKey } from "../../reconcile/node-lists.js";
import { canonicalState, readableState } from "../../state/digest.js";
import { mergePointStates } from "../../state/merge-point-states.js";
import type { PointState } from "../../state/point-state.js";
import { decodePointState } from "../../state/point-state-codec.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { ExchangeContext } from "./exchange.js";
import { vectorsAgreeWithLog } from "./vectors-in-log.js";

/** Mends a shard by what another replica has at the same frontier, and counts every repair as an incident. */
export class Repairs {
  readonly #context: ExchangeContext;
  #points = 0;
  #lists = 0;

  constructor(context: ExchangeContext) {
    this.#context = context;
  }

  counts(): { readonly repairedPoints: number; readonly repairedLists: number } {
    return { repairedPoints: this.#points, repairedLists: this.#lists };
  }

  /** Take over the join of states that are other here, or missing. Throws `corrupt` before the first is taken when one cannot be. */
  takePoints(from: number, target: WritableShard, differing: readonly KeyedState[], nowMs: number): void {
    const { shard } = target;
    const received = differing.map(({ key, bytes }) => decodePointState(idOfKey(key), bytes));
    for (const state of received) {
      requirePast(shard.frontier, state, nowMs);
      const unknown = Object.keys(state.vectors).find((key) => mayBeAdded(shard.collection, key));
      if (unknown !== undefined) refuseMessage(`point ${state.id} has a vector that is not in the catalogue here`);
    }
    const repaired: PointState[] = [];
    for (const state of received) {
      const mine = readableState(shard, state.id);
      const merged = mine === undefined || isPlanted("reconcile-takes-theirs") ? state : mergePointStates(mine, state);
      if (mine !== undefined && isSameState(mine, merged)) {
        if (isSameState(mine, state)) this.#judgeVectors(from, target, mine);
      } else if (shard.holdsVectorsOf(merged)) repaired.push(merged);
      else this.#requestSnapshot(shard.id, `a vector of point ${state.id} is not here`);
    }
    if (repaired.length === 0) return;
    this.#context.store.reconcilePoints(target, repaired);
    mark("reconciled points");
    this.#points += repaired.length;
    for (const { id } of repaired) this.#note(`point ${id} of shard ${shard.id}, by replica ${from}`);
  }

  /**
   * Of points that are other elsewhere, or not there: one whose vector was purged here was deleted, and its row has gone back to before that.
   * Its tombstone is forgotten by now: only the whole says that it is gone.
   */
  judgePoints({ shard }: WritableShard, ids: readonly PointId[]): void {
    const lost = ids.find((id) => {
      const state = shard.table.state(id);
      return state !== undefined && !shard.holdsVectorsOf(state);
    });
    if (lost !== undefined) this.#requestSnapshot(shard.id, `the vector of point ${lost} is not here any more`);
  }

  /** Take over links that nodes have lost here. No tag is stored in the graph. */
  takeLists(from: number, target: WritableShard, vector: string, differing: readonly KeyedState[]): void {
    const { shard, indexes } = target;
    const index = indexes.get(vector);
    if (index === undefined) return refuseMessage(`there is no vector "${vector}"`);
    const received = differing.map(({ key, bytes }) => ({ dot: nodeOfKey(key), lists: decodeNodeLists(bytes) }));
    for (const { dot, lists } of received) {
      const slot = index.slotOf(dot);
      if (slot === undefined) {
        this.#requestSnapshot(shard.id, `node ${dotText(dot)} is not here`);
        continue;
      }
      const { lists: lost, missing } = linksToAdd(index, slot, lists);
      const [first] = missing;
      if (first !== undefined) this.#requestSnapshot(shard.id, `node ${dotText(first)} is not here`);
      const wasOther = this.#context.store.reconcileNode(target, vector, dot, lost);
      if (wasOther) this.#note(`mark of death of node ${dotText(dot)} of shard ${shard.id}`);
      if (lost.length === 0) continue;
      mark("reconciled lists");
      this.#lists += lost.length;
      this.#note(`links of node ${dotText(dot)} of shard ${shard.id}, by replica ${from}`);
    }
  }

  /** The states are the same and their hashes are not: a vector has changed in memory. The log says where. */
  #judgeVectors(from: number, { shard }: WritableShard, state: PointState): void {
    const { store } = this.#context;
    const agree = vectorsAgreeWithLog(store.log, shard, state);
    // where the log does not go back so far, one of the two gives way
    if (agree === true || (agree === undefined && store.id < from)) return;
    this.#requestSnapshot(shard.id, `a vector of point ${state.id} is damaged`);
  }

  #note(what: string): void {
    this.#context.refuse("repaired", what);
  }

  #requestSnapshot(shard: string, why: string): void {
    if (this.#context.store.snapshotsWanted.has(shard)) return;
    this.#context.store.snapshotsWanted.add(shard);
    this.#context.refuse("cannot be repaired", `${why}: shard ${shard} needs a snapshot`);
  }
}

/** A state at this frontier was made by operations of this frontier. */
function requirePast(frontier: VersionVector, state: PointState, nowMs: number): void {
  const stamps = [state.stamp, state.payloadStamp, ...Object.values(state.fieldStamps)];
  for (const { stamp, dot } of Object.values(state.vectors)) {
    stamps.push(stamp);
    if (dot !== undefined && !includesDot(frontier, dot))
      refuseMessage(`point ${state.id} has a vector of an operation that is not here`);
  }
  for (const { time, origin } of stamps) {
    if (!frontier.has(origin) || time.wallMs > nowMs + limits.clockDriftMsMax)
      refuseMessage(`point ${state.id} was written by an operation that is not here`);
  }
}

function idOfKey(key: Uint8Array): PointId {
  return key.byteLength === 8 || key.byteLength === 16 ? pointIdFromKey(key) : refuseMessage("not the key of a point");
}

function isSameState(a: PointState, b: PointState): boolean {
  return Buffer.compare(canonicalState(a), canonicalState(b)) === 0;
}
