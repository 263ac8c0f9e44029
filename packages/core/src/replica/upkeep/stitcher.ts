import type { EdgeDelta, NodeDot, SpacePort } from "@murmuration/index";
import { isBuilding } from "../../catalogue/vector-graphs.js";
import type { WindowWork } from "../../gossip/windows.js";
import { mark } from "../../marks.js";
import { isPlanted } from "../../planted.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { WriteUpkeep } from "./write-upkeep.js";

/** Foreign nodes up to which every pair is looked at; above, nodes search from a sample of them. */
const PAIRWISE_MAX = 32;
/** Foreign nodes that a search is seeded from. */
const SAMPLE = 256;
/** Of the own nodes, one in so many and at least `URGENT_MIN` are linked at once: the rest is found through them. */
const URGENT_SHARE = 10;
const URGENT_MIN = 64;
/** Most of the urgent ones per call. */
const URGENT_PER_STEP = 512;
const DELTAS_PER_OPERATION = 8;

interface Job {
  readonly owner: number;
  readonly work: WindowWork;
  readonly nodes: readonly { readonly vector: string; readonly node: NodeDot }[];
  readonly foreign: ReadonlyMap<string, readonly NodeDot[]>;
  readonly walk: boolean;
  readonly urgent: number;
  next: number;
}

/** Finaliser of murmur3 (Appleby): spreads what is linked first evenly over a window. */
function spread(sequence: number): number {
  let hash = (sequence ^ Math.floor(sequence / 2 ** 32)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Links own nodes to those that others inserted without knowing of them (docs/convergence.md, stitching). Every owner works on its
 * own nodes, once per window; who is through says so in its last operation, and the window closes on every replica alike.
 */
export class Stitcher {
  readonly #target: WritableShard;
  readonly #jobs = new Map<number, Job>();

  constructor(target: WritableShard) {
    this.#target = target;
  }

  step(owned: ReadonlySet<number>, budget: number, write: WriteUpkeep): { count: number; atRest: boolean } {
    const { windows } = this.#target.shard;
    let count = 0;
    for (const owner of owned) {
      let job = this.#jobs.get(owner);
      if (job === undefined) {
        const work = windows.begin(owner);
        if (work === undefined) continue;
        job = this.#begin(owner, work);
      }
      const urgentLeft = Math.min(URGENT_PER_STEP, Math.max(0, job.urgent - job.next));
      // until it is done: a graph may have no room, and then the window's work begins anew
      this.#jobs.delete(owner);
      count += this.#go(job, Math.max(budget, urgentLeft), write);
      this.#jobs.set(owner, job);
      if (job.next >= job.nodes.length) this.#jobs.delete(owner);
    }
    for (const owner of this.#jobs.keys()) if (!owned.has(owner)) this.#jobs.delete(owner);
    return { count, atRest: this.#jobs.size === 0 && !windows.isOpen() };
  }

  #begin(owner: number, work: WindowWork): Job {
    const { indexes } = this.#target;
    const nodes: Job["nodes"][number][] = [];
    const foreign = new Map<string, NodeDot[]>();
    let foreignCount = 0;
    for (const [vector, space] of indexes as ReadonlyMap<string, SpacePort>) {
      // what is not linked need not be
      if (space.links === undefined || isBuilding(this.#target.shard.collection, vector)) continue;
      const { reader } = space;
      const live = (origin: number, from: number, through: number) => {
        const dots: NodeDot[] = [];
        for (let sequence = from + 1; sequence <= through; sequence++) {
          const slot = space.slotOf({ origin, sequence });
          if (slot !== undefined && !reader.nodeAt(slot).dead) dots.push({ origin, sequence });
        }
        return dots;
      };
      for (const node of live(owner, work.from, work.through)) nodes.push({ vector, node });
      const others = [...work.foreign]
        .sort(([a], [b]) => a - b)
        .flatMap(([origin, range]) => live(origin, range.from, range.through));
      foreignCount = Math.max(foreignCount, others.length);
      foreign.set(vector, others);
    }
    const walk = foreignCount > PAIRWISE_MAX;
    mark("window opened");
    mark(walk ? "stitched by walking" : "stitched by pairs");
    for (const [vector, others] of foreign) {
      // of a pair, the lower replica sees to it; a sample is taken evenly
      const stride = Math.max(1, Math.ceil(others.length / SAMPLE));
      const some = walk ? others.filter((_, i) => i % stride === 0) : others.filter((dot) => dot.origin > owner);
      foreign.set(vector, some);
    }
    nodes.sort((a, b) => spread(a.node.sequence) - spread(b.node.sequence) || a.node.sequence - b.node.sequence);
    const urgent = Math.max(Math.ceil(nodes.length / URGENT_SHARE), Math.min(nodes.length, URGENT_MIN));
    const needed = [...foreign.values()].some((others) => others.length > 0);
    return { owner, work, nodes: needed ? nodes : [], foreign, walk, urgent, next: 0 };
  }

  /** Link up to `most` nodes; the operation of the last ones closes the window. Returns how many were linked. */
  #go(job: Job, most: number, write: WriteUpkeep): number {
    const indexes: ReadonlyMap<string, SpacePort> = this.#target.indexes;
    const end = Math.min(job.nodes.length, job.next + most);
    let count = 0;
    const pending = new Map<string, EdgeDelta[]>();
    const put = (vector: string) => {
      const deltas = pending.get(vector) ?? [];
      pending.delete(vector);
      if (deltas.length > 0) write({ kind: "edges", reason: "stitch", vector, deltas });
    };
    for (; job.next < end; job.next++) {
      const item = job.nodes[job.next];
      if (item === undefined) break;
      const { vector, node } = item;
      const delta = indexes.get(vector)?.links?.planStitch(node, job.foreign.get(vector) ?? [], job.walk);
      if (delta === undefined) continue;
      count++;
      const deltas = pending.get(vector);
      if (deltas === undefined) pending.set(vector, [delta]);
      else if (deltas.push(delta) >= DELTAS_PER_OPERATION) put(vector);
    }
    for (const vector of [...pending.keys()]) put(vector);
    if (job.next >= job.nodes.length) {
      const foreign = new Map([...job.work.foreign].map(([origin, range]) => [origin, range.through]));
      // any will do, also one that was dropped
      const [vector = ""] = [...indexes.keys(), ...(this.#target.shard.collection.deadVectors ?? [])];
      const closes = { owner: job.owner, through: job.work.through, foreign };
      if (isPlanted("windows-never-close")) return count;
      mark("window closed");
      write({ kind: "edges", reason: "stitch", vector, deltas: [], closes });
    }
    return count;
  }
}
