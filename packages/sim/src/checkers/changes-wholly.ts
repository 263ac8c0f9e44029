import { digestOf, type Replica } from "@murmuration/core";
import type { Node } from "../node.js";
import { Violated } from "./checker.js";

/** By shard: what it holds, and the state that this came to. */
function statesOf(replica: Replica): Map<string, { readonly frontier: string; readonly state: string }> {
  const states = new Map([["system", { frontier: "", state: replica.catalogueHeads().join() }]]);
  for (const target of replica.writableShards()) {
    const { frontier, ...state } = digestOf(target);
    states.set(target.shard.id, { frontier: JSON.stringify(frontier), state: JSON.stringify(state) });
  }
  for (const [shard, frontier] of replica.frontiers()) {
    const known = states.get(shard);
    if (known !== undefined) states.set(shard, { ...known, frontier: JSON.stringify([...frontier].sort()) });
  }
  return states;
}

/** A shard whose frontier stays is what it was, whatever arrived. Throws `Violated`. */
export function changesWholly(node: Node, receive: () => void): void {
  const { replica } = node;
  if (replica === undefined) return;
  const before = statesOf(replica);
  receive();
  // it crashed
  if (node.replica !== replica) return;
  const after = statesOf(replica);
  for (const [shard, { frontier, state }] of before) {
    const now = after.get(shard);
    if (now === undefined || now.frontier !== frontier || now.state === state) continue;
    throw new Violated("halves", `replica ${node.id}: shard ${shard} is another at ${frontier}`, { nodes: [node.id] });
  }
}
