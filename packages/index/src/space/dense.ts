import { assert, MurmurationError } from "../errors.js";
import { denseOf, isDense, type Vector } from "../vector/vector.js";
import { type EdgeList, encodeEdgeDelta } from "../vector-index/edge-delta.js";
import type { GraphReader, NodeDot } from "../vector-index/graph-reader.js";
import type { CausalPast, EdgeDelta, GraphDelta } from "../vector-index/graph-types.js";
import { encodeApart, encodeImage, encodeWholeImage } from "../vector-index/image.js";
import { type ImagePart, ImageParts } from "../vector-index/image-parts.js";
import type { VectorIndexOptions } from "../vector-index/options.js";
import { planLink, unlinkedDelta } from "../vector-index/plan-link.js";
import { validateGraph } from "../vector-index/validate.js";
import type { VectorIndex } from "../vector-index/vector-index.js";
import type { SpaceLinks, SpacePort, UndoSteps } from "./space.js";

/** Dense vectors, in a graph that is searched by walks (`VectorIndex`). */
export class DenseSpace implements SpacePort {
  readonly kind = "dense";
  readonly links: SpaceLinks;
  readonly #graph: VectorIndex;
  readonly #parts: ImageParts;
  /** `undefined`: nobody asks. */
  #deaths: NodeDot[] | undefined;

  /** `parts`: of the image that the graph was just read from. */
  constructor(graph: VectorIndex, parts: readonly ImagePart[] = []) {
    this.#graph = graph;
    this.#parts = new ImageParts(parts);
    this.links = linksOf(graph);
  }

  get options(): VectorIndexOptions {
    return this.#graph.options;
  }

  get reader(): GraphReader {
    return this.#graph.reader;
  }

  get capacity(): number {
    return this.#graph.capacity;
  }

  get inserts() {
    return this.#graph.inserts;
  }

  requireRoomFor(vectors: readonly Vector[]): void {
    this.#graph.requireRoomFor(vectors.length);
  }

  plan(dot: NodeDot, vector: Vector): GraphDelta {
    return this.#graph.plan(dot, denseOf(vector));
  }

  insert(dot: NodeDot, vector: Vector, delta: GraphDelta, past: CausalPast, undo?: UndoSteps): number {
    const slot = this.#graph.apply(dot, denseOf(vector), delta, past);
    this.#parts.touch(slot);
    if (undo !== undefined) {
      const tags = this.#graph.takeUndo();
      undo.push(() => this.#graph.revert(slot, delta, tags));
    }
    return slot;
  }

  checkVector(vector: Vector, name: string): void {
    const { dimensions } = this.options;
    if (!isDense(vector) || vector.length !== dimensions)
      throw new MurmurationError("corrupt", `vector "${name}" has ${dimensions} dimensions`);
  }

  checkInsert(dot: NodeDot, vector: Vector, delta: GraphDelta, past: CausalPast): void {
    this.checkVector(vector, "");
    this.#graph.checkInsert(dot, denseOf(vector), delta, past);
  }

  checkEdges(deltas: readonly EdgeDelta[], past: CausalPast): void {
    this.#graph.checkEdges(deltas, past);
  }

  checkPurge(): void {
    this.#graph.checkPurge();
  }

  applyEdges(dot: NodeDot, delta: EdgeDelta, past: CausalPast): void {
    this.#graph.applyEdges(dot, delta, past);
  }

  restoreLinks(dot: NodeDot, lists: readonly EdgeList[]): void {
    const graph = this.#graph;
    assert(graph.counters().storedTags === 0, "the tags that the restored links get are the only ones");
    graph.applyEdges(dot, encodeEdgeDelta(lists), new Map());
    graph.settleTags(new Map([[dot.origin, dot.sequence]]));
  }

  purge(dots: readonly NodeDot[]): number {
    return this.#graph.purge(dots).liveInEdges;
  }

  slotOf(dot: NodeDot): number | undefined {
    return this.#graph.slotOf(dot);
  }

  markDead(slot: number, dead: boolean): void {
    this.#graph.markDead(slot, dead);
    if (dead) this.#deaths?.push(this.#graph.reader.dotAt(slot));
  }

  takeDeaths(): NodeDot[] {
    const taken = this.#deaths ?? [];
    this.#deaths = [];
    return taken;
  }

  handle() {
    return this.#graph.handle();
  }

  published(): void {
    this.#graph.published();
  }

  wipe(): boolean {
    this.#parts.forget();
    return this.#graph.wipe();
  }

  takenBack(): void {
    this.#graph.takenBack();
  }

  epoch(): number {
    return this.#graph.epoch();
  }

  condemn(slot: number): void {
    this.#graph.condemn(slot);
  }

  purgeable(origins: ReadonlySet<number>, limit: number): NodeDot[] {
    return this.#graph.purgeable(origins, limit);
  }

  get mendedInFile(): number | undefined {
    return this.#graph.rows?.mended;
  }

  mendInFile(dot: NodeDot, vector: Float32Array): void {
    const slot = this.#graph.slotOf(dot);
    if (slot !== undefined) this.#graph.rows?.mend(slot, vector);
  }

  digest(): string {
    return this.#graph.digest();
  }

  effectiveDigest(): string {
    return this.#graph.effectiveDigest();
  }

  nodeDigests() {
    return this.#graph.nodeDigests();
  }

  validate() {
    return validateGraph(this.#graph.reader);
  }

  image(note: string): Uint8Array[] {
    return encodeImage(this.#graph, note);
  }

  imageApart(note: string, part: { readonly name: string; readonly isWhole: boolean }) {
    return encodeApart(this.#graph, note, this.#parts, part);
  }

  wholeImage(note: string) {
    return encodeWholeImage(this.#graph, note);
  }
}

function linksOf(graph: VectorIndex): SpaceLinks {
  const { reader } = graph;
  return {
    planStitch: (node, foreign, walk) => graph.planStitch(node, foreign, walk),
    nodesToRepair: (origins, fromSlot, limit) => graph.nodesToRepair(origins, fromSlot, limit),
    purgeableOf: (nodes) => graph.purgeableOf(nodes),
    planRepair: (node) => graph.planRepair(node),
    unreachable: (origins, limit) => graph.unreachable(origins, limit),
    planRescue: (node, forced) => graph.planRescue(node, forced),
    unlinked: (dot) => unlinkedDelta(graph, dot),
    degreeAt: (slot) => reader.memberCountAt(slot, 0),
    capacityWith: (count) => reader.capacityWith(count),
    planLink: (node) => planLink(graph, node),
    entryOrigins: () => reader.entryOrigins(),
    settleTags: (stable) => graph.settleTags(stable),
    counters: () => graph.counters(),
    membersAt: (slot) =>
      Array.from({ length: reader.nodeAt(slot).level + 1 }, (_, level) =>
        Array.from(reader.membersAt(slot, level), (member) => reader.dotAt(member)),
      ),
  };
}
