import { decodeEdgeDelta } from "./edge-delta.js";
import { decodeGraphDelta } from "./graph-delta.js";
import { compareNodeDots, type NodeDot } from "./graph-reader.js";
import type { CausalPast, EdgeDelta, GraphDelta } from "./graph-types.js";
import type { VectorIndexOptions } from "./options.js";
import { VectorIndex } from "./vector-index.js";

export type Body =
  | { readonly kind: "insert"; readonly vector: Float32Array; readonly delta: GraphDelta }
  | { readonly kind: "edges"; readonly delta: EdgeDelta }
  | { readonly kind: "delete"; readonly dot: NodeDot }
  | { readonly kind: "purge"; readonly dots: readonly NodeDot[] }
  /** Says only what its writer has. */
  | { readonly kind: "heartbeat" };

export interface Operation {
  readonly dot: NodeDot;
  readonly past: CausalPast;
  readonly body: Body;
}

/** Numbers from 0 to n − 1 that are the same on every run. */
export function picker(seed: number): (n: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (n) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % n;
  };
}

/** A writer of its own operations and a reader of others', in causal order, one of writers 1 to `members`. */
export class Writer {
  readonly index: VectorIndex;
  readonly model = new EdgeModel();
  readonly frontier = new Map<number, number>();
  readonly id: number;
  readonly #members: number;
  /** What is known of each writer's frontier. */
  readonly #known = new Map<number, CausalPast>();
  /** Deletes by their operation, those that are not known to be stable. */
  #waiting: { readonly dot: NodeDot; readonly by: NodeDot }[] = [];
  liveEdgesCut = 0;

  constructor(id: number, options: VectorIndexOptions, members = 3) {
    this.id = id;
    this.index = new VectorIndex(options);
    this.#members = members;
  }

  write(make: (index: VectorIndex, dot: NodeDot) => Body | undefined): Operation | undefined {
    const dot = { origin: this.id, sequence: (this.frontier.get(this.id) ?? 0) + 1 };
    const body = make(this.index, dot);
    if (body === undefined) return undefined;
    const operation = { dot, past: new Map(this.frontier), body };
    this.apply(operation);
    return operation;
  }

  canApply({ dot, past }: Operation): boolean {
    if ((this.frontier.get(dot.origin) ?? 0) !== dot.sequence - 1) return false;
    return [...past].every(([origin, sequence]) => (this.frontier.get(origin) ?? 0) >= sequence);
  }

  apply(operation: Operation): void {
    const { dot, past, body } = operation;
    const { index } = this;
    this.model.apply(operation, (node) => index.levelOf(node));
    if (body.kind === "insert") index.reader.show(index.apply(dot, body.vector, body.delta, past));
    else if (body.kind === "edges") index.applyEdges(dot, body.delta, past);
    else if (body.kind === "purge") this.liveEdgesCut += index.purge(body.dots).liveInEdges;
    else if (body.kind === "delete") {
      const slot = index.slotOf(body.dot);
      if (slot !== undefined) {
        index.markDead(slot, true);
        index.reader.hide(slot);
        this.#waiting.push({ dot: body.dot, by: dot });
      }
    }
    this.frontier.set(dot.origin, dot.sequence);
    this.#known.set(dot.origin, new Map([...past, [dot.origin, dot.sequence]]));
  }

  /** Apply what of `all` is causally ready, by the order that `pick` gives, until nothing is. */
  receive(all: readonly Operation[], pick: (n: number) => number): void {
    for (;;) {
      const ready = all.filter((operation) => this.canApply(operation));
      if (ready.length === 0) return;
      this.apply(ready[pick(ready.length)] as Operation);
    }
  }

  /** What every writer is known to have. */
  stable(): CausalPast {
    const stable = new Map<number, number>();
    for (let origin = 1; origin <= this.#members; origin++) {
      const known = Array.from({ length: this.#members }, (_, i) =>
        i + 1 === this.id ? this.frontier : this.#known.get(i + 1),
      );
      stable.set(origin, Math.min(...known.map((frontier) => frontier?.get(origin) ?? 0)));
    }
    return stable;
  }

  /** Condemn what is known to be dead everywhere. */
  condemnStable(): void {
    const stable = this.stable();
    this.#waiting = this.#waiting.filter(({ dot, by }) => {
      if ((stable.get(by.origin) ?? 0) < by.sequence) return true;
      const slot = this.index.slotOf(dot);
      if (slot !== undefined) this.index.condemn(slot);
      return false;
    });
  }
}

const nameOf = ({ origin, sequence }: NodeDot): string => `${origin}:${sequence}`;

