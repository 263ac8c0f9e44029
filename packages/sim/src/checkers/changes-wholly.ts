import { digestOf, type Replica } from "@murmuration/core";
import type { Node } from "../node.js";
import { Violated } from "./checker.js";

/** By shard: what it holds, and the state that this came to. */
function statesOf(replica: Replica): Map<string, { readonly frontier: string; readonly state: string }> {
  const descriptions: unknown[] = [];
  const states = new Map([["system", { frontier: "", state: "" }]]);
  for (const target of replica.writableShards()) {
    descriptions.push(target.shard.collection, target.shard.table.indexPaths().sort());
    const { frontier, ...state } = digestOf(target);
    states.set(target.shard.id, { frontier: JSON.stringify(frontier), state: JSON.stringify(state) });
  }
  const state = JSON.stringify([replica.catalogueHeads(), replica.catalogue, descriptions]);
  states.set("system", { frontier: "", state });
  for (const [shard, frontier] of replica.frontiers()) {
    const known = states.get(shard);
    if (known !== undefined) states.set(shard, { ...known, frontier: JSON.stringify([...frontier].sort()) });
  }
  return states;
}

/** A shard whose frontier stays is what it was, whatever a node was given: a message, or a command. Returns what `take` does; throws `Violated`. */
export function changesWholly<Result>(node: Node, take: () => Result): Result {
  const { replica } = node;
  if (replica === undefined) return take();
  const before = statesOf(replica);
  const result = take();
  // it crashed
  if (node.replica !== replica) return result;
  const after = statesOf(replica);
  for (const [shard, { frontier, state }] of before) {
    const now = after.get(shard);
    if (now === undefined || now.frontier !== frontier || now.state === state) continue;
    throw new Violated("halves", `replica ${node.id}: shard ${shard} is another at ${frontier}`, { nodes: [node.id] });
  }
  return result;
}
