// Ids in order: a copy-on-write B-tree of ids for integers, and one for UUIDs. Nodes that readers can reach are never changed: a group copies
// the ones that it touches, once, and publishes the root. A group that is taken back drops its copies. Nodes that were taken out are used
// again when every thread that was among them has left; a thread is among them for one call, not for as long as it is at an epoch.
//
// The tree holds every id that has rows, so at least those that anybody sees; which row is visible, readers look up by id. Replacing a point
// does not touch it. Nodes that are less than a quarter full are merged with a neighbour where both together fill no more than three quarters.
import {
  H_ORDER_FREE, H_ORDER_FREE_COUNT, H_ORDER_FRESH, H_ORDER_LEFT, H_ORDER_NEXT, H_ORDER_RETIRED_HEAD, H_ORDER_RETIRED_TAIL, H_ORDER_ROOTS,
  H_ROOTS, LINE_ORDER, READER_LINES, READER_LINE_BYTES, THREADS_MAX,
} from "../../src/segment/layout";
import { now, reached } from "./epochs";
import { atOrder, line, orderBytes } from "./regions";

const NODE_BYTES: u32 = 512;
// A node: how many keys, its level (leaves: 0), its state, a link of the writer's lists; keys; in inner nodes a child per key, which holds
// what is not below the key. The first key of an inner node counts as below everything.
const LEVEL: usize = 4;
const STATE: usize = 8;
const LINK: usize = 12;
const KEYS: usize = 16;
/** Nobody else can reach the node, and: it was taken out again. Of a retired node the state is the epoch of that. */
const PRIVATE: u32 = 1;
const DROPPED: u32 = 2;
/** Nodes that one insert or removal can take: a path copied and split. */
const NODES_PER_CHANGE: u32 = 24;
/** Inserts leave so many nodes to removals. */
const NODES_KEPT: u32 = 256;

/** The key in work, and whether it is a UUID's. */
let low: u64, high: u64, wide: u32;
/** What was split off by the last insert, 0: nothing; and its first key. */
let splitNode: u32, splitLow: u64, splitHigh: u64;

// @ts-ignore: decorator
@inline function countOf(node: u32): u32 { return load<u32>(node); }
// @ts-ignore: decorator
@inline function levelOf(node: u32): u32 { return load<u32>(node, LEVEL); }
// @ts-ignore: decorator
@inline function keyOf(node: u32, i: u32): usize { return <usize>node + KEYS + (<usize>i << (3 + wide)); }
/** Keys of a full node. */
// @ts-ignore: decorator
@inline function leafKeys(): u32 { return wide ? 31 : 62; }
// @ts-ignore: decorator
@inline function innerKeys(): u32 { return wide ? 24 : 41; }
// @ts-ignore: decorator
@inline function capOf(node: u32): u32 { return levelOf(node) ? innerKeys() : leafKeys(); }
// @ts-ignore: decorator
@inline function childAt(node: u32, i: u32): usize { return <usize>node + (wide ? 400 : 344) + (<usize>i << 2); }
// @ts-ignore: decorator
@inline function childOf(node: u32, i: u32): u32 { return load<u32>(childAt(node, i)); }
function setKey(node: u32, i: u32, keyLow: u64, keyHigh: u64): void {
  const at = keyOf(node, i);
  store<u64>(at, keyLow);
  if (wide) store<u64>(at, keyHigh, 8);
}
// @ts-ignore: decorator
@inline function highAt(at: usize): u64 { return wide ? load<u64>(at, 8) : 0; }
/** Is the key at `at` below the one in work? */
// @ts-ignore: decorator
@inline function isBelow(at: usize): bool {
  if (!wide) return load<u64>(at) < low;
  const other = load<u64>(at, 8);
  return other < high || (other == high && load<u64>(at) < low);
}
// @ts-ignore: decorator
@inline function isKey(at: usize): bool { return load<u64>(at) == low && (!wide || load<u64>(at, 8) == high); }
/** How many keys of the node, from `from` on, are below the one in work. */
function below(node: u32, from: u32): u32 {
  let end = countOf(node);
  while (from < end) {
    const middle = (from + end) >> 1;
    if (isBelow(keyOf(node, middle))) from = middle + 1;
    else end = middle;
  }
  return from;
}
/** Which child holds the key in work. */
function childFor(node: u32): u32 {
  const i = below(node, 1);
  return i < countOf(node) && isKey(keyOf(node, i)) ? i : i - 1;
}

