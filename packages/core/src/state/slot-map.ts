const NONE = 0xffffffff;
const SMALLEST = 1024;

function grown(array: Uint32Array, index: number): Uint32Array {
  if (index < array.length) return array;
  const larger = new Uint32Array(Math.max(SMALLEST, 2 * array.length, index + 1)).fill(NONE);
  larger.set(array);
  return larger;
}

/** Row ↔ slot of one vector's visible versions. */
export class SlotMap {
  #slotOfRow: Uint32Array = new Uint32Array(0);
  #rowOfSlot: Uint32Array = new Uint32Array(0);

  slotOf(row: number): number | undefined {
    const slot = this.#slotOfRow[row];
    return slot === NONE ? undefined : slot;
  }

  rowOf(slot: number): number | undefined {
    const row = this.#rowOfSlot[slot];
    return row === NONE ? undefined : row;
  }

  link(row: number, slot: number): void {
    this.#slotOfRow = grown(this.#slotOfRow, row);
    this.#rowOfSlot = grown(this.#rowOfSlot, slot);
    this.#slotOfRow[row] = slot;
    this.#rowOfSlot[slot] = row;
  }

  unlink(row: number, slot: number): void {
    this.#slotOfRow[row] = NONE;
    this.#rowOfSlot[slot] = NONE;
  }
}
