import { assert, MurmurationError } from "../errors.js";
import { sparseDigest, sparseNodeDigests } from "../sparse/sparse-digest.js";
import { encodeSparseImage } from "../sparse/sparse-image.js";
import type { SparseIndex } from "../sparse/sparse-index.js";
import { CAPACITY } from "../sparse/sparse-layout.js";
import type { SparseMemory } from "../sparse/sparse-memory.js";
import { validateSparse } from "../sparse/validate-sparse.js";
import { isSparse, type SparseVector, type Vector } from "../vector/vector.js";
import type { NodeDot } from "../vector-index/graph-reader.js";
import type { CausalPast, EdgeDelta, GraphDelta } from "../vector-index/graph-types.js";
import type { SlotReader, SpacePort, UndoSteps } from "./space.js";

/** Nothing is changed by an insert but what it inserts. */
const nothing = new Uint8Array(0);

/** What a space of sparse vectors is made of; the same on every replica. */
export interface SparseOptions {
  /** `idf`: the values of a query are weighted by how rare their indices are. */
  readonly modifier?: "idf";
}

/** Sparse vectors, in an inverted index that is searched exactly (`SparseIndex`). */
export class SparseSpace implements SpacePort {
  readonly kind = "sparse";
  readonly links = undefined;
  readonly inserts = undefined;
  readonly mendedInFile = undefined;
  readonly reader: SparseSlots;
  readonly options: SparseOptions;
  readonly #index: SparseIndex;
  /** `undefined`: nobody asks. */
  #deaths: NodeDot[] | undefined;

  constructor(index: SparseIndex, options: SparseOptions) {
    this.options = options;
    this.#index = index;
    this.reader = new SparseSlots(index.memory);
  }

  get capacity(): number {
    return CAPACITY;
  }

  requireRoomFor(vectors: readonly Vector[]): void {
    const values = vectors.reduce((sum, vector) => sum + (isSparse(vector) ? vector.values.length : 0), 0);
    this.#index.requireRoomFor(vectors.length, values);
  }

  plan(): GraphDelta {
    return nothing;
  }

  insert(dot: NodeDot, vector: Vector, _delta: GraphDelta, _past: CausalPast, undo?: UndoSteps): number {
    const slot = this.#index.insert(dot, sparseOf(vector));
    undo?.push(() => {
      this.reader.hide(slot);
      this.#index.revert(slot);
    });
    return slot;
  }

  checkVector(vector: Vector, name: string): void {
    if (!isSparse(vector)) throw new MurmurationError("corrupt", `vector "${name}" is a sparse one`);
  }

  checkInsert(dot: NodeDot, vector: Vector, delta: GraphDelta): void {
    if (delta.length > 0) throw new MurmurationError("corrupt", "a sparse vector has no links");
    this.#index.checkInsert(dot, sparseOf(vector));
  }

  checkEdges(deltas: readonly EdgeDelta[]): void {
    if (deltas.length > 0) throw new MurmurationError("corrupt", "sparse vectors have no links");
  }

  checkPurge(): void {}

  applyEdges(): void {
    assert(false, "sparse vectors have no links");
  }

  restoreLinks(): void {
    assert(false, "sparse vectors have no links");
  }

  purge(dots: readonly NodeDot[]): number {
    this.#index.purge(dots);
    return 0;
  }

  slotOf(dot: NodeDot): number | undefined {
    return this.#index.slotOf(dot);
  }

  markDead(slot: number, dead: boolean): void {
    this.#index.markDead(slot, dead);
    if (dead) this.#deaths?.push(this.#index.memory.dotAt(slot));
  }

  takeDeaths(): NodeDot[] {
    const taken = this.#deaths ?? [];
    this.#deaths = [];
    return taken;
  }

  handle() {
    return { kind: "sparse", idf: this.options.modifier === "idf", memory: this.#index.memory.memory } as const;
  }

  published(): void {
    this.#index.published();
  }

  takenBack(): void {}

  epoch(): number {
    return this.#index.epoch;
  }

  condemn(slot: number): void {
    this.#index.condemn(slot);
  }

  purgeable(origins: ReadonlySet<number>, limit: number): NodeDot[] {
    return this.#index.purgeable(origins, limit);
  }

  mendInFile(): void {}

  digest(): string {
    return sparseDigest(this.#index.memory, false);
  }

  effectiveDigest(): string {
    return sparseDigest(this.#index.memory, true);
  }

  nodeDigests() {
    return sparseNodeDigests(this.#index.memory);
  }

  validate() {
    return validateSparse(this.#index.memory);
  }

  image(note: string): Uint8Array[] {
    return encodeSparseImage(this.#index, note);
  }

  wholeImage(note: string): Uint8Array[] {
    return this.image(note);
  }
}

/** What the writer's thread reads by slot. Which slots are visible it is told. */
class SparseSlots implements SlotReader {
  readonly #memory: SparseMemory;
  #words = new Uint32Array(1);
  #visible = 0;

  constructor(memory: SparseMemory) {
    this.#memory = memory;
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

  vectorAt(slot: number): SparseVector {
    return this.#memory.vectorAt(slot);
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

function sparseOf(vector: Vector): SparseVector {
  if (isSparse(vector)) return vector;
  throw new MurmurationError("corrupt", "the vector is not a sparse one");
}
