import { assert, MurmurationError } from "../errors.js";
import { type MultiIndex, multiVectorAt, multiWordsAt } from "../multi/multi-index.js";
import type { MultiOptions } from "../multi/multi-options.js";
import { validateMulti } from "../multi/validate-multi.js";
import { slotDigests, slotsDigest, sparseWordsAt, type WordsAt } from "../sparse/sparse-digest.js";
import type { SparseHandle } from "../sparse/sparse-handle.js";
import { encodeSlotsImage } from "../sparse/sparse-image.js";
import type { SparseIndex } from "../sparse/sparse-index.js";
import { CAPACITY } from "../sparse/sparse-layout.js";
import type { SparseMemory } from "../sparse/sparse-memory.js";
import { validateSparse } from "../sparse/validate-sparse.js";
import type { VectorSlots } from "../sparse/vector-slots.js";
import { isDense, type MultiVector, type SparseVector, type Vector } from "../vector/vector.js";
import type { NodeDot } from "../vector-index/graph-reader.js";
import type { CausalPast, EdgeDelta, GraphDelta } from "../vector-index/graph-types.js";
import type { GraphReport } from "../vector-index/validate.js";
import type { SlotReader, SpacePort, UndoSteps } from "./space.js";

/** Nothing is changed by an insert but what it inserts. */
const nothing = new Uint8Array(0);

/** What a space of sparse vectors is made of; the same on every replica. */
export interface SparseOptions {
  /** `idf`: the values of a query are weighted by how rare their indices are. */
  readonly modifier?: "idf";
}

/** What is different between kinds of vectors that are not linked to each other. */
interface Face<Kept extends SparseVector | MultiVector> {
  readonly dimensions: number;
  /** `undefined`: the vector is none of this space. */
  readonly take: (vector: Vector) => Kept | undefined;
  readonly vectorAt: (of: number) => Kept;
  readonly wordsAt: WordsAt;
  readonly validate: () => GraphReport;
}

