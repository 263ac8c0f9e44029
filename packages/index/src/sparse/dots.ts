import type { NodeDot } from "../vector-index/search-types.js";
import type { SparseMemory } from "./sparse-memory.js";

const PLACES_MIN = 64;

/** Dot → slot, for the writer: open addressing, 4 to 8 bytes for each vector, on no heap. */
export class DotDirectory {
  readonly #memory: SparseMemory;
  #places = new Uint32Array(PLACES_MIN);
  #count = 0;

  constructor(memory: SparseMemory) {
    this.#memory = memory;
  }

  slotOf(dot: NodeDot): number | undefined {
    const place = this.#placeOf(dot);
    const slot = this.#places[place] as number;
    return slot === 0 ? undefined : slot;
  }

  /** A dot that is not there yet. */
  add(dot: NodeDot, slot: number): void {
    if (2 * (this.#count + 1) > this.#places.length) this.#grow();
    this.#places[this.#placeOf(dot)] = slot;
    this.#count++;
  }

  delete(dot: NodeDot): void {
    const places = this.#places;
    const mask = places.length - 1;
    let hole = this.#placeOf(dot);
    if (places[hole] === 0) return;
    this.#count--;
    // what comes behind moves up, so that no mark has to stay
    for (let place = (hole + 1) & mask; places[place] !== 0; place = (place + 1) & mask) {
      const home = this.#homeOf(this.#memory.dotAt(places[place] as number));
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      places[hole] = places[place] as number;
      hole = place;
    }
    places[hole] = 0;
  }

  #homeOf({ origin, sequence }: NodeDot): number {
    const hash = Math.imul(sequence ^ Math.imul(origin, 0x85ebca6b), 0x9e3779b1);
    return (hash >>> 7) & (this.#places.length - 1);
  }

  /** Where the dot stands, or would. */
  #placeOf(dot: NodeDot): number {
    const places = this.#places;
    const mask = places.length - 1;
    for (let place = this.#homeOf(dot); ; place = (place + 1) & mask) {
      const slot = places[place] as number;
      if (slot === 0) return place;
      const found = this.#memory.dotAt(slot);
      if (found.origin === dot.origin && found.sequence === dot.sequence) return place;
    }
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Uint32Array(2 * before.length);
    for (const slot of before) if (slot !== 0) this.#places[this.#placeOf(this.#memory.dotAt(slot))] = slot;
  }
}
