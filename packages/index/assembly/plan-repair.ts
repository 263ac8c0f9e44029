// Planning of repairs: what takes the place of a node's links to condemned nodes (docs/graph-delta.md). Reads the graph, writes scratch only.
import { CONDEMNED, S, capOf, levelIn, links, listOf, scratch, stateOf, word } from "./layout";
import { addList, beginEdges, packEdges } from "./edges";
import { rowDistance } from "./kernels";
import { effective, hasMember, sizeOf } from "./lists";
import { DotCodes, DotVectors, EuclidCodes, EuclidVectors, ManhattanVectors } from "./metric";
import { AROUND_EF, distance, insertSorted, isLive, queryNode } from "./plan-links";
import { distanceAt, keepBest, put, slotAt } from "./pool";
import { descendAll, rowOf, searchFrom } from "./search";

const CANDIDATES_PER_DEAD: u32 = 8;

/**
 * Replace a node's links to condemned nodes on every layer: by candidates around those, chosen as for an insert and linked both ways where there
 * is room, and by the nearest of the others until the list is as long as it was. Returns the bytes of the delta, 0 when there are none.
 */
function planRepair<Walk>(slot: u32): u32 {
  const scale = queryNode<Walk>(slot), sorted = scratch + S.SORT, pool = scratch + S.POOL, kept = scratch + S.KEPT;
  const gone = scratch + S.GONE, fresh = scratch + S.ADDED;
  beginEdges();
  for (let level: u32 = 0; level <= levelIn(stateOf(slot)); level++) {
    const place = listOf(slot, level), own = effective(place), size = sizeOf(place), cap = capOf(level);
    let removed: u32 = 0, m: u32 = 0, n: u32 = 0;
    for (let i: u32 = 1; i <= size; i++) {
      const member = load<u32>(word(own, i));
      if (!(stateOf(member) & CONDEMNED)) m = insertSorted(sorted, m, distance<Walk>(slot, member), member);
      else if (removed < 6 * links) store<u32>(word(gone, removed++), member);
    }
    if (!removed) continue;
    // around each dead neighbour, its nearest live ones
    for (let r: u32 = 0; r < removed; r++) {
      const list = effective(listOf(load<u32>(word(gone, r)), level)), around = scratch + S.RERANK;
      let best: u32 = 0;
      for (let i: u32 = 1, end = load<u32>(list); i <= end; i++) {
        const candidate = load<u32>(word(list, i));
        if (candidate == slot || !isLive(candidate) || hasMember(place, candidate)) continue;
        best = keepBest(around, best, CANDIDATES_PER_DEAD, distance<Walk>(slot, candidate), candidate);
      }
      for (let i: u32 = 0; i < best; i++) {
        const candidate = slotAt(around, i);
        let j: u32 = 0;
        while (j < n && slotAt(pool, j) != candidate) j++;
        if (j == n) n = insertSorted(pool, n, distanceAt(around, i), candidate);
      }
    }
    let live: u32 = 0;
    for (let i: u32 = 0; i < m; i++) live += u32(isLive(slotAt(sorted, i)));
    if (!isLive(slot)) n = 0; // the dead only let go
    // all around is dead: look further
    else if (!live && !n && !level) {
      n = searchFrom<Walk>(0, descendAll<Walk>(0, 0), AROUND_EF);
      for (let i: u32 = 0; i < n; i++) put(pool, i, distanceAt(pool, i) * scale, slotAt(pool, i));
    }
    let k: u32 = 0, next: u32 = 0, added: u32 = 0;
    for (let i: u32 = 0; i < n && m + added < cap; i++) {
      const candidate = slotAt(pool, i), d = distanceAt(pool, i), row = rowOf<Walk>(candidate);
      if (candidate == slot || !isLive(candidate) || hasMember(place, candidate)) continue;
      for (; next < m && distanceAt(sorted, next) <= d; next++) store<u32>(word(kept, k++), <u32>rowOf<Walk>(slotAt(sorted, next)));
      let j: u32 = 0;
      while (j < k && rowDistance<Walk>(row, <usize>load<u32>(word(kept, j))) >= d) j++;
      if (j < k) continue;
      store<u32>(word(kept, k++), <u32>row);
      store<u32>(word(fresh, added++), candidate);
    }
    const chosen = added;
    // as many as went: with fewer the list thins out by every neighbour that dies, which chosen links alone do not make up for
    for (let i: u32 = 0; i < n && added < removed && m + added < cap; i++) {
      const candidate = slotAt(pool, i);
      if (candidate == slot || !isLive(candidate) || hasMember(place, candidate)) continue;
      let j: u32 = 0;
      while (j < added && load<u32>(word(fresh, j)) != candidate) j++;
      if (j == added) store<u32>(word(fresh, added++), candidate);
    }
    addList(slot, level, gone, removed, fresh, added);
    // and the way back, as an insert has it: links to this node went with the dead as well
    store<u32>(kept, slot);
    for (let i: u32 = 0; i < chosen; i++) {
      const other = load<u32>(word(fresh, i)), theirs = listOf(other, level);
      if (sizeOf(theirs) < cap && !hasMember(theirs, slot)) addList(other, level, kept, 0, kept, 1);
    }
  }
  return packEdges();
}

// one export per walk: the host picks by metric
export function planRepairDotCodes(slot: u32): u32 { return planRepair<DotCodes>(slot); }
export function planRepairDotVectors(slot: u32): u32 { return planRepair<DotVectors>(slot); }
export function planRepairEuclidCodes(slot: u32): u32 { return planRepair<EuclidCodes>(slot); }
export function planRepairEuclidVectors(slot: u32): u32 { return planRepair<EuclidVectors>(slot); }
export function planRepairManhattanVectors(slot: u32): u32 { return planRepair<ManhattanVectors>(slot); }