// Nodes, the writer's.
function takeNode(level: u32): u32 {
  let node = load<u32>(H_ORDER_FREE);
  if (node) {
    store<u32>(H_ORDER_FREE, load<u32>(node, LINK));
    store<u32>(H_ORDER_FREE_COUNT, load<u32>(H_ORDER_FREE_COUNT) - 1);
  } else {
    node = load<u32>(H_ORDER_NEXT);
    store<u32>(H_ORDER_NEXT, node + NODE_BYTES);
  }
  store<u32>(node, 0);
  store<u32>(node, level, LEVEL);
  store<u32>(node, PRIVATE, STATE);
  store<u32>(node, load<u32>(H_ORDER_FRESH), LINK);
  store<u32>(H_ORDER_FRESH, node);
  return node;
}
function freeNode(node: u32): void {
  // ids that are gone are not to be found in images
  memory.fill(<usize>node + KEYS, 0, <usize>NODE_BYTES - KEYS);
  store<u32>(node, load<u32>(H_ORDER_FREE), LINK);
  store<u32>(H_ORDER_FREE, node);
  store<u32>(H_ORDER_FREE_COUNT, load<u32>(H_ORDER_FREE_COUNT) + 1);
}
/** The node is not in the tree any more. */
function drop(node: u32): void {
  if (load<u32>(node, STATE) == PRIVATE) {
    store<u32>(node, DROPPED, STATE);
    return;
  }
  store<u32>(node, load<u32>(H_ORDER_LEFT), LINK);
  store<u32>(H_ORDER_LEFT, node);
}
/** The node itself when nobody else can reach it, else a copy in its place. */
function own(node: u32): u32 {
  if (load<u32>(node, STATE) == PRIVATE) return node;
  const copy = takeNode(levelOf(node));
  store<u32>(copy, countOf(node));
  memory.copy(<usize>copy + KEYS, <usize>node + KEYS, <usize>NODE_BYTES - KEYS);
  drop(node);
  return copy;
}
function nodesLeft(): u32 {
  return load<u32>(H_ORDER_FREE_COUNT) + (<u32>(atOrder + orderBytes) - load<u32>(H_ORDER_NEXT)) / NODE_BYTES;
}
/** Writer: can an id be added, and can one be taken out? */
export function hasRoomInOrder(): bool { return nodesLeft() >= NODES_PER_CHANGE + NODES_KEPT; }
export function canRemoveOrdered(): bool { return nodesLeft() >= NODES_PER_CHANGE; }
export function clearOrder(): void { store<u32>(H_ORDER_NEXT, <u32>atOrder); }

