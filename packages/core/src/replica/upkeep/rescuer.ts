import type { EdgeDelta, NodeDot, SpaceLinks, SpacePort } from "@murmuration/index";
import type { Collection } from "../../catalogue/collection.js";
import { isBuilding } from "../../catalogue/vector-graphs.js";
import { compareVersionVectors, emptyVersionVector, type VersionVector } from "../../causality/version-vector.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { WriteUpkeep } from "./write-upkeep.js";

const RESCUES_MAX = 64;
/** Lists that give way to a node in one step: for each the whole graph is walked. */
const FORCED_MAX = 16;
/** Shards of more nodes are looked through only when nothing has changed between two ticks. */
const SMALL_NODES = 2000;

/**
 * Live nodes that no walk finds get links from nodes that it does find. Every owner sees to its own nodes where a list has room. Where
 * none has, one member alone (`isFirst`) makes room, a node at a time: two that did so at once could cut each other's ways.
 */
export class Rescuer {
  readonly #target: WritableShard;
  #seen: VersionVector = emptyVersionVector;
  #checked: VersionVector | undefined;
  /** Of `shard.repairs`, and whose nodes this replica looked after, as far as it was looked at. */
  #repairs = 0;
  #owners = "";
  #graphs: Collection["graphs"];

  constructor(target: WritableShard) {
    this.#target = target;
  }

  step(owned: ReadonlySet<number>, isFirst: boolean, write: WriteUpkeep): { count: number; atRest: boolean } {
    const { shard, indexes } = this.#target;
    const owners = [...owned].sort((a, b) => a - b).join();
    const { collection } = shard;
    if (shard.repairs !== this.#repairs || owners !== this.#owners || collection.graphs !== this.#graphs) {
      // links that came back by comparing led elsewhere, an evicted member's nodes came to this one, or another graph serves: the frontier tells neither
      this.#checked = undefined;
      this.#repairs = shard.repairs;
      this.#owners = owners;
      this.#graphs = collection.graphs;
    }
    const isQuiet = compareVersionVectors(shard.frontier, this.#seen) === "equal";
    if (!isQuiet) this.#seen = new Map(shard.frontier);
    if (this.#checked === this.#seen) return { count: 0, atRest: true };
    const isSmall = [...indexes.values()].every((index) => index.reader.linkedCount <= SMALL_NODES);
    if (!isQuiet && !isSmall) return { count: 0, atRest: false };
    // only when this step comes to its end: a graph may have no room for it
    this.#checked = undefined;
    const seen = this.#seen;
    let count = 0;
    for (const [vector, { links }] of indexes as ReadonlyMap<string, SpacePort>) {
      // who makes a graph links its nodes
      if (links === undefined || isBuilding(shard.collection, vector)) continue;
      const lost = links.unreachable(owned, RESCUES_MAX);
      for (const node of lost) {
        const delta = this.#linksOf(vector, links, node);
        if (delta === undefined) continue;
        write({ kind: "edges", reason: "rescue", vector, deltas: [delta] });
        count++;
      }
      // where every node is looked after here, that was the walk through the whole graph already
      const isWhole = lost.length === 0 && links.entryOrigins().every((origin) => owned.has(origin));
      if (isFirst && !isWhole) count += this.#force(vector, links, write);
    }
    this.#checked = seen;
    return { count, atRest: count === 0 };
  }

  /** A node that leads nowhere was never linked in this graph: it gets all the links that an insert gives it. */
  #linksOf(vector: string, links: SpaceLinks, node: NodeDot): EdgeDelta | undefined {
    const slot = this.#target.indexes.get(vector)?.slotOf(node);
    return (
      (slot !== undefined && links.degreeAt(slot) === 0 ? links.planLink(node) : undefined) ?? links.planRescue(node)
    );
  }

  #force(vector: string, links: SpaceLinks, write: WriteUpkeep): number {
    const everybody = new Set(links.entryOrigins());
    let count = 0;
    while (count < FORCED_MAX) {
      const lost = links.unreachable(everybody, RESCUES_MAX);
      let delta: Uint8Array | undefined;
      for (const node of lost) {
        delta = links.planRescue(node, true);
        if (delta !== undefined) break;
      }
      if (delta === undefined) return count;
      write({ kind: "edges", reason: "rescue", vector, deltas: [delta] });
      count++;
    }
    return count;
  }
}
