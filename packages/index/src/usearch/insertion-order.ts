import type { UsearchFile } from "./parse-usearch-file.js";

/**
 * The order in which the nodes of a foreign graph are inserted; `levelAt(place)` is the level that a node gets there.
 *
 * An insert can link the new node to earlier ones only, at most a list full of them, so nodes with many neighbours must come first:
 * places are filled from the last to the first, each by the node with the fewest neighbours left (smallest-last order, Matula and
 * Beck, 1983). Levels here follow from the place, not from the file: a place of high level goes to a node of high level.
 * Returns file slots by place.
 */
export function insertionOrder(file: UsearchFile, levelAt: (place: number) => number): Uint32Array {
  const { count } = file;
  const seats = Uint8Array.from({ length: count }, (_, place) => levelAt(place));
  const seatOf = seatLevels(file, seats);
  const { starts, neighbours } = undirected(file);
  const degrees = Int32Array.from(
    { length: count },
    (_, slot) => (starts[slot + 1] as number) - (starts[slot] as number),
  );

  // per level, stacks of nodes by degree; a node whose degree fell is pushed again, and its older entries are passed over
  const stacks: number[][][] = [];
  const push = (slot: number): void => {
    const ofLevel = (stacks[seatOf[slot] as number] ??= []);
    (ofLevel[degrees[slot] as number] ??= []).push(slot);
  };
  for (let slot = count - 1; slot >= 0; slot--) push(slot);
  const placed = new Uint8Array(count);
  const lowest: number[] = [];
  const takeSmallest = (level: number): number => {
    const ofLevel = stacks[level] as number[][];
    for (let degree = lowest[level] ?? 0; ; degree++) {
      const stack = ofLevel[degree];
      for (let slot = stack?.pop(); slot !== undefined; slot = stack?.pop()) {
        if (placed[slot] === 1 || degrees[slot] !== degree) continue;
        lowest[level] = degree;
        return slot;
      }
    }
  };

  const order = new Uint32Array(count);
  for (let place = count - 1; place >= 0; place--) {
    const slot = takeSmallest(seats[place] as number);
    placed[slot] = 1;
    order[place] = slot;
    for (let i = starts[slot] as number; i < (starts[slot + 1] as number); i++) {
      const neighbour = neighbours[i] as number;
      if (placed[neighbour] === 1) continue;
      const degree = (degrees[neighbour] as number) - 1;
      degrees[neighbour] = degree;
      const level = seatOf[neighbour] as number;
      lowest[level] = Math.min(lowest[level] ?? 0, degree);
      push(neighbour);
    }
  }
  return order;
}

/** Level of the place that each node will get: the highest places go to the highest nodes of the file, its entry first. */
function seatLevels(file: UsearchFile, seats: Uint8Array): Uint8Array {
  const descending = Array.from(seats).sort((a, b) => b - a);
  const byHeight = Array.from(seats.keys()).sort(
    (a, b) =>
      (file.levels[b] as number) - (file.levels[a] as number) ||
      Number(b === file.entry) - Number(a === file.entry) ||
      a - b,
  );
  const seatOf = new Uint8Array(seats.length);
  for (const [rank, slot] of byHeight.entries()) seatOf[slot] = descending[rank] as number;
  return seatOf;
}

/** Neighbours on layer 0 in either direction: those of `slot` stand from starts[slot] to starts[slot + 1]. */
function undirected(file: UsearchFile): { readonly starts: Uint32Array; readonly neighbours: Uint32Array } {
  const { count } = file;
  const starts = new Uint32Array(count + 1);
  const sets = Array.from({ length: count }, (_, slot) => file.neighboursAt(slot, 0));
  const lists = sets.map((set) => new Set(set));
  const oneWay = (from: number, to: number): boolean => !(lists[to] as Set<number>).has(from);
  for (const [slot, set] of sets.entries()) {
    starts[slot + 1] = (starts[slot + 1] as number) + set.length;
    for (const to of set) if (oneWay(slot, to)) starts[to + 1] = (starts[to + 1] as number) + 1;
  }
  for (let slot = 0; slot < count; slot++) starts[slot + 1] = (starts[slot + 1] as number) + (starts[slot] as number);
  const neighbours = new Uint32Array(starts[count] as number);
  const ends = starts.slice(0, count);
  const put = (slot: number, neighbour: number): void => {
    neighbours[ends[slot] as number] = neighbour;
    ends[slot] = (ends[slot] as number) + 1;
  };
  for (const [slot, set] of sets.entries()) {
    for (const to of set) {
      put(slot, to);
      if (oneWay(slot, to)) put(to, slot);
    }
  }
  return { starts, neighbours };
}