/** Make room for a key (and a child) at i. */
function open(node: u32, i: u32): void {
  const n = countOf(node);
  memory.copy(keyOf(node, i + 1), keyOf(node, i), keyOf(node, n) - keyOf(node, i));
  if (levelOf(node)) memory.copy(childAt(node, i + 1), childAt(node, i), <usize>(n - i) << 2);
  store<u32>(node, n + 1);
}
function close(node: u32, i: u32): void {
  const n = countOf(node) - 1;
  memory.copy(keyOf(node, i), keyOf(node, i + 1), keyOf(node, n) - keyOf(node, i));
  if (levelOf(node)) memory.copy(childAt(node, i), childAt(node, i + 1), <usize>(n - i) << 2);
  store<u32>(node, n);
  clearKeys(node, n, n + 1);
}
/** Leave nothing of keys that are not the node's any more. */
function clearKeys(node: u32, from: u32, to: u32): void { memory.fill(keyOf(node, from), 0, keyOf(node, to) - keyOf(node, from)); }
/** Have the key at i be the first id of its child: a key that says where a child begins may be that of an id which goes. */
function nameLeast(node: u32, i: u32): void {
  let first = childOf(node, i);
  while (levelOf(first)) first = childOf(first, 0);
  const at = keyOf(first, 0);
  setKey(node, i, load<u64>(at), highAt(at));
}
/** Append `n` keys (and children) of another node, from i on. */
function append(to: u32, from: u32, i: u32, n: u32): void {
  const end = countOf(to);
  memory.copy(keyOf(to, end), keyOf(from, i), keyOf(from, i + n) - keyOf(from, i));
  if (levelOf(to)) memory.copy(childAt(to, end), childAt(from, i), <usize>n << 2);
  store<u32>(to, end + n);
}
/** Put a key (and a child) at i of a node that this group owns; what does not fit is split off. A last node is left full: ids often ascend. */
function insertAt(node: u32, i: u32, keyLow: u64, keyHigh: u64, child: u32, isLast: bool): void {
  const n = countOf(node);
  let target = node;
  splitNode = 0;
  if (n == capOf(node)) {
    const right = takeNode(levelOf(node)), kept = isLast && i == n ? n : n >> 1;
    append(right, node, kept, n - kept);
    store<u32>(node, kept);
    clearKeys(node, kept, n);
    splitNode = right;
    if (i > kept || kept == n) {
      target = right;
      i -= kept;
    }
  }
  open(target, i);
  setKey(target, i, keyLow, keyHigh);
  if (levelOf(target)) store<u32>(childAt(target, i), child);
  if (!splitNode) return;
  const first = keyOf(splitNode, 0);
  splitLow = load<u64>(first);
  splitHigh = highAt(first);
}
/** Insert the key in work; returns the node that stands in this one's place. */
function insertInto(node: u32, isLast: bool): u32 {
  splitNode = 0;
  if (!levelOf(node)) {
    const i = below(node, 0);
    if (i < countOf(node) && isKey(keyOf(node, i))) return node;
    const owned = own(node);
    insertAt(owned, i, low, high, 0, isLast);
    return owned;
  }
  const i = childFor(node), child = childOf(node, i), stands = insertInto(child, isLast && i + 1 == countOf(node));
  if (stands == child && !splitNode) return node;
  const owned = own(node);
  store<u32>(childAt(owned, i), stands);
  if (splitNode) insertAt(owned, i + 1, splitLow, splitHigh, splitNode, isLast);
  return owned;
}
/** Take the key in work out; returns the node that stands in this one's place. */
function removeFrom(node: u32): u32 {
  if (!levelOf(node)) {
    const i = below(node, 0);
    if (i == countOf(node) || !isKey(keyOf(node, i))) return node;
    const owned = own(node);
    close(owned, i);
    return owned;
  }
  const i = childFor(node), child = childOf(node, i), stands = removeFrom(child);
  const isNamed = isKey(keyOf(node, i));
  if (stands == child && countOf(stands) * 4 >= capOf(stands) && !isNamed) return node;
  const owned = own(node);
  store<u32>(childAt(owned, i), stands);
  if (!countOf(stands)) {
    drop(stands);
    close(owned, i);
    return owned;
  }
  if (isNamed) nameLeast(owned, i);
  if (countOf(stands) * 4 < capOf(stands) && !merge(owned, i) && i) merge(owned, i - 1);
  return owned;
}
/** Merge the children i and i + 1 of a node that this group owns. False when there is none, or they fill too much together. */
function merge(node: u32, i: u32): bool {
  if (i + 1 >= countOf(node)) return false;
  const left = childOf(node, i), right = childOf(node, i + 1), n = countOf(right);
  if ((countOf(left) + n) * 4 > capOf(left) * 3) return false;
  const into = own(left), at = keyOf(node, i + 1), from = countOf(into);
  append(into, right, 0, n);
  // the first key of an inner node says nothing; the one above it does
  if (levelOf(into)) setKey(into, from, load<u64>(at), highAt(at));
  store<u32>(childAt(node, i), into);
  drop(right);
  close(node, i + 1);
  return true;
}
function use(keyLow: u64, keyHigh: u64, isUuid: u32): usize {
  low = keyLow;
  high = keyHigh;
  wide = isUuid;
  return <usize>isUuid << 2;
}
/** Writer: the id has rows. `hasRoomInOrder` must have said yes. */
export function addOrdered(keyLow: u64, keyHigh: u64, isUuid: u32): void {
  const at = H_ORDER_ROOTS + use(keyLow, keyHigh, isUuid), root = load<u32>(at) || takeNode(0), stands = insertInto(root, true);
  if (!splitNode) {
    store<u32>(at, stands);
    return;
  }
  const right = splitNode, above = takeNode(levelOf(stands) + 1);
  store<u32>(above, 2);
  setKey(above, 0, 0, 0);
  setKey(above, 1, splitLow, splitHigh);
  store<u32>(childAt(above, 0), stands);
  store<u32>(childAt(above, 1), right);
  store<u32>(at, above);
}
/** Writer: the id has no rows any more. `canRemoveOrdered` must have said yes. */
export function removeOrdered(keyLow: u64, keyHigh: u64, isUuid: u32): void {
  const at = H_ORDER_ROOTS + use(keyLow, keyHigh, isUuid);
  let root = load<u32>(at);
  if (!root) return;
  root = removeFrom(root);
  while (levelOf(root) && countOf(root) == 1) {
    const child = childOf(root, 0);
    drop(root);
    root = child;
  }
  if (!countOf(root)) {
    drop(root);
    root = 0;
  }
  store<u32>(at, root);
}
/** Writer: readers that come from now on find the trees as they are. */
export function publishOrder(): void {
  freeRetired();
  atomic.store<u32>(H_ROOTS, load<u32>(H_ORDER_ROOTS));
  atomic.store<u32>(H_ROOTS + 4, load<u32>(H_ORDER_ROOTS + 4));
  takeFresh(false);
  const epoch = now();
  for (let node = load<u32>(H_ORDER_LEFT); node;) {
    const next = load<u32>(node, LINK), tail = load<u32>(H_ORDER_RETIRED_TAIL);
    store<u32>(node, epoch, STATE);
    store<u32>(node, 0, LINK);
    if (tail) store<u32>(tail, node, LINK);
    else store<u32>(H_ORDER_RETIRED_HEAD, node);
    store<u32>(H_ORDER_RETIRED_TAIL, node);
    node = next;
  }
  store<u32>(H_ORDER_LEFT, 0);
}
/** Writer: the trees are as they were published last. */
export function abandonOrder(): void {
  store<u32>(H_ORDER_ROOTS, load<u32>(H_ROOTS));
  store<u32>(H_ORDER_ROOTS + 4, load<u32>(H_ROOTS + 4));
  store<u32>(H_ORDER_LEFT, 0);
  takeFresh(true);
}
/** The nodes that were made since the last time are readers' from now on; free those that are not in the trees: all of them? */
function takeFresh(all: bool): void {
  for (let node = load<u32>(H_ORDER_FRESH); node;) {
    const next = load<u32>(node, LINK);
    if (all || load<u32>(node, STATE) == DROPPED) freeNode(node);
    else store<u32>(node, 0, STATE);
    node = next;
  }
  store<u32>(H_ORDER_FRESH, 0);
}
/** Are there nodes that were taken out of the trees and that a thread may be among? */
export function hasRetiredNodes(): bool { return load<u32>(H_ORDER_RETIRED_HEAD) != 0 || load<u32>(H_ORDER_LEFT) != 0; }
/** Free the nodes that no thread is among any more: each has left since, or entered at a later epoch. */
function freeRetired(): void {
  let node = load<u32>(H_ORDER_RETIRED_HEAD);
  if (!node) return;
  const current = now();
  let age: u32 = 0, isIdle = true;
  for (let t: u32 = 0; t < THREADS_MAX; t++) {
    const entered = atomic.load<u32>(READER_LINES + <usize>t * READER_LINE_BYTES + LINE_ORDER);
    if (!entered) continue;
    age = <u32>max<i32>(<i32>age, <i32>(current - entered));
    isIdle = false;
  }
  while (node && (isIdle || !reached(load<u32>(node, STATE), current - age))) {
    const next = load<u32>(node, LINK);
    freeNode(node);
    node = next;
  }
  store<u32>(H_ORDER_RETIRED_HEAD, node);
  if (!node) store<u32>(H_ORDER_RETIRED_TAIL, 0);
}

