import { storedCheckpoint } from "@murmuration/core";
import { collectionName } from "../commands.js";
import type { Node } from "../node.js";
import { Violated } from "./checker.js";

/**
 * Snapshots that a member forged: who installs one knows that it is that member's word alone, unless there is nobody else, and mends it by
 * what others have.
 */
export class ForgedSnapshots {
  /** By what they are known, and who forged them. */
  readonly #forgers = new Map<number, number>();
  /** Nodes and what they installed. */
  readonly #seen = new Set<string>();

  note(transfer: number, forger: number): void {
    this.#forgers.set(transfer, forger);
  }

  /** Has a node just installed one? Throws `Violated` when it takes it for what its cluster holds. */
  isInstalled(node: Node, nodes: readonly Node[]): boolean {
    const { replica } = node;
    if (this.#forgers.size === 0 || replica === undefined || !node.hasCollection()) return false;
    const shard = replica.shard(collectionName).id;
    const transfer = storedCheckpoint(node.disk, shard)?.transfer ?? 0;
    const forger = this.#forgers.get(transfer);
    const name = `${node.address} ${transfer}`;
    if (forger === undefined || forger === node.id || this.#seen.has(name)) return false;
    this.#seen.add(name);
    const isAsked = nodes.some(({ id }) => id !== node.id && id !== forger && replica.isMember(id));
    const unconfirmed = replica.status().peering?.unconfirmedSnapshots ?? [];
    if (isAsked && !unconfirmed.some((one) => one.shard === shard)) {
      const detail = `replica ${node.id} takes a snapshot that replica ${forger} forged for confirmed`;
      throw new Violated("forgeries", detail, { nodes: [node.id, forger] });
    }
    return true;
  }
}
