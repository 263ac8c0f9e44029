import type { EdgeList, SpacePort } from "@murmuration/index";
import { compareDots, type Dot, dotFromKey, dotText, dotToKey, isOrigin, isSequence } from "../causality/dot.js";
import { FieldReader } from "../operation/field-reader.js";
import { decodeMessage, encodeMessage } from "../operation/message.js";
import { refuseMessage } from "../operation/refuse-message.js";
import { KeyedHashes } from "./keyed-hashes.js";

const FORMAT = 1;
const KEY_BYTES = 8;

/** Links of a node by level, each list by dots, ascending. */
export type NodeLists = readonly (readonly Dot[])[];

/** A dot in the order of keys: by origin, then by sequence. */
export function nodeKey(dot: Dot): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  new DataView(key.buffer).setBigUint64(0, dotToKey(dot));
  return key;
}

/** The dot of a key made by `nodeKey`. Throws `corrupt` for other bytes. */
export function nodeOfKey(key: Uint8Array): Dot {
  if (key.byteLength !== KEY_BYTES) return refuseMessage("a node's key has 8 bytes");
  const value = new DataView(key.buffer, key.byteOffset, key.byteLength).getBigUint64(0);
  const [origin, sequence] = [Number(value >> 40n), Number(value & 0xffffffffffn)];
  if (!isOrigin(origin) || !isSequence(sequence)) return refuseMessage("a node's key is no dot");
  return dotFromKey(value);
}

/** Nodes of a graph in the order of dots, with hashes of what each links to. */
export function nodeHashes(index: SpacePort): KeyedHashes {
  return new KeyedHashes(Array.from(index.nodeDigests(), ({ dot, digest }) => ({ key: nodeKey(dot), hash: digest })));
}

/** All members of the lists of the node at a slot; none where vectors are not linked. */
export function listsAt({ links }: SpacePort, slot: number): NodeLists {
  return links?.membersAt(slot).map((dots) => dots.toSorted(compareDots)) ?? [];
}

export function encodeNodeLists(lists: NodeLists): Uint8Array {
  return encodeMessage([FORMAT, lists.map((dots) => dots.flatMap(({ origin, sequence }) => [origin, sequence]))]);
}

/** The lists of bytes made by `encodeNodeLists`. Throws `corrupt` for anything else. */
export function decodeNodeLists(bytes: Uint8Array): NodeLists {
  const what = "a node's lists";
  const fields = new FieldReader(decodeMessage(bytes, what), what);
  if (fields.integer() !== FORMAT) refuseMessage(`${what}: format version is not known`);
  const lists = fields.list().map((list) => {
    if (!Array.isArray(list) || list.length % 2 !== 0) return refuseMessage(`${what}: not dots`);
    const reader = new FieldReader(list, what);
    return Array.from({ length: list.length / 2 }, () => ({ origin: reader.origin(), sequence: reader.sequence() }));
  });
  fields.end();
  return lists;
}

/**
 * The union of a node's lists here and elsewhere, as what is to be added here. Lists at equal frontiers are equal, so that a link which
 * one side lacks was lost there, or made up on the other. To keep one that was made up costs a little room until a planner prunes
 * the list; to drop one that was lost could cut nodes off: so both keep it. So it is with links to the condemned: were they kept on one
 * side only, their owner might not see what others wait for it to repair before they purge.
 * `missing`: nodes that are not in this graph at all.
 */
export function linksToAdd(
  index: SpacePort,
  slot: number,
  theirs: NodeLists,
): { readonly lists: EdgeList[]; readonly missing: readonly Dot[] } {
  const mine = listsAt(index, slot);
  const dot = index.reader.dotAt(slot);
  const missing: Dot[] = [];
  const lists: EdgeList[] = [];
  if (theirs.length !== mine.length)
    refuseMessage(`node ${dotText(dot)} has ${mine.length} lists, not ${theirs.length}`);
  for (const [level, dots] of theirs.entries()) {
    const here = new Set(mine[level]?.map(dotText));
    const added: Dot[] = [];
    for (const other of dots) {
      if (here.has(dotText(other))) continue;
      if (compareDots(other, dot) === 0) refuseMessage(`node ${dotText(dot)} links to itself`);
      here.add(dotText(other));
      const at = index.slotOf(other);
      if (at === undefined) missing.push(other);
      else added.push(other);
    }
    if (added.length > 0) lists.push({ level, dot, removed: [], added });
  }
  return { lists, missing };
}