// Readers: a thread is among the nodes from enterOrder() to leaveOrder(), one call of the host.
let cursor: u32, cursorAt: u32, cursorRoot: u32;

export function enterOrder(): void { atomic.store<u32>(line + LINE_ORDER, now()); }
export function leaveOrder(): void { atomic.store<u32>(line + LINE_ORDER, 0); }
/** Stand before the first id of a kind that is not below this one. */
export function seek(keyLow: u64, keyHigh: u64, isUuid: u32): void {
  cursorRoot = atomic.load<u32>(H_ROOTS + use(keyLow, keyHigh, isUuid));
  descend();
}
function descend(): void {
  cursor = cursorRoot;
  if (!cursor) return;
  while (levelOf(cursor)) cursor = childOf(cursor, childFor(cursor));
  cursorAt = below(cursor, 0);
}
/** The first key behind the leaf that the key in work belongs to becomes the key in work. False when there is none. */
function nextLeafKey(): bool {
  let node = cursorRoot, at: usize = 0;
  while (levelOf(node)) {
    const i = childFor(node);
    if (i + 1 < countOf(node)) at = keyOf(node, i + 1);
    node = childOf(node, i);
  }
  if (!at) return false;
  low = load<u64>(at);
  high = highAt(at);
  return true;
}
/** Step to the next id. False when there is none; else it is in `idLow` and `idHigh`. */
export function step(): bool {
  if (!cursor) return false;
  if (cursorAt == countOf(cursor)) {
    if (!nextLeafKey()) return false;
    descend();
    if (cursorAt == countOf(cursor)) return step();
  }
  const at = keyOf(cursor, cursorAt++);
  idLow = load<u64>(at);
  idHigh = highAt(at);
  return true;
}
export let idLow: u64, idHigh: u64;
