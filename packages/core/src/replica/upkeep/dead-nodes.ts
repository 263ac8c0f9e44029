import type { NodeDot, SpacePort } from "@murmuration/index";
import { buildingOf, isBuilding } from "../../catalogue/vector-graphs.js";
import { dotText } from "../../causality/dot.js";
import { compareVersionVectors, emptyVersionVector, type VersionVector } from "../../causality/version-vector.js";
import { limits } from "../../limits.js";
import { isPlanted } from "../../planted.js";
import type { WritableShard } from "../../state/writable-shard.js";
import { StableBatches } from "./stable-batches.js";
import type { WriteUpkeep } from "./write-upkeep.js";

/** Deltas that one repair operation carries. */
const REPAIRS_PER_OPERATION = 8;

interface VectorState {
  /** Dead nodes of any origin that are not known to be stable. */
  readonly waiting: StableBatches<NodeDot>;
  /** Slot from which the search for lists to repair goes on; `undefined` when all were seen since the last node was condemned. */
  repairFrom: number | undefined;
  /** Did the search find any? One repair drops so many links of a list at most: it is done again until it finds none. */
  hasRepaired: boolean;
  /** May there be nodes to purge? */
  purge: boolean;
}

/**
 * Dead nodes, from death to purge (docs/convergence.md): once everybody holds what killed a node it is condemned; the owners of lists
 * that lead to it repair them; when no list of an uncondemned node leads there, its owner purges it.
 */
export class DeadNodes {
  readonly #target: WritableShard;
  readonly #purgedMax: number;
  /** By the keys of vectors: of those that were added since, from their first step on. */
  readonly #vectors: Map<string, VectorState>;
  /** Frontier at the last full look for nodes to purge. */
  #lookedAt: VersionVector = emptyVersionVector;
  #owners = "";
  /** Of `shard.repairs`, as far as it was looked at. */
  #repairs = 0;
  /** Nodes that the start found dead, by vector, until that is known to be no damage: a point whose row was lost looks the same. */
  #found: Map<string, readonly NodeDot[]>;

  /** `purgedMax`: nodes that one purge names at most. */
  constructor(target: WritableShard, purgedMax: number = limits.purgedPerOperationMax) {
    this.#target = target;
    this.#purgedMax = purgedMax;
    this.#vectors = new Map([...target.indexes.keys()].map((name) => [name, newVectorState()]));
    const found = new Map<string, readonly NodeDot[]>();
    for (const [name, space] of target.indexes as ReadonlyMap<string, SpacePort>) {
      const dead = deadIn(space);
      if (dead.length > 0) found.set(name, dead);
      space.takeDeaths();
    }
    this.#found = found;
  }

