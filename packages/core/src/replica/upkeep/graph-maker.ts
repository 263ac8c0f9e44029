import type { EdgeDelta, SpacePort } from "@murmuration/index";
import type { CatalogueCommand } from "../../catalogue/catalogue-command.js";
import type { Dot } from "../../causality/dot.js";
import { compareVersionVectors, covers, sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import { isPlanted } from "../../planted.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { WriteUpkeep } from "./write-upkeep.js";

/** Deltas that one operation carries at most, and nodes for each of them that are linked before. */
const DELTAS_PER_OPERATION = 8;
const FEW_NODES = 100;
/** Slots that one step looks at, over all graphs of a collection. */
const SLOTS_PER_STEP = 20_000;
/** Tags of links that wait until every member holds them: beyond this, others are waited for. */
const TAGS_MAX = 500_000;
/** A graph is whole when a round found no more than one node of so many that was not linked: their owners link what comes later. */
const WHOLE_SHARE = 100;
const LEVEL_MAX = 7;
const GROWTH = 1.5;
/** So many links most nodes have that were linked, and few of those that others alone have linked to. */
const LINKS_OF_LINKED = 3;

/** How far a graph is. */
interface Making {
  /** Nodes of this level are looked at, from a slot on: the highest first, so that walks find their way from the beginning. */
  level: number;
  slot: number;
  /** The highest level below this one on which this round has met a node to be linked. */
  below: number;
  /** As a round begins: the shard's frontier, and whether every member had heard of the graph. */
  begunAt: VersionVector | undefined;
  isHeardAtBegin: boolean;
  /** Nodes that were linked in this round over all levels, and since this began. */
  inRound: number;
  linked: number;
  /** How many the last whole round has linked; `undefined`: there was none yet. */
  lastRound: number | undefined;
  /** Of a node with so many links, it is believed that it was linked before this began. */
  readonly enough: number;
  /** By slot: what node was linked there since this began, by the low bits of its sequence. */
  done: Uint32Array;
  /** Sequence of this replica's last operation that linked some. */
  through: number;
  /** Frontier of the catalogue when this was begun: it holds what is said of the graph here. */
  readonly heard: VersionVector;
}

/** What one step may do, over all graphs. */
interface StepBudget {
  slots: number;
  nodes: number;
}

/** What is known of how far others are. */
export interface MakerContext {
  /** This replica. */
  readonly id: number;
  /** What every member holds, of the collection and of the catalogue, and the catalogue's frontier here. */
  readonly stable: VersionVector;
  readonly stableCatalogue: VersionVector;
  readonly catalogue: VersionVector;
}

/**
 * Links the nodes of graphs that are made beside others, and switches to them (docs/convergence.md, "Graphs that take another's place"). Only the replica
 * that began it does so, or the one that looks after what was that replica's. Once a graph serves, every owner links those of its nodes that were
 * written for the graph before. Whatever is linked stands in the graph and in the log: after a start it goes on where nodes are not linked yet.
 */
export class GraphMaker {
  readonly #target: WritableShard;
  /** By the key of the graph. */
  readonly #making = new Map<string, Making>();
  readonly #after = new Map<string, Making>();
  /** Graphs that serve and in which nothing is left to do. */
  readonly #done = new Set<string>();
  #owned: ReadonlySet<number> = new Set();
  /** Which graph begins: each has its turn. */
  #turn = 0;

  constructor(target: WritableShard) {
    this.#target = target;
  }

  step(
    owned: ReadonlySet<number>,
    context: MakerContext,
    budget: number,
    write: WriteUpkeep,
  ): { readonly count: number; readonly atRest: boolean; readonly commands: readonly CatalogueCommand[] } {
    const { shard } = this.#target;
    const { graphs } = shard.collection;
    if (graphs === undefined) return { count: 0, atRest: true, commands: [] };
    const building = Object.values(graphs.building);
    const serving = Object.values(graphs.serving);
    this.#followOwners(owned);
    const left: StepBudget = { slots: SLOTS_PER_STEP, nodes: budget };
    const keys = inTurn(
      [...building.filter(({ by }) => owned.has(by)).map(({ key }) => key), ...serving],
      this.#turn++,
    );
    const commands: CatalogueCommand[] = [];
    for (const key of keys) {
      if (serving.includes(key)) this.#stepServing(key, owned, context, left, write);
      else if (this.#stepBuilding(key, context, left, write))
        commands.push({ kind: "switch-graph", id: shard.id, graph: key });
    }
    const count = budget - left.nodes;
    forget(this.#making, (key) => building.some((one) => one.key === key));
    forget(this.#after, (key) => serving.includes(key));
    const atRest = building.length === 0 && serving.every((key) => this.#done.has(key));
    return { count, atRest, commands };
  }

  /** Nodes of whom this replica did not look after may be unlinked in graphs in which nothing was left to do. */
  #followOwners(owned: ReadonlySet<number>): void {
    if (owned.size === this.#owned.size && [...owned].every((one) => this.#owned.has(one))) return;
    this.#owned = new Set(owned);
    this.#done.clear();
    this.#after.clear();
  }

  /** Returns whether it can be switched to. */
  #stepBuilding(key: string, context: MakerContext, left: StepBudget, write: WriteUpkeep): boolean {
    const making = this.#of(this.#making, key, context);
    if (!this.#isResting(making)) this.#link(key, making, undefined, context, left, write);
    return this.#isWhole(key, making, context);
  }

  #stepServing(
    key: string,
    owned: ReadonlySet<number>,
    context: MakerContext,
    left: StepBudget,
    write: WriteUpkeep,
  ): void {
    if (this.#done.has(key)) return;
    const making = this.#of(this.#after, key, context);
    if (!this.#isResting(making)) this.#link(key, making, owned, context, left, write);
    // nothing comes any more that was written for the graph before, and nothing has come since the round began that found nothing
    const isHeard = making.isHeardAtBegin || (isHeardOf(making, context) && this.#isResting(making));
    if (making.lastRound === 0 && isHeard) this.#done.add(key);
  }

  /** Has a round found nothing, and has nothing come since it began? */
  #isResting({ lastRound, begunAt }: Making): boolean {
    if (lastRound !== 0 || begunAt === undefined) return false;
    return compareVersionVectors(begunAt, this.#target.shard.frontier) === "equal";
  }

  #of(makings: Map<string, Making>, key: string, { catalogue, id }: MakerContext): Making {
    const known = makings.get(key);
    if (known !== undefined) return known;
    const through = sequenceOf(this.#target.shard.frontier, id);
    const begun = {
      level: LEVEL_MAX,
      slot: 0,
      below: -1,
      begunAt: undefined,
      isHeardAtBegin: false,
      inRound: 0,
      linked: 0,
      lastRound: undefined,
      through,
      done: new Uint32Array(0),
    };
    const made: Making = { ...begun, enough: this.#enoughLinks(key), heard: new Map(catalogue) };
    makings.set(key, made);
    return made;
  }

  /** In a graph in which there are links, nodes were linked before a start: not again. */
  #enoughLinks(key: string): number {
    const space = this.#target.indexes.get(key);
    if (space?.links === undefined) return 0;
    for (let slot = 0, end = space.reader.slotCount; slot < end; slot++) {
      if (space.reader.nodeAt(slot).linked && space.links.degreeAt(slot) > 0) return LINKS_OF_LINKED;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Is it linked, has every member heard of it, so that a rival is known here, and has every member the links? */
  #isWhole(key: string, making: Making, context: MakerContext): boolean {
    const nodes = this.#target.indexes.get(key)?.reader.linkedCount ?? 0;
    if (making.lastRound === undefined || making.lastRound * WHOLE_SHARE > nodes) return false;
    if (isPlanted("switch-unheard")) return true;
    return isHeardOf(making, context) && sequenceOf(context.stable, context.id) >= making.through;
  }

  /** Link nodes, of these owners alone if that is said, until a round is over or the budget is used. */
  #link(
    key: string,
    making: Making,
    owners: ReadonlySet<number> | undefined,
    context: MakerContext,
    left: StepBudget,
    write: WriteUpkeep,
  ): void {
    const { shard, indexes } = this.#target;
    const space: SpacePort | undefined = indexes.get(key);
    if (space?.links === undefined || space.links.counters().storedTags > TAGS_MAX) return;
    const { reader, links } = space;
    let planned: { readonly delta: EdgeDelta; readonly slot: number; readonly dot: Dot }[] = [];
    const put = () => {
      if (planned.length === 0) return;
      write({ kind: "edges", reason: "rescue", vector: key, deltas: planned.map(({ delta }) => delta) });
      // not before: what found no room is linked in the next round
      for (const { slot, dot } of planned) noteDone(making, slot, dot);
      making.through = sequenceOf(shard.frontier, context.id);
      planned = [];
    };
    for (; left.slots > 0 && left.nodes > 0; left.slots--) {
      if (making.level === LEVEL_MAX && making.slot === 0) {
        making.begunAt = new Map(shard.frontier);
        making.isHeardAtBegin = isHeardOf(making, context);
      }
      if (making.slot >= reader.slotCount) {
        making.slot = 0;
        making.level = making.below;
        making.below = -1;
        if (making.level >= 0) continue;
        making.level = LEVEL_MAX;
        making.lastRound = making.inRound;
        making.inRound = 0;
        break;
      }
      const slot = making.slot++;
      const node = reader.nodeAt(slot);
      if (!node.linked || node.dead || node.level > making.level || node.level <= making.below) continue;
      const dot = reader.dotAt(slot);
      const degree = links.degreeAt(slot);
      // one that others have linked to themselves has no links of its own yet
      if (owners === undefined ? isDone(making, slot, dot) || degree >= making.enough : degree > 0) continue;
      if (owners?.has(dot.origin) === false) continue;
      if (node.level < making.level) {
        making.below = node.level;
        continue;
      }
      const delta = links.planLink(dot);
      if (delta === undefined) continue;
      planned.push({ delta, slot, dot });
      left.nodes--;
      making.inRound++;
      making.linked++;
      // a node does not see those of its own operation: while there are few, each is planned with all before it in the graph
      if (planned.length >= Math.min(DELTAS_PER_OPERATION, 1 + making.linked / FEW_NODES)) put();
    }
    put();
  }
}

/** Has every member heard of the graph? */
function isHeardOf({ heard }: Making, { stableCatalogue }: MakerContext): boolean {
  return covers(stableCatalogue, heard);
}

/** The same, beginning with another one each turn. */
function inTurn(keys: readonly string[], turn: number): string[] {
  const at = keys.length === 0 ? 0 : turn % keys.length;
  return [...keys.slice(at), ...keys.slice(0, at)];
}

/** Was this node linked since the making began? */
function isDone({ done }: Making, slot: number, { sequence }: Dot): boolean {
  return done[slot] === sequence >>> 0;
}

function noteDone(making: Making, slot: number, { sequence }: Dot): void {
  if (slot >= making.done.length) {
    const grown = new Uint32Array(Math.ceil((slot + 1) * GROWTH));
    grown.set(making.done);
    making.done = grown;
  }
  making.done[slot] = sequence >>> 0;
}

function forget(makings: Map<string, Making>, isThere: (key: string) => boolean): void {
  for (const key of makings.keys()) if (!isThere(key)) makings.delete(key);
}