/** Vectors of one of the kinds that are not linked to each other, and searched exactly. */
export class UnlinkedSpace<Kind extends "sparse" | "multi", Options, Kept extends SparseVector | MultiVector>
  implements SpacePort
{
  readonly kind: Kind;
  readonly links = undefined;
  readonly inserts = undefined;
  readonly mendedInFile = undefined;
  readonly reader: UnlinkedSlots;
  readonly options: Options;
  readonly #slots: VectorSlots<Kept>;
  readonly #face: Face<Kept>;
  readonly #handle: () => SparseHandle;
  /** `undefined`: nobody asks. */
  #deaths: NodeDot[] | undefined;

  constructor(kind: Kind, options: Options, slots: VectorSlots<Kept>, face: Face<Kept>, handle: () => SparseHandle) {
    this.kind = kind;
    this.options = options;
    this.#slots = slots;
    this.#face = face;
    this.#handle = handle;
    this.reader = new UnlinkedSlots(slots.memory, face.vectorAt);
  }

  get capacity(): number {
    return CAPACITY;
  }

  requireRoomFor(vectors: readonly Vector[]): void {
    const values = vectors.reduce((sum, vector) => sum + (isDense(vector) ? 0 : vector.values.length), 0);
    this.#slots.requireRoomFor(vectors.length, values);
  }

  plan(): GraphDelta {
    return nothing;
  }

  insert(dot: NodeDot, vector: Vector, _delta: GraphDelta, _past: CausalPast, undo?: UndoSteps): number {
    const slot = this.#slots.insert(dot, this.#keptOf(vector));
    undo?.push(() => {
      this.reader.hide(slot);
      this.#slots.revert(slot);
    });
    return slot;
  }

  checkVector(vector: Vector, name: string): void {
    if (this.#face.take(vector) === undefined)
      throw new MurmurationError("corrupt", `vector "${name}" is one of the ${this.kind} ones`);
  }

  checkInsert(dot: NodeDot, vector: Vector, delta: GraphDelta): void {
    if (delta.length > 0) throw new MurmurationError("corrupt", `a ${this.kind} vector has no links`);
    this.#slots.checkInsert(dot, this.#keptOf(vector));
  }

  checkEdges(deltas: readonly EdgeDelta[]): void {
    if (deltas.length > 0) throw new MurmurationError("corrupt", `${this.kind} vectors have no links`);
  }

  checkPurge(): void {}

  applyEdges(): void {
    assert(false, "there are no links");
  }

  restoreLinks(): void {
    assert(false, "there are no links");
  }

  purge(dots: readonly NodeDot[]): number {
    this.#slots.purge(dots);
    return 0;
  }

  slotOf(dot: NodeDot): number | undefined {
    return this.#slots.slotOf(dot);
  }

  markDead(slot: number, dead: boolean): void {
    this.#slots.markDead(slot, dead);
    if (dead) this.#deaths?.push(this.#slots.memory.dotAt(slot));
  }

  takeDeaths(): NodeDot[] {
    const taken = this.#deaths ?? [];
    this.#deaths = [];
    return taken;
  }

  handle(): SparseHandle {
    return this.#handle();
  }

  published(): void {
    this.#slots.published();
  }

  takenBack(): void {}

  wipe(): boolean {
    return this.#slots.wipe();
  }

  epoch(): number {
    return this.#slots.epoch;
  }

  condemn(slot: number): void {
    this.#slots.condemn(slot);
  }

  purgeable(origins: ReadonlySet<number>, limit: number): NodeDot[] {
    return this.#slots.purgeable(origins, limit);
  }

  mendInFile(): void {}

  digest(): string {
    return slotsDigest(this.#slots.memory, this.#face.wordsAt, false);
  }

  effectiveDigest(): string {
    return slotsDigest(this.#slots.memory, this.#face.wordsAt, true);
  }

  nodeDigests() {
    return slotDigests(this.#slots.memory, this.#face.wordsAt);
  }

  validate() {
    return this.#face.validate();
  }

  image(note: string): Uint8Array[] {
    return encodeSlotsImage(
      this.#slots as unknown as VectorSlots<SparseVector>,
      this.#face.vectorAt,
      { kind: this.kind, dimensions: this.#face.dimensions },
      note,
    );
  }

  imageApart(): undefined {
    return undefined;
  }

  wholeImage(note: string): Uint8Array[] {
    return this.image(note);
  }

  #keptOf(vector: Vector): Kept {
    const kept = this.#face.take(vector);
    if (kept === undefined) throw new MurmurationError("corrupt", `the vector is not one of the ${this.kind} ones`);
    return kept;
  }
}

/** Sparse vectors, in an inverted index. */
export type SparseSpace = UnlinkedSpace<"sparse", SparseOptions, SparseVector>;

/** Over an index of sparse vectors. */
export function sparseSpace(index: SparseIndex, options: SparseOptions): SparseSpace {
  const { memory } = index;
  const face: Face<SparseVector> = {
    dimensions: 0,
    take: (vector) => (!isDense(vector) && vector.kind === "sparse" ? vector : undefined),
    vectorAt: (of) => memory.vectorAt(of),
    wordsAt: sparseWordsAt,
    validate: () => validateSparse(memory),
  };
  const handle = { kind: "sparse", idf: options.modifier === "idf", memory: memory.memory } as const;
  return new UnlinkedSpace("sparse", options, index, face, () => handle);
}

/** Multivectors, each kept whole. */
export type MultiSpace = UnlinkedSpace<"multi", MultiOptions, MultiVector>;

/** Over an index of multivectors. */
export function multiSpace(index: MultiIndex, options: MultiOptions): MultiSpace {
  const { memory } = index;
  const { dimensions, metric } = options;
  const face: Face<MultiVector> = {
    dimensions,
    take: (vector) =>
      !isDense(vector) && vector.kind === "multi" && vector.dimensions === dimensions ? vector : undefined,
    vectorAt: (of) => multiVectorAt(memory, of, options),
    wordsAt: (_, of, take) => multiWordsAt(memory, of, options, take),
    validate: () => validateMulti(memory, options),
  };
  const handle = { kind: "multi", dimensions, metric, memory: memory.memory } as const;
  return new UnlinkedSpace("multi", options, index, face, () => handle);
}

/** What the writer's thread reads by slot. Which slots are visible it is told. */
class UnlinkedSlots implements SlotReader {
  readonly #memory: SparseMemory;
  readonly #vectorAt: (of: number) => Vector;
  #words = new Uint32Array(1);
  #visible = 0;

  constructor(memory: SparseMemory, vectorAt: (of: number) => Vector) {
    this.#memory = memory;
    this.#vectorAt = vectorAt;
  }

  get slotCount(): number {
    return this.#memory.slotCount;
  }

  get linkedCount(): number {
    return this.#memory.linkedCount;
  }

  get deadCount(): number {
    return this.#memory.deadCount;
  }

  get visibleCount(): number {
    return this.#visible;
  }

  /** Bytes of memory in use by slots, vectors and postings. */
  get bytesInUse(): number {
    return this.#memory.bytesInUse;
  }

  nodeAt(slot: number) {
    return this.#memory.nodeAt(slot);
  }

  dotAt(slot: number): NodeDot {
    return this.#memory.dotAt(slot);
  }

  vectorAt(slot: number): Vector {
    return this.#vectorAt(slot);
  }

  isCondemned(slot: number): boolean {
    return this.#memory.isCondemned(slot);
  }

  isVisible(slot: number): boolean {
    return (((this.#words[slot >>> 5] ?? 0) >>> (slot & 31)) & 1) === 1;
  }

  show(slot: number): void {
    if (this.isVisible(slot)) return;
    const word = slot >>> 5;
    if (word >= this.#words.length) {
      const grown = new Uint32Array(2 * word + 1);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[word] = (this.#words[word] as number) | (1 << (slot & 31));
    this.#visible++;
  }

  hide(slot: number): void {
    if (!this.isVisible(slot)) return;
    const word = slot >>> 5;
    this.#words[word] = (this.#words[word] as number) & ~(1 << (slot & 31));
    this.#visible--;
  }
}