/**
 * What the engine's lists have to be, in the words of docs/convergence.md: of every node and level an observed-remove set of neighbours.
 * The tag of a link that an insert made is `implied`.
 */
export class EdgeModel {
  readonly nodes = new Map<string, { readonly dot: NodeDot; readonly vector: Float32Array }>();
  /** Node and level → neighbour → tags. */
  readonly #lists = new Map<string, Map<string, Set<string>>>();

  apply({ dot, past, body }: Operation, levelOf: (dot: NodeDot) => number): void {
    if (body.kind === "insert") {
      this.nodes.set(nameOf(dot), { dot, vector: body.vector });
      for (let level = 0; level <= levelOf(dot); level++) this.#lists.set(`${nameOf(dot)}/${level}`, new Map());
      for (const [level, neighbours] of decodeGraphDelta(dot, body.delta).entries()) {
        for (const neighbour of neighbours) {
          this.#add(dot, level, neighbour.dot, "implied");
          for (const gone of neighbour.removed) this.#remove(neighbour.dot, level, gone, past);
          if (neighbour.add) this.#add(neighbour.dot, level, dot, "implied");
        }
      }
    } else if (body.kind === "edges") {
      for (const list of decodeEdgeDelta(body.delta)) {
        for (const gone of list.removed) this.#remove(list.dot, list.level, gone, past);
        for (const other of list.added) this.#add(list.dot, list.level, other, nameOf(dot));
      }
    } else if (body.kind === "purge") {
      for (const gone of body.dots) {
        this.nodes.delete(nameOf(gone));
        for (const [name, list] of this.#lists) {
          if (name.startsWith(`${nameOf(gone)}/`)) this.#lists.delete(name);
          else list.delete(nameOf(gone));
        }
      }
    }
  }

  /** Members of a list, ascending by dot; and the `most` nearest of them by Euclidean distance. */
  members(dot: NodeDot, level: number, most: number): { readonly all: string[]; readonly effective: string[] } {
    const own = (this.nodes.get(nameOf(dot)) as { vector: Float32Array }).vector;
    const all = [...(this.#lists.get(`${nameOf(dot)}/${level}`) ?? new Map()).keys()].map((name) => {
      const node = this.nodes.get(name) as { dot: NodeDot; vector: Float32Array };
      return {
        name,
        dot: node.dot,
        distance: node.vector.reduce((sum, x, i) => sum + (x - (own[i] as number)) ** 2, 0),
      };
    });
    const nearest = all.toSorted((a, b) => a.distance - b.distance || compareNodeDots(a.dot, b.dot)).slice(0, most);
    return { all: all.map(({ name }) => name).sort(), effective: nearest.map(({ name }) => name).sort() };
  }

  #add(dot: NodeDot, level: number, neighbour: NodeDot, tag: string): void {
    const list = this.#lists.get(`${nameOf(dot)}/${level}`);
    if (list === undefined || !this.nodes.has(nameOf(neighbour))) return;
    const tags = list.get(nameOf(neighbour)) ?? new Set();
    list.set(nameOf(neighbour), tags.add(tag));
  }

  #remove(dot: NodeDot, level: number, neighbour: NodeDot, past: CausalPast): void {
    const list = this.#lists.get(`${nameOf(dot)}/${level}`);
    const tags = list?.get(nameOf(neighbour));
    if (list === undefined || tags === undefined) return;
    for (const tag of tags) {
      const [origin = 0, sequence = 0] = tag.split(":").map(Number);
      if (tag === "implied" || sequence <= (past.get(origin) ?? 0)) tags.delete(tag);
    }
    if (tags.size === 0) list.delete(nameOf(neighbour));
  }
}

/** Lists in which a graph differs from what they have to be; `node/level` each. */
export function differences({ index, model }: Writer): string[] {
  const { reader } = index;
  const wrong: string[] = [];
  const named = (slots: Iterable<number>) => Array.from(slots, (slot) => nameOf(reader.dotAt(slot))).sort();
  for (const { dot } of model.nodes.values()) {
    const slot = index.slotOf(dot);
    if (slot === undefined) {
      wrong.push(nameOf(dot));
      continue;
    }
    for (let level = 0; level <= reader.nodeAt(slot).level; level++) {
      const cap = index.options.links * (level === 0 ? 2 : 1);
      const { all, effective } = model.members(dot, level, 2 * cap);
      const [members, walked] = [named(reader.membersAt(slot, level)), named(reader.neighboursAt(slot, level))];
      if (members.join() !== all.join() || walked.join() !== effective.join()) wrong.push(`${nameOf(dot)}/${level}`);
    }
  }
  return wrong;
}