  /** One step of bounded work. `isChecked`: the shard is known to be as others have it. */
  step(
    owned: ReadonlySet<number>,
    stable: VersionVector,
    isChecked: boolean,
    budget: number,
    write: WriteUpkeep,
  ): { repaired: number; purged: number; atRest: boolean } {
    const { shard, indexes } = this.#target;
    if (isChecked || isPlanted("purge-unchecked")) {
      for (const [name, dead] of this.#found) this.#vectors.get(name)?.waiting.add(dead, shard.frontier);
      this.#found = new Map();
    }
    let [repaired, purged, atRest] = [0, 0, this.#found.size === 0];
    if (shard.repairs !== this.#repairs) {
      // links to the condemned may have come back
      for (const state of this.#vectors.values()) {
        state.repairFrom = 0;
        state.purge = true;
      }
      this.#repairs = shard.repairs;
    }
    const owners = [...owned].sort((a, b) => a - b).join();
    if (owners !== this.#owners) {
      // an evicted member's nodes came to this one, perhaps some that nothing leads to any more
      for (const state of this.#vectors.values()) {
        state.repairFrom = 0;
        state.purge = true;
      }
      this.#owners = owners;
    }
    // as it is before this step's own operations
    const frontier = new Map(shard.frontier);
    const hasChanged = compareVersionVectors(shard.frontier, this.#lookedAt) !== "equal";
    for (const name of this.#vectors.keys()) if (!indexes.has(name)) this.#vectors.delete(name);
    for (const [name, space] of indexes as ReadonlyMap<string, SpacePort>) {
      const known = this.#vectors.get(name);
      const state = known ?? newVectorState();
      this.#vectors.set(name, state);
      const { links, reader } = space;
      // a graph that was made beside another one began with nodes that were dead by then
      if (known === undefined && isChecked) state.waiting.add(deadIn(space), shard.frontier);
      else if (known === undefined) this.#found.set(name, deadIn(space));
      state.waiting.add(space.takeDeaths(), shard.frontier);
      for (const dot of state.waiting.take(stable)) {
        const slot = space.slotOf(dot);
        // purged, or taken back into a point by a write that had not seen the delete
        if (slot === undefined || !reader.nodeAt(slot).dead || reader.isCondemned(slot)) continue;
        space.condemn(slot);
        state.repairFrom = 0;
        // a graph beside may have waited for this one
        for (const one of this.#vectors.values()) one.purge = true;
      }
      // nothing leads to a vector that is not linked
      if (links === undefined) state.repairFrom = undefined;
      else if (state.repairFrom !== undefined && !isPlanted("no-repair")) {
        const { nodes, nextSlot } = links.nodesToRepair(owned, state.repairFrom, budget);
        const deltas = nodes.flatMap((node) => links.planRepair(node) ?? []);
        // before the writes: a graph may have no room for all of them
        if (deltas.length > 0) state.hasRepaired = true;
        for (let at = 0; at < deltas.length; at += REPAIRS_PER_OPERATION) {
          const some = deltas.slice(at, at + REPAIRS_PER_OPERATION);
          write({ kind: "edges", reason: "repair", vector: name, deltas: some });
        }
        repaired += deltas.length;
        const isOver = nextSlot >= reader.slotCount;
        state.repairFrom = isOver ? (state.hasRepaired ? 0 : undefined) : nextSlot;
        if (isOver) state.hasRepaired = false;
        if (nodes.length > 0) state.purge = true;
      }
      // others' repairs and purges make nodes purgeable too: look again whenever something has changed
      if (state.repairFrom === undefined && (state.purge || hasChanged)) {
        const { dots, found } = isPlanted("no-purge") ? nothing : this.#purgeable(name, space, owned);
        if (dots.length > 0) write({ kind: "purge", vector: name, dots });
        purged += dots.length;
        // behind those that something leads to in the graph beside there may be others
        state.purge = found === this.#purgedMax;
      }
      if (state.waiting.size > 0 || state.repairFrom !== undefined || state.purge) atRest = false;
    }
    if (hasChanged) this.#lookedAt = frontier;
    return { repaired, purged, atRest };
  }

  /** Nodes go from all graphs of a vector at once: as soon as nothing leads to them in any. The operation names the one that serves. */
  #purgeable(name: string, space: SpacePort, owned: ReadonlySet<number>): Purgeable {
    const { shard, indexes } = this.#target;
    if (isBuilding(shard.collection, name)) return nothing;
    const dots = space.purgeable(owned, this.#purgedMax);
    const other = buildingOf(shard.collection, name)?.key;
    const beside = other === undefined || dots.length === 0 ? undefined : indexes.get(other);
    if (beside?.links === undefined) return { dots, found: dots.length };
    // of these very nodes: the other graph has them in another order
    const there = new Set(beside.links.purgeableOf(dots).map(dotText));
    const free = dots.filter((dot) => there.has(dotText(dot)) || beside.slotOf(dot) === undefined);
    return { dots: free, found: dots.length };
  }
}

/** Nodes that can be purged, and how many there were of which something may lead to some in the graph beside. */
interface Purgeable {
  readonly dots: readonly NodeDot[];
  readonly found: number;
}

const nothing: Purgeable = { dots: [], found: 0 };

/** Nodes that nobody shows. */
function deadIn({ reader }: SpacePort): NodeDot[] {
  const dead: NodeDot[] = [];
  for (let slot = 0, end = reader.slotCount; slot < end; slot++) {
    const node = reader.nodeAt(slot);
    if (node.linked && node.dead) dead.push(reader.dotAt(slot));
  }
  return dead;
}

function newVectorState(): VectorState {
  return { waiting: new StableBatches<NodeDot>(dotText), repairFrom: 0, hasRepaired: false, purge: true };
}
