import { isDeepStrictEqual } from "node:util";
import { MurmurationError } from "@murmuration/index";
import { Violated } from "./checkers/checker.js";
import type { ConvergenceChecker } from "./checkers/convergence.js";
import { checkGraphAtRest, checkRecall } from "./checkers/graph.js";
import type { WriteChecker } from "./checkers/writes.js";
import { collectionName } from "./commands.js";
import type { EventQueue } from "./event-queue.js";
import type { Node } from "./node.js";
import type { Trace } from "./trace.js";

/** Within so much time after the last fault everything must be equal and at rest. */
const LIVENESS_MS = 240_000;
const LOOK_EVERY_MS = 500;

/** A world in which nothing fails any more. */
export interface HealedWorld {
  readonly seed: number;
  readonly nodes: readonly Node[];
  readonly queue: EventQueue;
  readonly trace: Trace;
  readonly convergence: ConvergenceChecker;
  readonly writes: WriteChecker;
  /** What searches must find at rest; none where the data is out of the ordinary. */
  readonly recallQueries: readonly Float32Array[];
  runUntil(untilMs: number): void;
  /** Send what a node has to send, and look at it. */
  after(node: Node): void;
  restart(node: Node): void;
  /** A node whose disk is damaged is given up, on another one. */
  replace(node: Node): void;
}

/** Let time pass until all nodes are equal and at rest. Throws `Violated` when that takes too long. */
export function settle(world: HealedWorld): void {
  const { queue } = world;
  const endMs = queue.nowMs + LIVENESS_MS;
  while (queue.nowMs < endMs) {
    // another node that has just started does nothing for anybody yet: the operator asks again
    for (const node of activeOf(world)) if (node.isBroken) world.replace(node);
    repeatEvictions(world);
    startLastHoldersAgain(world);
    world.runUntil(queue.nowMs + LOOK_EVERY_MS);
    if (isSettled(world)) return;
  }
  const states = activeOf(world).map((node) => {
    const status = node.replica?.status();
    return `${node.id}: ${identityOf(node)} ${JSON.stringify(status, (_, value) => (value instanceof Map ? [...value] : value))}`;
  });
  throw new Violated("liveness", `not equal and at rest after ${LIVENESS_MS} ms:\n${states.join("\n")}`);
}

/** Check what holds of nodes that are equal and at rest. Throws `Violated`. */
export function checkAtRest(world: HealedWorld): void {
  const { trace, convergence, writes, recallQueries } = world;
  trace.note("phase", 0, "everything is at rest");
  for (const node of activeOf(world)) {
    const { replica } = node;
    if (replica === undefined || !node.hasCollection()) continue;
    convergence.checkThoroughly(node);
    writes.check(replica);
    checkGraphAtRest(replica);
    checkRecall(replica, recallQueries);
    const inboxBytes = replica.status().peering?.inboxBytes ?? 0;
    if (inboxBytes > 0) throw new Violated("at rest", `replica ${node.id} holds ${inboxBytes} bytes back`);
    checkRestart(world, node);
  }
}

/** Points that two nodes which hold the same operations have in different states. */
export function differingPoints(a: Node | undefined, b: Node | undefined): string[] {
  if (a?.replica === undefined || b?.replica === undefined) return [];
  if (!a.hasCollection() || !b.hasCollection() || identityOf(a) !== identityOf(b)) return [];
  const [one, other] = [a.replica.shard(collectionName).table, b.replica.shard(collectionName).table];
  const ids = new Set([...one.states(), ...other.states()].map(({ id }) => id));
  return [...ids].filter((id) => !isDeepStrictEqual(one.state(id), other.state(id))).map(String);
}

function activeOf({ nodes }: HealedWorld): Node[] {
  return nodes.filter((node) => !node.isRetired);
}

/** What operations a node holds, as text. */
function identityOf(node: Node): string {
  const { replica } = node;
  if (replica === undefined || !node.hasCollection()) return "nothing";
  const { frontier } = replica.shard(collectionName).causality.toJson();
  return `${replica.catalogueHeads().join()} ${JSON.stringify(frontier)}`;
}

/** An eviction is lost when the replica that it was asked of is evicted itself before anybody heard of it: the operator asks again. */
function repeatEvictions(world: HealedWorld): void {
  // the same for one that turned against the others, when nobody was there to evict it
  for (const node of world.nodes) if (node.isHostile && !node.isRetired) world.replace(node);
  const [host] = activeOf(world);
  if (host?.replica === undefined) return;
  for (const { id, joinsBy } of world.nodes.filter((node) => node.isRetired)) {
    const isKnown = host.replica?.catalogue.members.some((one) => one.id === id && one.state === "evicted");
    if (isKnown === true) continue;
    const isMember = host.replica?.catalogue.members.some((one) => one.id === id);
    // that it had joined may be lost with them: it is one of the founders all the same
    if (isMember !== true) host.execute(joinsBy);
    host.execute({ kind: "evict-member", id });
    world.trace.note("fault", id, "is evicted again");
    world.after(host);
  }
}

/** A shard that is quarantined where nobody else holds anything of it has no snapshot to wait for: the operator starts its replica again. */
function startLastHoldersAgain(world: HealedWorld): void {
  const active = activeOf(world);
  const holds = (node: Node) => node.hasCollection() && (node.replica?.shard(collectionName).frontier.size ?? 0) > 0;
  if (active.some(holds)) return;
  for (const node of active) if ((node.replica?.quarantined().length ?? 0) > 0) world.restart(node);
}

function isSettled(world: HealedWorld): boolean {
  const active = activeOf(world);
  if (!active.every((node) => node.replica?.status().upkeep.atRest === true)) return false;
  if (new Set(active.map(identityOf)).size > 1) return false;
  if (active.some((node) => node.replica?.erasures.status().some(({ isOver }) => !isOver))) return false;
  return isMended(world, active);
}

/** Where something was lost, everything must become equal again, by what replicas do themselves. */
function isMended({ convergence }: HealedWorld, active: readonly Node[]): boolean {
  if (!active.some(({ isDamaged }) => isDamaged)) return true;
  const digests = active.map(digestOf);
  if (new Set(digests).size > 1) return false;
  for (const node of active) node.isDamaged = false;
  convergence.forget();
  return true;
}

/** Unlike any other where something of it cannot be read. */
function digestOf({ id, replica }: Node): string {
  try {
    return JSON.stringify(replica?.digest(collectionName));
  } catch (error) {
    if (error instanceof MurmurationError && error.code === "corrupt") return `not readable on ${id}`;
    throw error;
  }
}

/** A process that starts again on its disk is what it was. */
function checkRestart({ seed, convergence, restart }: HealedWorld, node: Node): void {
  if (node.id !== (seed % 3) + 1 || node.disk.rotten !== undefined) return;
  if (node.disk.rottenPart !== undefined) return;
  restart(node);
  convergence.checkThoroughly(node);
}
