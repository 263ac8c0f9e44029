import type { SparseHandle } from "../sparse/sparse-handle.js";
import type { Vector } from "../vector/vector.js";
import type { EdgeList } from "../vector-index/edge-delta.js";
import type { NodeDigest } from "../vector-index/graph-digest.js";
import type { GraphHandle } from "../vector-index/graph-handle.js";
import type { GraphReader, NodeDot } from "../vector-index/graph-reader.js";
import type { CausalPast, EdgeDelta, GraphCounters, GraphDelta } from "../vector-index/graph-types.js";
import type { ApartImage } from "../vector-index/image-parts.js";
import type { InsertPlanner } from "../vector-index/insert-planner.js";
import type { GraphReport } from "../vector-index/validate.js";

/** What is read of a space by slot, in the thread that has it. */
export type SlotReader = Pick<
  GraphReader,
  "slotCount" | "linkedCount" | "visibleCount" | "nodeAt" | "dotAt" | "isVisible" | "isCondemned" | "show" | "hide"
> & {
  /** A copy of the vector. */
  vectorAt(slot: number): Vector;
};

/** What another thread needs to read a space of any kind. */
export type SpaceReaderHandle = GraphHandle | SparseHandle;

/** Steps that take changes back, in the order in which they were made. */
export interface UndoSteps {
  push(step: () => void): unknown;
}

/** A space as the state's `apply` needs it: the same steps for who writes it and for who only follows. */
export interface AppliedSpace {
  readonly reader: SlotReader;
  /** The vector of an operation with this causal past, as its delta says; returns its slot. With `undo` it can be taken back. */
  insert(dot: NodeDot, vector: Vector, delta: GraphDelta, past: CausalPast, undo?: UndoSteps): number;
  /** Throws `corrupt` for a vector that is none of this space, by whose `name` it says so. */
  checkVector(vector: Vector, name: string): void;
  /** Throws what `insert` would throw, `corrupt` or `capacity`, and changes nothing. */
  checkInsert(dot: NodeDot, vector: Vector, delta: GraphDelta, past: CausalPast): void;
  /** The same for these changes of links, one after the other; `corrupt` where there are none. */
  checkEdges(deltas: readonly EdgeDelta[], past: CausalPast): void;
  /** Throws `capacity` when a purge may not find the room that it needs. */
  checkPurge(): void;
  /** Changes of links by an operation that inserts nothing. They cannot be taken back. */
  applyEdges(dot: NodeDot, delta: EdgeDelta, past: CausalPast): void;
  /** Put links back that a node has lost, without a tag: as everybody knows them. No tag may be stored in the graph. */
  restoreLinks(dot: NodeDot, lists: readonly EdgeList[]): void;
  /** Forget vectors for good. Returns how many links of live nodes had to go: 0 unless a rule of the graph was broken. */
  purge(dots: readonly NodeDot[]): number;
  slotOf(dot: NodeDot): number | undefined;
  markDead(slot: number, dead: boolean): void;
  /** Takes the vectors that were marked dead since the last call, none at the first; some may live again, or be gone. */
  takeDeaths(): NodeDot[];
}

/**
 * What upkeep plans where vectors are linked to each other (docs/convergence.md): a graph. Each plan is a change of links, `undefined`: there is
 * nothing to change.
 */
