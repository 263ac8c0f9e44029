import type { Id } from "../../looking/link-to-point.js";

/** A node that walks met, as `POST /murmur/collections/{c}/graph/walk` tells it. */
export interface WalkNode {
  /** `null`: it is of no point that is shown now. */
  readonly id: Id | null;
  readonly dot: string;
  readonly level: number;
  readonly dead: boolean;
  readonly distance: number;
}

/** A step of a walk: places among the nodes. */
export interface WalkStep {
  readonly kind: "descend" | "search";
  readonly level: number;
  readonly expanded: readonly number[];
  readonly looked: readonly number[];
  readonly kept: readonly number[];
  readonly pool: number;
  readonly farthest: number;
}

/** How a query walked. */
export interface Walked {
  readonly nodes: readonly WalkNode[];
  readonly walks: readonly {
    readonly ef: number;
    readonly ranked: number;
    readonly steps_taken: number;
    readonly compared: number;
    readonly candidates: number;
    readonly steps: readonly WalkStep[];
  }[];
  readonly exact: boolean;
  readonly cut: boolean;
  readonly settled: boolean;
  readonly end: string;
  readonly points: readonly { readonly id: Id; readonly score: number; readonly node: number | null }[];
}

/** A step, and of which walk it is. */
export interface ShownStep extends WalkStep {
  readonly walk: number;
}

/** The steps of all walks, one after the other. */
export function stepsOf({ walks }: Walked): ShownStep[] {
  return walks.flatMap(({ steps }, walk) => steps.map((step) => ({ ...step, walk })));
}

/** What a node is called. */
export function nameOf(node: WalkNode | undefined): string {
  if (node === undefined) return "a node";
  return node.id === null ? `node ${node.dot}${node.dead ? " (dead)" : ""}` : `point ${String(node.id)}`;
}

const named = (nodes: readonly WalkNode[], places: readonly number[], most = 5): string => {
  const names = places.slice(0, most).map((place) => nameOf(nodes[place]));
  const rest = places.length - names.length;
  return `${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
};

const near = (distance: number) => String(Number(distance.toPrecision(5)));

/** A step in words. */
export function tellStep({ nodes }: Walked, step: ShownStep): string {
  const { kind, level, expanded, looked, kept, pool, farthest } = step;
  const at = named(nodes, expanded);
  if (kind === "descend") {
    if (expanded.length === 0) return `Layer ${level}: enters at ${named(nodes, kept)}, distance ${near(farthest)}`;
    const on =
      kept.length === 0
        ? "none is nearer: down a layer"
        : `goes on to ${named(nodes, kept)}, distance ${near(farthest)}`;
    return `Layer ${level}: from ${at} looks at ${looked.length} links; ${on}`;
  }
  if (expanded.length === 0) return `Layer 0: the search begins with ${named(nodes, looked)}`;
  const keeps = kept.length === 0 ? "keeps none" : `keeps ${kept.length}`;
  return `Layer ${level}: expands ${at}; of ${looked.length} nodes that are new ${keeps}; ${pool} kept in all, the farthest at ${near(farthest)}`;
}

/** What is known of each node up to a step. */
export interface WalkState {
  /** Compared so far, kept now, expanded so far: by place. */
  readonly looked: ReadonlySet<number>;
  readonly kept: ReadonlySet<number>;
  readonly expanded: ReadonlySet<number>;
}

/** What is known after the steps up to and including `at`. A node that was kept and pushed out by nearer ones is not kept any more. */
export function stateAt({ nodes }: Walked, steps: readonly ShownStep[], at: number): WalkState {
  const walk = steps[at]?.walk;
  const looked = new Set<number>();
  const expanded = new Set<number>();
  let kept = new Set<number>();
  for (const step of steps.slice(0, at + 1)) {
    if (step.walk !== walk) continue;
    for (const place of step.looked) looked.add(place);
    for (const place of step.expanded) expanded.add(place);
    if (step.kind === "descend") {
      kept = new Set(step.kept.length > 0 ? step.kept : kept);
      continue;
    }
    for (const place of step.kept) kept.add(place);
    if (kept.size <= step.pool) continue;
    const ordered = [...kept].sort((a, b) => (nodes[a]?.distance ?? 0) - (nodes[b]?.distance ?? 0));
    kept = new Set(ordered.slice(0, step.pool));
  }
  return { looked, kept, expanded };
}

/** Where a node is drawn: from −1 to 1 on both axes, the query in the middle. */
export interface NodePlace {
  readonly x: number;
  readonly y: number;
}

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
/** How far nodes stand from who led to them, in turns. */
const SPREAD = 0.35;

/**
 * Places for all nodes: the nearer to the query by rank of distance, the nearer to the middle; beside who led to them, so that a walk is seen to come
 * closer. `parents`: by node, who led there.
 */
export function layOut(nodes: readonly WalkNode[], parents: ReadonlyMap<number, number>): NodePlace[] {
  const order = Array.from(nodes.keys()).sort(
    (a, b) => (nodes[a] as WalkNode).distance - (nodes[b] as WalkNode).distance || a - b,
  );
  const radii = new Float64Array(nodes.length);
  for (const [rank, place] of order.entries())
    radii[place] = 0.06 + 0.9 * Math.sqrt(rank / Math.max(1, nodes.length - 1));
  const angles = new Float64Array(nodes.length);
  // whoever led to a node was met before it
  for (let place = 0; place < nodes.length; place++) {
    const parent = parents.get(place);
    const own = place * GOLDEN_ANGLE;
    angles[place] = parent === undefined ? own : (angles[parent] as number) + SPREAD * Math.sin(own) * Math.PI;
  }
  return Array.from(nodes.keys(), (place) => ({
    x: (radii[place] as number) * Math.cos(angles[place] as number),
    y: (radii[place] as number) * Math.sin(angles[place] as number),
  }));
}

/** Who led to each node first. */
export function parentsOf(steps: readonly ShownStep[]): Map<number, number> {
  const parents = new Map<number, number>();
  const seen = new Set<number>();
  for (const { expanded, looked } of steps) {
    const [from] = expanded;
    for (const [i, place] of looked.entries()) {
      if (seen.has(place)) continue;
      seen.add(place);
      const by = expanded[i % Math.max(1, expanded.length)] ?? from;
      if (by !== undefined && by < place) parents.set(place, by);
    }
  }
  return parents;
}
