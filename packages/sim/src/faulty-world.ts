import type { WritableShard } from "@murmuration/core";
import type { Broker } from "./broker.js";
import { collectionName } from "./commands.js";
import type { EventQueue } from "./event-queue.js";
import type { Hostility } from "./hostile.js";
import type { Impostor } from "./impostor.js";
import type { Network } from "./network.js";
import type { Node } from "./node.js";
import type { Fault } from "./scenario.js";

/** What faults do to a world. */
export interface FaultyWorld {
  readonly nodes: readonly Node[];
  readonly network: Network;
  readonly queue: EventQueue;
  readonly broker: Broker | undefined;
  note(kind: "fault" | "restored", node: number, text: string): void;
  addNode(id: number, prepare?: (node: Node) => void): Node;
  restart(node: Node): void;
  evict(node: Node): void;
  /** Its writes that nobody else holds may be lost. */
  giveUp(node: Node): void;
  /** Something is lost at a node that no log tells of: until all are at rest, it need not be what the others are. */
  damage(node: Node): void;
  /** Send what a node's process did not. */
  forge(node: Node, hostility: Hostility): void;
  /** A node has a checkpoint that is forged, known by this number. */
  noteForged(node: Node, transfer: number): void;
  /** A node whose disk is damaged is given up, and an empty one joins in its place. */
  replace(node: Node): void;
  /** Somebody at the broker who is no member, if there is one. */
  readonly impostor: Impostor | undefined;
  /** The second of two processes with one id ends; by now it must have been noticed. */
  endTwin(node: Node, twin: Node): void;
}

/** Lets a fault happen; what it returns ends it. */
export type Injection = (world: FaultyWorld, node: Node, fault: Fault) => (() => void) | undefined;

/** The shard that the steps are about. */
export function shardOf(node: Node): string | undefined {
  return node.hasCollection() ? node.replica?.shard(collectionName).id : undefined;
}

/** Its graphs too. */
export function writableShardOf(node: Node): WritableShard | undefined {
  const id = shardOf(node);
  return [...(node.replica?.writableShards() ?? [])].find(({ shard }) => shard.id === id);
}
