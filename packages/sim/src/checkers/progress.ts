import { covers, type Replica, type VersionVector } from "@murmuration/core";
import { collectionName } from "../commands.js";
import type { Node } from "../node.js";
import { Violated } from "./checker.js";

interface Held {
  readonly shard: string;
  readonly frontier: VersionVector;
}

/** What a process holds it goes on holding, whatever it takes over from others, unless its shard is quarantined meanwhile. */
export class ProgressChecker {
  readonly #held = new WeakMap<Replica, Held>();

  check(node: Node): void {
    const { replica } = node;
    if (replica === undefined) return;
    const writable = [...replica.writableShards()].find(({ shard }) => shard.collection.name === collectionName);
    if (replica.quarantined().length > 0) this.#held.delete(replica);
    if (writable === undefined) return;
    const { id, frontier } = writable.shard;
    const before = this.#held.get(replica);
    if (before?.shard === id && !covers(frontier, before.frontier)) {
      const text = (held: VersionVector) => JSON.stringify([...held].sort(([a], [b]) => a - b));
      throw new Violated(
        "progress",
        `replica ${node.id} held ${text(before.frontier)} and holds ${text(frontier)} now`,
        { nodes: [node.id] },
      );
    }
    this.#held.set(replica, { shard: id, frontier: new Map(frontier) });
  }
}
