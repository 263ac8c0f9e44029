// Epoch-based reclamation (Fraser, 2004): a slot is reused only after every search that could have seen it has ended.
import { THREADS_MAX } from "../src/vector-index/graph-limits";
import { H, NONE, thread } from "./layout";

/** Make a word visible to the readers beside this writer. */
// @ts-ignore: decorator
@inline export function publish(at: usize, value: u32): void { atomic.store<u32>(at, value); }
/** Read a word that a writer may be publishing. */
// @ts-ignore: decorator
@inline export function observe(at: usize): u32 { return atomic.load<u32>(at); }
// @ts-ignore: decorator
@inline function line(reader: u32): usize { return H.READERS + (<usize>reader << 6); }

/**
 * Enter the current epoch. A sequentially consistent store; the search that follows loads H.ENTRY sequentially
 * consistently and only then the graph, so no graph read can come before the line is visible.
 */
export function enter(): void { atomic.store<u32>(line(thread), atomic.load<u32>(H.EPOCH)); }
export function leave(): void { atomic.store<u32>(line(thread), 0); }
/** What this thread believes of slots is as of this epoch: none that was retired since is reused. 0: it believes nothing. */
export function pin(epoch: u32): void { atomic.store<u32>(line(thread) + 8, epoch); }
/** Writer: the current epoch. */
export function epoch(): u32 { return atomic.load<u32>(H.EPOCH); }

/** Writer: the oldest epoch that any thread is inside or pins; NONE when all are idle. */
export function oldestEpoch(): u32 {
  let oldest = NONE;
  for (let t: u32 = 0; t < THREADS_MAX; t++) {
    const epoch = atomic.load<u32>(line(t));
    if (epoch && epoch < oldest) oldest = epoch;
    const pinned = atomic.load<u32>(line(t) + 8);
    if (pinned && pinned < oldest) oldest = pinned;
  }
  return oldest;
}
/**
 * Writer: a slot retired before this epoch is named by no row that a reader sees, now or once it begins: readers pin the epoch of what was
 * published last, and look again whether it is still the last, before they read rows.
 */
export function oldestNamed(): u32 { return min(oldestEpoch(), atomic.load<u32>(H.PUBLISHED)); }
/** Writer: end the epoch. Searches that start from now on cannot see what was unlinked before. */
export function advanceEpoch(): void { atomic.add<u32>(H.EPOCH, 1); }
