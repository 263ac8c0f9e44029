import type { GraphReader } from "./graph-reader.js";

/** A rule that does not hold, and where. */
export interface GraphViolation {
  readonly rule: "degree" | "level" | "dangling" | "self" | "repeated" | "entry" | "posting" | "codes";
  readonly slot: number;
  readonly level: number;
  readonly detail: string;
}

/** What a check of a graph found. */
export interface GraphReport {
  readonly nodes: number;
  readonly dead: number;
  /** Live nodes that cannot be reached from the entry on layer 0. A search misses them; exact search does not. */
  readonly unreachable: number;
  readonly averageDegree: number;
  /** Nodes by level. */
  readonly levels: readonly number[];
  /** The first of them, at most `violationsMax`. */
  readonly violations: readonly GraphViolation[];
}

const violationsMax = 100;

/** Check every rule of the graph: degree bounds, levels, no dangling, repeated or own slot in a list, entry, reachability. */
export function validateGraph(graph: GraphReader): GraphReport {
  const { links } = graph.options;
  const slotCount = graph.slotCount;
  const violations: GraphViolation[] = [];
  const report = (violation: GraphViolation) => {
    if (violations.length < violationsMax) violations.push(violation);
  };
  const levels: number[] = [];
  let nodes = 0;
  let dead = 0;
  let degrees = 0;
  for (let slot = 0; slot < slotCount; slot++) {
    const node = graph.nodeAt(slot);
    if (!node.linked) continue;
    nodes++;
    if (node.dead) dead++;
    while (levels.length <= node.level) levels.push(0);
    levels[node.level] = (levels[node.level] as number) + 1;
    for (let level = 0; level <= node.level; level++) {
      const neighbours = graph.neighboursAt(slot, level);
      if (level === 0) degrees += neighbours.length;
      // merging makes lists longer than their cap; walks see at most twice as much
      const cap = level === 0 ? 4 * links : 2 * links;
      if (neighbours.length > cap)
        report({ rule: "degree", slot, level, detail: `${neighbours.length} links, at most ${cap}` });
      if (new Set(neighbours).size !== neighbours.length)
        report({ rule: "repeated", slot, level, detail: "a link stands twice" });
      for (const neighbour of neighbours) {
        if (neighbour === slot) report({ rule: "self", slot, level, detail: "links to itself" });
        const target = neighbour < slotCount ? graph.nodeAt(neighbour) : undefined;
        if (target === undefined || !target.linked)
          report({ rule: "dangling", slot, level, detail: `slot ${neighbour} holds no node` });
        else if (target.level < level)
          report({ rule: "level", slot, level, detail: `slot ${neighbour} is not on this level` });
      }
    }
  }
  const entry = graph.entrySlot();
  if (entry === undefined ? nodes > 0 : !graph.nodeAt(entry).linked) {
    report({ rule: "entry", slot: entry ?? -1, level: 0, detail: "the entry holds no node" });
  }
  return {
    nodes,
    dead,
    unreachable: countUnreachable(graph, entry, slotCount),
    averageDegree: nodes === 0 ? 0 : degrees / nodes,
    levels,
    violations,
  };
}

function countUnreachable(graph: GraphReader, entry: number | undefined, slotCount: number): number {
  const reached = new Uint8Array(slotCount);
  const queue: number[] = [];
  if (entry !== undefined) {
    reached[entry] = 1;
    queue.push(entry);
  }
  for (let head = 0; head < queue.length; head++) {
    for (const neighbour of graph.neighboursAt(queue[head] as number, 0)) {
      if (neighbour >= slotCount || reached[neighbour] === 1) continue;
      reached[neighbour] = 1;
      queue.push(neighbour);
    }
  }
  let missing = 0;
  for (let slot = 0; slot < slotCount; slot++) {
    const node = graph.nodeAt(slot);
    if (node.linked && !node.dead && reached[slot] === 0) missing++;
  }
  return missing;
}