export interface SpaceLinks {
  /** Link a node to `foreign` ones, inserted concurrently; `walk`: they are a sample that searches start from. */
  planStitch(node: NodeDot, foreign: readonly NodeDot[], walk: boolean): EdgeDelta | undefined;
  /** Uncondemned nodes of these origins that lead to condemned ones, from a slot on; `nextSlot` is `slotCount` when all were seen. */
  nodesToRepair(
    origins: ReadonlySet<number>,
    fromSlot: number,
    limit: number,
  ): { readonly nodes: readonly NodeDot[]; readonly nextSlot: number };
  /** Which of these, as many as `purgeable` gives, are condemned and led to by no uncondemned node. */
  purgeableOf(nodes: readonly NodeDot[]): NodeDot[];
  /** Replace a node's links to condemned nodes. */
  planRepair(node: NodeDot): EdgeDelta | undefined;
  /** Live nodes of these origins that no walk reaches. */
  unreachable(origins: ReadonlySet<number>, limit: number): NodeDot[];
  /** Links to a node from nodes that a search finds; `forced`: where none has room, one gives up a link. */
  planRescue(node: NodeDot, forced?: boolean): EdgeDelta | undefined;
  /** The delta of an insert under this dot that links nothing. */
  unlinked(dot: NodeDot): GraphDelta;
  /** Links of the node at a slot on layer 0. */
  degreeAt(slot: number): number;
  /** Most vectors that a graph of these vectors with so many links a node has room for. */
  capacityWith(links: number): number;
  /** The links that a node would get if it were inserted now. */
  planLink(node: NodeDot): EdgeDelta | undefined;
  /** Origins whose nodes a walk starts from. */
  entryOrigins(): readonly number[];
  /** Forget the tags of operations that every member holds. Returns how many. */
  settleTags(stable: CausalPast): number;
  counters(): GraphCounters;
  /** All members of the lists of the node at a slot, by level. */
  membersAt(slot: number): readonly (readonly NodeDot[])[];
}

/**
 * Port: what the vectors of one name of a shard are held in. What core needs of it to plan, apply, search, validate, compare, keep up and save
 * them, whatever kind of vector they are: all that is a graph's alone stands in `links`, which a space of another kind does not have. The
 * number of a vector's kind in an operation is in docs/wire-format.md. The one writer of its memory.
 */
export interface SpacePort extends AppliedSpace {
  readonly kind: string;
  /** Most vectors that fit its memory. */
  readonly capacity: number;
  /** Throws `capacity` when these vectors are not sure to fit beside those that are there. */
  requireRoomFor(vectors: readonly Vector[]): void;
  /** What an insert changes, for its operation. */
  plan(dot: NodeDot, vector: Vector): GraphDelta;
  /** Plans inserts in two steps, of which other threads can do the first; absent where a plan costs nothing. */
  readonly inserts: InsertPlanner | undefined;
  /** For readers in other threads. */
  handle(): SpaceReaderHandle;
  /** Rows that name slots were published: slots retired before may be used again. */
  published(): void;
  /** Everything since rows were published has been taken back: what searches see is as of those rows again. */
  takenBack(): void;
  /**
   * Leave nothing of vectors that were purged, wherever it keeps them. False: readers may still be at some of them; called again after rows were
   * published, it gets on. Throws `storage`.
   */
  wipe(): boolean;
  /** The epoch of now: a reader that has followed up to here pins it. */
  epoch(): number;
  /** A dead vector's death is causally stable: nothing can make it live again. Local knowledge, in no digest. */
  condemn(slot: number): void;
  /** Condemned vectors of these origins that nothing leads to. */
  purgeable(origins: ReadonlySet<number>, limit: number): NodeDot[];
  /** Vectors in a file that were damaged or lost and were written anew; `undefined`: all are in memory. */
  readonly mendedInFile: number | undefined;
  /** Write one of these anew; nothing for one that is not here. */
  mendInFile(dot: NodeDot, vector: Float32Array): void;
  /** Digest of all that is replicated in it, 32 hex digits: equal spaces have equal digests. */
  digest(): string;
  /** The same of what searches look at. */
  effectiveDigest(): string;
  /** Every vector with a hash of all that is replicated of it, in no stated order. */
  nodeDigests(): Iterable<NodeDigest>;
  /** Every rule of it, checked. */
  validate(): GraphReport;
  /** It as pieces to be written one after the other, for `loadSpace`: views on its memory, valid until it changes. */
  image(note: string): Uint8Array[];
  /**
   * The same in two, where it has so much that is written once: the image, and a part of this name with what no part of an earlier image holds, or with
   * `isWhole` with all. `undefined`: `image` has it all.
   */
  imageApart(note: string, part: { readonly name: string; readonly isWhole: boolean }): ApartImage | undefined;
  /** The same with all that it keeps in files beside its memory. Throws `corrupt` or `storage` where something of it cannot be read. */
  wholeImage(note: string): Iterable<Uint8Array>;
  /** Of a graph. */
  readonly links: SpaceLinks | undefined;
}
